/* Never comes back from frame 100. */

#include "core.h"

#include <unistd.h>

static uint32_t picture[48][64];

void retro_get_system_info(struct system_info *info) {
    *info = (struct system_info){.name = "Hang", .version = "1", .extensions = "hang"};
}

bool retro_load_game(const struct game_info *game) {
    enum pixel_format format = XRGB8888;
    return game && environment(SET_PIXEL_FORMAT, &format);
}

void retro_run(void) {
    new_frame();
    if (frame == 100) for (;;) pause();
    memset(picture, (int)frame, sizeof picture);
    video(picture, 64, 48, sizeof picture[0]);
}
