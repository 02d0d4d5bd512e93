/* Runs without a game. */

#include "core.h"

void retro_set_environment(bool (*callback)(unsigned, void *)) {
    bool yes = true;
    environment = callback;
    environment(SET_SUPPORT_NO_GAME, &yes);
}

bool retro_load_game(const struct game_info *game) { return game == NULL; }
