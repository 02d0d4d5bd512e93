/* Never comes back: from frame 100, with SAVING from saving its state after that, with LEAVING from unloading the game
 * that it ends itself. */

#include "core.h"

#include <unistd.h>

static uint32_t picture[48][64];

static void hang(void) {
    for (;;) pause();
}

void retro_get_system_info(struct system_info *info) {
    *info = (struct system_info){.name = "Hang", .version = "1", .extensions = "hang"};
}

bool retro_load_game(const struct game_info *game) {
    enum pixel_format format = XRGB8888;
    return game && environment(SET_PIXEL_FORMAT, &format);
}

void retro_run(void) {
    new_frame();
    memset(picture, (int)frame, sizeof picture);
    video(picture, 64, 48, sizeof picture[0]);
#if defined SAVING
#elif defined LEAVING
    if (frame == 100) environment(SHUTDOWN, NULL);
#else
    if (frame == 100) hang();
#endif
}

#ifdef SAVING
size_t retro_serialize_size(void) { return 1; }
bool retro_serialize(void *data, size_t size) {
    if (frame >= 100) hang();
    return memset(data, 0, size);
}
#endif

#ifdef LEAVING
void retro_unload_game(void) { hang(); }
#endif
