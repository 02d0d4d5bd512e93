/* Has a drive with two images; with VERSION 0 through the first interface, which has neither paths nor labels. */

#include "core.h"

static bool open_drive;
static unsigned in_drive, count = 2;
static char paths[8][256] = {"/games/one.cue", "/games/two.cue"};

static bool set_open(bool to) { open_drive = to; return true; }
static bool is_open(void) { return open_drive; }
static unsigned get_index(void) { return in_drive; }
static bool set_index(unsigned to) { return open_drive && to <= count ? in_drive = to, true : false; }
static unsigned get_count(void) { return count; }
static bool add(void) { return open_drive && count < 8 ? count++, true : false; }
static bool replace(unsigned at, const struct game_info *with) {
    if (!open_drive || at >= count) return false;
    if (with) snprintf(paths[at], sizeof paths[at], "%s", with->path);
    else count--;
    return true;
}
static bool set_initial(unsigned at, const char *path) { (void)at, (void)path; return false; }
static bool get_path(unsigned at, char *text, size_t size) {
    return at < count && snprintf(text, size, "%s", paths[at]) > 0;
}
static bool get_label(unsigned at, char *text, size_t size) {
    return at < count && snprintf(text, size, "Disk %u", at + 1) > 0;
}

void retro_init(void) {
    void *drive[] = {set_open, is_open, get_index,   set_index, get_count,
                     replace,  add,     set_initial, get_path,  get_label};
    environment(VERSION ? SET_DISK_CONTROL_EXT_INTERFACE : SET_DISK_CONTROL_INTERFACE, drive);
}
