/* Notes in its battery save how it got its game. It wants a path, but files ending in .mem in memory, for good. */

#include "core.h"

static char notes[4096];

void retro_get_system_info(struct system_info *info) {
    *info = (struct system_info){.name = "Content", .version = "1", .extensions = "disc|mem", .need_fullpath = true};
}

void retro_set_environment(bool (*callback)(unsigned, void *)) {
    static struct override overrides[] = {{"mem|rom", false, true}, {"mem", true, false}, {0}};
    environment = callback;
    environment(SET_CONTENT_INFO_OVERRIDE, overrides);
}

bool retro_load_game(const struct game_info *game) {
    const struct game_info_ext *more = NULL;
    if (!game || !environment(GET_GAME_INFO_EXT, &more)) return false;
    snprintf(notes, sizeof notes, "path=%s\ndata=%.*s\nfull=%s\ndir=%s\nname=%s\next=%s\nsame=%d\npersistent=%d\n",
             game->path, (int)game->size, game->data ? (const char *)game->data : "", more->full_path, more->dir,
             more->name, more->ext, more->data == game->data && more->size == game->size, more->persistent_data);
    return true;
}

void *retro_get_memory_data(unsigned id) { return id == SAVE_RAM ? notes : NULL; }
size_t retro_get_memory_size(unsigned id) { return id == SAVE_RAM ? sizeof notes : 0; }
