/* Speaks an API version that there is not yet. */

unsigned retro_api_version(void) { return 2; }
