/* What the test cores use of the libretro ABI, and what base.c does for each of them.
 *
 * base.c defines every entry point as a weak symbol: a core defines those in which it differs. */

#ifndef TEST_CORE_H
#define TEST_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPERIMENTAL 0x10000

enum command {
    SET_ROTATION = 1,
    GET_OVERSCAN = 2,
    GET_CAN_DUPE = 3,
    SET_MESSAGE = 6,
    SHUTDOWN = 7,
    SET_PERFORMANCE_LEVEL = 8,
    GET_SYSTEM_DIRECTORY = 9,
    SET_PIXEL_FORMAT = 10,
    SET_INPUT_DESCRIPTORS = 11,
    SET_KEYBOARD_CALLBACK = 12,
    SET_DISK_CONTROL_INTERFACE = 13,
    SET_HW_RENDER = 14,
    GET_VARIABLE = 15,
    SET_VARIABLES = 16,
    GET_VARIABLE_UPDATE = 17,
    SET_SUPPORT_NO_GAME = 18,
    GET_LIBRETRO_PATH = 19,
    SET_FRAME_TIME_CALLBACK = 21,
    GET_RUMBLE_INTERFACE = 23,
    GET_INPUT_DEVICE_CAPABILITIES = 24,
    GET_LOG_INTERFACE = 27,
    GET_SAVE_DIRECTORY = 31,
    SET_SYSTEM_AV_INFO = 32,
    SET_SUBSYSTEM_INFO = 34,
    SET_CONTROLLER_INFO = 35,
    SET_MEMORY_MAPS = 36 | EXPERIMENTAL,
    SET_GEOMETRY = 37,
    GET_USERNAME = 38,
    GET_LANGUAGE = 39,
    GET_VFS_INTERFACE = 45 | EXPERIMENTAL,
    GET_AUDIO_VIDEO_ENABLE = 47 | EXPERIMENTAL,
    GET_FASTFORWARDING = 49 | EXPERIMENTAL,
    GET_INPUT_BITMASKS = 51 | EXPERIMENTAL,
    GET_CORE_OPTIONS_VERSION = 52,
    SET_CORE_OPTIONS = 53,
    SET_CORE_OPTIONS_INTL = 54,
    SET_CORE_OPTIONS_DISPLAY = 55,
    GET_DISK_CONTROL_INTERFACE_VERSION = 57,
    SET_DISK_CONTROL_EXT_INTERFACE = 58,
    GET_MESSAGE_INTERFACE_VERSION = 59,
    SET_MESSAGE_EXT = 60,
    GET_INPUT_MAX_USERS = 61,
    SET_AUDIO_BUFFER_STATUS_CALLBACK = 62,
    SET_CONTENT_INFO_OVERRIDE = 65,
    GET_GAME_INFO_EXT = 66,
    SET_CORE_OPTIONS_V2 = 67,
    SET_CORE_OPTIONS_V2_INTL = 68,
    SET_CORE_OPTIONS_UPDATE_DISPLAY_CALLBACK = 69,
    SET_VARIABLE = 70,
    GET_THROTTLE_STATE = 71 | EXPERIMENTAL,
    GET_SAVESTATE_CONTEXT = 72 | EXPERIMENTAL,
    GET_TARGET_SAMPLE_RATE = 81 | EXPERIMENTAL,
    SET_SERIALIZATION_QUIRKS = 87,
};

enum device { JOYPAD = 1, MOUSE = 2, KEYBOARD = 3, ANALOG = 5 };
enum { JOYPAD_MASK = 256, SAVE_RAM = 0 };
enum pixel_format { XRGB1555 = 0, XRGB8888 = 1, RGB565 = 2 };

struct system_info {
    const char *name, *version, *extensions;
    bool need_fullpath, block_extract;
};
struct geometry {
    unsigned width, height, max_width, max_height;
    float aspect;
};
struct av_info {
    struct geometry geometry;
    double fps, sample_rate;
};
struct game_info {
    const char *path;
    const void *data;
    size_t size;
    const char *meta;
};
struct game_info_ext {
    const char *full_path, *archive_path, *archive_file, *dir, *name, *ext, *meta;
    const void *data;
    size_t size;
    bool file_in_archive, persistent_data;
};
struct override { const char *extensions; bool need_fullpath, persistent_data; };
struct subsystem_rom {
    const char *desc, *extensions;
    bool need_fullpath, block_extract, required;
    const void *memory;
    unsigned memories;
};
struct subsystem { const char *desc, *ident; const struct subsystem_rom *roms; unsigned count, id; };
struct variable { const char *key, *value; };
struct option_value { const char *value, *label; };
struct option_v1 { const char *key, *desc, *info; struct option_value values[128]; const char *preset; };
struct options_intl { void *us, *local; };
struct category { const char *key, *desc, *info; };
struct option_v2 {
    const char *key, *desc, *desc_categorized, *info, *info_categorized, *category;
    struct option_value values[128];
    const char *preset;
};
struct options_v2 { struct category *categories; struct option_v2 *definitions; };
struct option_display { const char *key; bool visible; };
struct descriptor { unsigned port, device, index, id; const char *description; };
struct controller { const char *desc; unsigned id; };
struct controller_port { const struct controller *types; unsigned count; };
struct keyboard { void (*event)(bool down, unsigned key, uint32_t character, uint16_t modifiers); };
struct rumble { bool (*set)(unsigned port, int motor, uint16_t strength); };
struct log { void (*printf)(int level, const char *format, ...); };
struct message { const char *text; unsigned frames; };
struct message_ext { const char *text; unsigned duration, priority; int level, target, type; int8_t progress; };
struct frame_time { void (*callback)(int64_t microseconds); int64_t reference; };
struct audio_status { void (*callback)(bool active, unsigned occupancy, bool underrun); };
struct throttle { unsigned mode; float rate; };

/* Hidden, or names such as these would be bound to the first library of the process that has them. */
#pragma GCC visibility push(hidden)
extern bool (*environment)(unsigned command, void *data);
extern void (*video)(const void *data, unsigned width, unsigned height, size_t pitch);
extern void (*sample)(int16_t left, int16_t right);
extern size_t (*batch)(const int16_t *data, size_t frames);
extern void (*poll_input)(void);
extern int16_t (*state)(unsigned port, unsigned device, unsigned index, unsigned id);

extern unsigned frame; /* that retro_run is in, from 1; counted by new_frame() */
void new_frame(void);
#pragma GCC visibility pop

#endif
