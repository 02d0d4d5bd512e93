"""The used part of the libretro ABI, as cffi declarations, and the one ``ffi`` that they belong to.

Layouts and names are those of ``libretro.h``. Two kinds of parameter are declared otherwise than there: a frame's data
arrives as an address, because NULL and the "hardware frame" mark are told apart faster in a number than in a pointer,
and the log function is a bare pointer, because cffi has no variadic callbacks (``logs.py``).
"""

from collections.abc import Iterator
from typing import Any

from cffi import FFI  # type: ignore[import-untyped]

CData = Any
"""A cffi object: pointer, struct or array. cffi has no types of its own."""

API_VERSION = 1
"""The only version of libretro there is."""

MAX_TEXT_BYTES = 64 * 1024
"""The longest C string that is read: more is a string without its end."""

MAX_ENTRIES = 4096
"""The longest list up to a terminator that is read: the biggest cores have some hundred options."""

ENTRY_POINTS = """
    void retro_set_environment(bool (*)(unsigned command, void *data));
    void retro_set_video_refresh(void (*)(uintptr_t data, unsigned width, unsigned height, size_t pitch));
    void retro_set_audio_sample(void (*)(int16_t left, int16_t right));
    void retro_set_audio_sample_batch(size_t (*)(const int16_t *data, size_t frames));
    void retro_set_input_poll(void (*)(void));
    void retro_set_input_state(int16_t (*)(unsigned port, unsigned device, unsigned index, unsigned id));
    unsigned retro_api_version(void);
    void retro_get_system_info(struct retro_system_info *info);
    void retro_get_system_av_info(struct retro_system_av_info *info);
    void retro_init(void);
    void retro_deinit(void);
    bool retro_load_game(const struct retro_game_info *game);
    void retro_unload_game(void);
    void retro_run(void);
    void retro_reset(void);
    void retro_set_controller_port_device(unsigned port, unsigned device);
    size_t retro_serialize_size(void);
    bool retro_serialize(void *data, size_t size);
    bool retro_unserialize(const void *data, size_t size);
    void *retro_get_memory_data(unsigned id);
    size_t retro_get_memory_size(unsigned id);
"""

STRUCTS = """
    struct retro_system_info {
        const char *library_name; const char *library_version; const char *valid_extensions;
        bool need_fullpath; bool block_extract;
    };
    struct retro_game_geometry {
        unsigned base_width; unsigned base_height; unsigned max_width; unsigned max_height; float aspect_ratio;
    };
    struct retro_system_timing { double fps; double sample_rate; };
    struct retro_system_av_info { struct retro_game_geometry geometry; struct retro_system_timing timing; };

    struct retro_game_info { const char *path; const void *data; size_t size; const char *meta; };
    struct retro_game_info_ext {
        const char *full_path; const char *archive_path; const char *archive_file; const char *dir; const char *name;
        const char *ext; const char *meta; const void *data; size_t size; bool file_in_archive; bool persistent_data;
    };
    struct retro_system_content_info_override { const char *extensions; bool need_fullpath; bool persistent_data; };
    struct retro_subsystem_rom_info {
        const char *desc; const char *valid_extensions; bool need_fullpath; bool block_extract; bool required;
        const void *memory; unsigned num_memory;
    };
    struct retro_subsystem_info {
        const char *desc; const char *ident; const struct retro_subsystem_rom_info *roms; unsigned num_roms;
        unsigned id;
    };

    struct retro_variable { const char *key; const char *value; };
    struct retro_core_option_value { const char *value; const char *label; };
    struct retro_core_option_definition {
        const char *key; const char *desc; const char *info;
        struct retro_core_option_value values[128]; const char *default_value;
    };
    struct retro_core_options_intl {
        struct retro_core_option_definition *us; struct retro_core_option_definition *local;
    };
    struct retro_core_option_v2_category { const char *key; const char *desc; const char *info; };
    struct retro_core_option_v2_definition {
        const char *key; const char *desc; const char *desc_categorized; const char *info;
        const char *info_categorized; const char *category_key;
        struct retro_core_option_value values[128]; const char *default_value;
    };
    struct retro_core_options_v2 {
        struct retro_core_option_v2_category *categories; struct retro_core_option_v2_definition *definitions;
    };
    struct retro_core_options_v2_intl { struct retro_core_options_v2 *us; struct retro_core_options_v2 *local; };
    struct retro_core_option_display { const char *key; bool visible; };
    struct retro_core_options_update_display_callback { bool (*callback)(void); };

    struct retro_input_descriptor {
        unsigned port; unsigned device; unsigned index; unsigned id; const char *description;
    };
    struct retro_controller_description { const char *desc; unsigned id; };
    struct retro_controller_info { const struct retro_controller_description *types; unsigned num_types; };
    struct retro_keyboard_callback {
        void (*callback)(bool down, unsigned keycode, uint32_t character, uint16_t modifiers);
    };
    struct retro_rumble_interface { bool (*set_rumble_state)(unsigned port, int effect, uint16_t strength); };

    struct retro_disk_control_ext_callback {
        bool (*set_eject_state)(bool ejected);
        bool (*get_eject_state)(void);
        unsigned (*get_image_index)(void);
        bool (*set_image_index)(unsigned index);
        unsigned (*get_num_images)(void);
        bool (*replace_image_index)(unsigned index, const struct retro_game_info *info);
        bool (*add_image_index)(void);
        bool (*set_initial_image)(unsigned index, const char *path);
        bool (*get_image_path)(unsigned index, char *text, size_t size);
        bool (*get_image_label)(unsigned index, char *text, size_t size);
    };

    struct retro_log_callback { void *log; };
    struct retro_message { const char *msg; unsigned frames; };
    struct retro_message_ext {
        const char *msg; unsigned duration; unsigned priority; int level; int target; int type; int8_t progress;
    };
    struct retro_frame_time_callback { void (*callback)(int64_t microseconds); int64_t reference; };
    struct retro_audio_buffer_status_callback {
        void (*callback)(bool active, unsigned occupancy, bool underrun_likely);
    };
    struct retro_throttle_state { unsigned mode; float rate; };
"""

ffi = FFI()
ffi.cdef(STRUCTS)
ffi.cdef(ENTRY_POINTS)

SYMBOLS = tuple(line.split("(")[0].split()[-1].lstrip("*") for line in ENTRY_POINTS.strip().splitlines())
"""The functions that a libretro core must have."""


def text(pointer: CData) -> str:
    """Read the C string there, an empty one for NULL. Cores use many encodings: other bytes than UTF-8 are replaced."""
    if not pointer:
        return ""
    read: bytes = ffi.string(pointer, MAX_TEXT_BYTES)
    return read.decode("utf-8", "replace")


def entries(array: CData, field: str) -> Iterator[CData]:
    """Iterate over an array up to its terminator, whose ``field`` is NULL. NULL is an empty array."""
    if not array:
        return
    for index in range(MAX_ENTRIES):
        entry = array[index]
        if not getattr(entry, field):
            return
        yield entry
