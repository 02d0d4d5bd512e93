/* Defines the same three options in VERSION 0, 1 or 2, or translated (11, 12); shows the values in its battery save. */

#include "core.h"

static char values[256];

static struct variable version0[] = {
    {"test_speed", "Speed of things; slow|fast"},
    {"test_size", "Size; 1|2|3"},
    {"test_secret", "Secret; off|on"},
    {NULL, NULL},
};
static struct option_v1 version1[] = {
    {"test_speed", "Speed of things", "How fast.", {{"slow", "Slow"}, {"fast", "Fast"}, {NULL, NULL}}, "fast"},
    {"test_size", "Size", NULL, {{"1", NULL}, {"2", NULL}, {"3", NULL}, {NULL, NULL}}, NULL},
    {"test_secret", "Secret", NULL, {{"off", NULL}, {"on", NULL}, {NULL, NULL}}, "no such value"},
    {0},
};
static struct category categories[] = {{"timing", "Timing", "What takes time."}, {0}};
static struct option_v2 version2[] = {
    {"test_speed", "Timing > Speed", "Speed of things", "Long.", "How fast.", "timing",
     {{"slow", "Slow"}, {"fast", "Fast"}, {NULL, NULL}}, "fast"},
    {"test_size", "Size", NULL, NULL, NULL, NULL, {{"1", NULL}, {"2", NULL}, {"3", NULL}, {NULL, NULL}}, NULL},
    {"test_secret", "Secret", NULL, NULL, NULL, NULL, {{"off", NULL}, {"on", NULL}, {NULL, NULL}}, "no such value"},
    {0},
};

static const char *value(const char *key) {
    struct variable variable = {key, "untouched"};
    return environment(GET_VARIABLE, &variable) && variable.value ? variable.value : "none";
}

static bool update_display(void) {
    struct option_display secret = {"test_secret", !strcmp(value("test_speed"), "fast")};
    return environment(SET_CORE_OPTIONS_DISPLAY, &secret);
}

void retro_set_environment(bool (*callback)(unsigned, void *)) {
    struct options_v2 options = {categories, version2};
    struct options_intl translated1 = {version1, NULL}, translated2 = {&options, NULL};
    bool (*display)(void) = update_display;
    unsigned version = 0;
    (void)version0, (void)version1, (void)translated1, (void)translated2;
    environment = callback;
    if (!environment(GET_CORE_OPTIONS_VERSION, &version) || version < 2) return;
    environment(SET_CORE_OPTIONS_UPDATE_DISPLAY_CALLBACK, &display);
    switch (VERSION) {
        case 0: environment(SET_VARIABLES, version0); break;
        case 1: environment(SET_CORE_OPTIONS, version1); break;
        case 2: environment(SET_CORE_OPTIONS_V2, &options); break;
        case 11: environment(SET_CORE_OPTIONS_INTL, &translated1); break;
        case 12: environment(SET_CORE_OPTIONS_V2_INTL, &translated2); break;
    }
}

/* Sets an option itself in frame 3, to a value that exists, and to one that doesn't. */
void retro_run(void) {
    struct variable three = {"test_size", "3"}, four = {"test_size", "4"};
    bool changed = false;
    int set = -1;
    new_frame();
    if (frame == 3) set = environment(SET_VARIABLE, &three) * 2 + environment(SET_VARIABLE, &four);
    environment(GET_VARIABLE_UPDATE, &changed);
    snprintf(values, sizeof values, "changed=%d set=%d speed=%s size=%s secret=%s other=%s", changed, set,
             value("test_speed"), value("test_size"), value("test_secret"), value("test_other"));
    video(NULL, 64, 48, 128);
}

void *retro_get_memory_data(unsigned id) { return id == SAVE_RAM ? values : NULL; }
size_t retro_get_memory_size(unsigned id) { return id == SAVE_RAM ? sizeof values : 0; }
