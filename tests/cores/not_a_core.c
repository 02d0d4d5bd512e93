/* A library that is no core: only one entry point is there. Built alone, without base.c. */

void retro_run(void) {}
