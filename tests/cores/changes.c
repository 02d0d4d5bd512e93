/* Does one of the things that may change while a game runs in each frame; what and when stands in retro_run. */

#include "core.h"

static uint16_t picture[96][128];

void retro_get_system_av_info(struct av_info *info) {
    *info = (struct av_info){{64, 48, 128, 96, 1.5f}, 50, 32000};
}

static void av_info(double fps) {
    struct av_info info = {{128, 96, 128, 96, 2}, fps, 44100};
    environment(SET_SYSTEM_AV_INFO, &info);
}

static void geometry(unsigned width, unsigned height, float aspect) {
    struct geometry to = {width, height, 0, 0, aspect};
    environment(SET_GEOMETRY, &to);
}

static void message(const char *text, int target) {
    struct message_ext extended = {text, 2500, 1, 2, target, 0, -1};
    environment(SET_MESSAGE_EXT, &extended);
}

void retro_run(void) {
    unsigned rotation = 1;
    struct message plain = {"plain\n\tmessage", 100};
    new_frame();
    switch (frame) {
        case 2: geometry(32, 24, 0); break;
        case 3: av_info(60); break;
        case 4: video(NULL, 128, 96, 256); return;
        case 5: environment(SET_ROTATION, &rotation); break;
        case 6: environment(SET_MESSAGE, &plain); break;
        case 7: message("extended message", 0); break;
        case 8: message("for the log", 2); break;
        case 9: environment(SHUTDOWN, NULL); break;
        case 10: av_info(0.0 / 0.0); break;
        case 11: geometry(0, 0, 1); break;
        case 12: video(picture, 128, 96, 10); return;
        case 13: video(picture, 60000, 96, 120000); return;
        case 14: batch((const int16_t *)picture, (size_t)-1); break;
    }
    video(picture, frame < 3 ? 64 : 128, frame < 3 ? 48 : 96, sizeof picture[0]);
}
