/* Crashes in frame 100. */

#include "core.h"

static uint32_t picture[48][64];

void retro_get_system_info(struct system_info *info) {
    *info = (struct system_info){.name = "Crash", .version = "1", .extensions = "crash"};
}

bool retro_load_game(const struct game_info *game) {
    enum pixel_format format = XRGB8888;
    return game && environment(SET_PIXEL_FORMAT, &format);
}

void retro_run(void) {
    new_frame();
    if (frame == 100) *(volatile int *)8 = 1;
    memset(picture, (int)frame, sizeof picture);
    video(picture, 64, 48, sizeof picture[0]);
}
