/* Asks what a frontend can be asked, and leaves the answers as text in its battery save. */

#include <stdarg.h>

#include "core.h"

static char notes[4096];
static int64_t elapsed;
static unsigned occupancy, buffer_active, underrun;

static void note(const char *format, ...) {
    size_t used = strlen(notes);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(notes + used, sizeof notes - used, format, arguments);
    va_end(arguments);
}

static void note_flag(const char *name, unsigned command) {
    bool value = false;
    bool known = environment(command, &value);
    note("%s=%d,%d\n", name, known, value);
}

static void note_number(const char *name, unsigned command) {
    unsigned value = 0;
    bool known = environment(command, &value);
    note("%s=%d,%u\n", name, known, value);
}

static void note_text(const char *name, unsigned command) {
    const char *value = "";
    bool known = environment(command, &value);
    note("%s=%d,%s\n", name, known, value);
}

static void log_all_conversions(void) {
    struct log log;
    if (!environment(GET_LOG_INTERFACE, &log)) return;
    log.printf(1, "%s|%d|%u|%x|%c|%ld|%zu|%lld\n", "text", -5, 4000000000u, 255u, 'z', -6L, (size_t)7,
               -1099511627776LL);
    log.printf(2, "%5.2f|%d|%g|%s|%-4d|%04d|%%\n", 3.14159, 1, 1e9, "end", 2, 3);
    log.printf(3, "%.*s|%s|%p|%hhu|%08X\n", 3, "cut off", (char *)NULL, (void *)0x1000, 300, 0xBEEFu);
    log.printf(1, "%d %f %d %f %d %f %d %f %d %f %d %f %d %f %d %f %d %f %d %f\n", 1, 1.0, 2, 2.0, 3, 3.0, 4, 4.0,
               5, 5.0, 6, 6.0, 7, 7.0, 8, 8.0, 9, 9.0, 10, 10.0);
    log.printf(0, "for debugging");
}

static void on_frame_time(int64_t microseconds) { elapsed = microseconds; }
static void on_audio_status(bool active, unsigned percent, bool likely) {
    buffer_active = active, occupancy = percent, underrun = likely;
}

bool retro_load_game(const struct game_info *game) {
    struct frame_time frame_time = {on_frame_time, 16667};
    struct audio_status status = {on_audio_status};
    uint64_t capabilities = 0, quirks = 4;
    char something[256] = {0};
    note_flag("can_dupe", GET_CAN_DUPE);
    note_flag("overscan", GET_OVERSCAN);
    note_flag("fast_forwarding", GET_FASTFORWARDING);
    note_number("language", GET_LANGUAGE);
    note_number("max_users", GET_INPUT_MAX_USERS);
    note_number("message_version", GET_MESSAGE_INTERFACE_VERSION);
    note_number("options_version", GET_CORE_OPTIONS_VERSION);
    note_number("disk_version", GET_DISK_CONTROL_INTERFACE_VERSION);
    note_number("sample_rate", GET_TARGET_SAMPLE_RATE);
    note_text("system", GET_SYSTEM_DIRECTORY);
    note_text("save", GET_SAVE_DIRECTORY);
    note_text("core", GET_LIBRETRO_PATH);
    note_text("username", GET_USERNAME);
    note("capabilities=%d,", environment(GET_INPUT_DEVICE_CAPABILITIES, &capabilities));
    note("%llu\n", (unsigned long long)capabilities);
    note("quirks=%d,", environment(SET_SERIALIZATION_QUIRKS, &quirks));
    note("%llu\n", (unsigned long long)quirks);
    note("vfs=%d\n", environment(GET_VFS_INTERFACE, something));
    note("memory_maps=%d\n", environment(SET_MEMORY_MAPS, something));
    note("null=%d,%d,%d,%d\n", environment(GET_CAN_DUPE, NULL), environment(SET_ROTATION, NULL),
         environment(GET_VARIABLE, NULL), environment(SET_MESSAGE, NULL));
    note("unheard_of=%d\n", environment(999, something));
    environment(SET_FRAME_TIME_CALLBACK, &frame_time);
    environment(SET_AUDIO_BUFFER_STATUS_CALLBACK, &status);
    log_all_conversions();
    return game != NULL;
}

void retro_run(void) {
    struct throttle throttle = {9, 0};
    new_frame();
    notes[0] = 0;
    note("frame_time=%lld\n", (long long)elapsed);
    note("audio_status=%u,%u,%u\n", buffer_active, occupancy, underrun);
    note_number("av_enable", GET_AUDIO_VIDEO_ENABLE);
    note_number("savestate_context", GET_SAVESTATE_CONTEXT);
    note("throttle=%d,", environment(GET_THROTTLE_STATE, &throttle));
    note("%u,%g\n", throttle.mode, (double)throttle.rate);
    video(NULL, 64, 48, 128);
}

void *retro_get_memory_data(unsigned id) { return id == SAVE_RAM ? notes : NULL; }
size_t retro_get_memory_size(unsigned id) { return id == SAVE_RAM ? sizeof notes : 0; }
