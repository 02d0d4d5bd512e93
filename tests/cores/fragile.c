/* Takes a state by halves: what it read before it refuses stays. With LATE it takes none before its first frame, and
 * with LATE=2 has none to give before either. With DEAF it says yes to every state, and takes none. The state is the
 * count of frames, then a mark. */

#include "core.h"

enum { MARK = 0x600d };

static struct { uint32_t frames, mark; } now = {0, MARK};

void retro_run(void) {
    static uint16_t dark[48][64];
    new_frame();
    now.frames++;
    video(dark, 64, 48, sizeof dark[0]);
}

static bool early(int from) {
#ifdef LATE
    return frame == 0 && LATE >= from;
#else
    return (void)from, false;
#endif
}

void retro_reset(void) { now.frames = 0; }
size_t retro_serialize_size(void) { return early(2) ? 0 : sizeof now; }
bool retro_serialize(void *data, size_t size) { return size == sizeof now && memcpy(data, &now, sizeof now); }
bool retro_unserialize(const void *data, size_t size) {
#ifdef DEAF
    return data && size;
#endif
    if (size != sizeof now) return false;
    memcpy(&now, data, sizeof now);
    return now.mark == MARK && !early(1);
}
