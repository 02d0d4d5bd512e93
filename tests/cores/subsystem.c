/* Has a subsystem, whose files it takes only together; says why it refuses a game. */

#include "core.h"

void retro_set_environment(bool (*callback)(unsigned, void *)) {
    static const struct subsystem_rom roms[] = {{"Handheld A", "gb|gbc"}, {"Handheld B", "gb"}};
    static struct subsystem subsystems[] = {{"Two handhelds", "link", roms, 2, 1}, {0}};
    environment = callback;
    environment(SET_SUBSYSTEM_INFO, subsystems);
}

bool retro_load_game(const struct game_info *game) {
    struct log log;
    if (environment(GET_LOG_INTERFACE, &log)) log.printf(3, "%s has a bad checksum\n", game->path);
    return false;
}
