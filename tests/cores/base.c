/* Every entry point of a core that does nothing: 60 frames a second of 64x48 dark pixels, and silence. */

#include "core.h"

#define WEAK __attribute__((weak))

bool (*environment)(unsigned, void *);
void (*video)(const void *, unsigned, unsigned, size_t);
void (*sample)(int16_t, int16_t);
size_t (*batch)(const int16_t *, size_t);
void (*poll_input)(void);
int16_t (*state)(unsigned, unsigned, unsigned, unsigned);
unsigned frame;

static uint16_t dark[48][64];

void new_frame(void) {
    frame++;
    poll_input();
}

WEAK void retro_set_environment(bool (*callback)(unsigned, void *)) { environment = callback; }
void retro_set_video_refresh(void (*callback)(const void *, unsigned, unsigned, size_t)) { video = callback; }
void retro_set_audio_sample(void (*callback)(int16_t, int16_t)) { sample = callback; }
void retro_set_audio_sample_batch(size_t (*callback)(const int16_t *, size_t)) { batch = callback; }
void retro_set_input_poll(void (*callback)(void)) { poll_input = callback; }
void retro_set_input_state(int16_t (*callback)(unsigned, unsigned, unsigned, unsigned)) { state = callback; }

WEAK unsigned retro_api_version(void) { return 1; }
WEAK void retro_get_system_info(struct system_info *info) {
    *info = (struct system_info){.name = "Test", .version = "1", .extensions = "test|TXT"};
}
WEAK void retro_get_system_av_info(struct av_info *info) {
    *info = (struct av_info){{64, 48, 64, 48, 0}, 60, 48000};
}
WEAK void retro_init(void) {}
WEAK void retro_deinit(void) {}
WEAK bool retro_load_game(const struct game_info *game) { return game != NULL; }
WEAK bool retro_load_game_special(unsigned type, const struct game_info *games, size_t count) {
    (void)type, (void)games, (void)count;
    return false;
}
WEAK void retro_unload_game(void) {}
WEAK void retro_run(void) {
    new_frame();
    video(dark, 64, 48, sizeof dark[0]);
}
WEAK void retro_reset(void) {}
WEAK void retro_set_controller_port_device(unsigned port, unsigned device) { (void)port, (void)device; }
WEAK size_t retro_serialize_size(void) { return 0; }
WEAK bool retro_serialize(void *data, size_t size) { (void)data, (void)size; return false; }
WEAK bool retro_unserialize(const void *data, size_t size) { (void)data, (void)size; return false; }
WEAK void retro_cheat_reset(void) {}
WEAK void retro_cheat_set(unsigned index, bool on, const char *code) { (void)index, (void)on, (void)code; }
WEAK unsigned retro_get_region(void) { return 0; }
WEAK void *retro_get_memory_data(unsigned id) { (void)id; return NULL; }
WEAK size_t retro_get_memory_size(unsigned id) { (void)id; return 0; }
