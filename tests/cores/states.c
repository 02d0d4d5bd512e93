/* Has awkward savestates: none before the first frame, a size that grows, and a reader that ignores the size given. */

#include "core.h"

static uint8_t memory[1024];

size_t retro_serialize_size(void) { return frame ? 16 * frame : 0; }
bool retro_serialize(void *data, size_t size) {
    memset(data, (int)frame, size);
    return size == retro_serialize_size();
}
bool retro_unserialize(const void *data, size_t size) {
    memcpy(memory, data, retro_serialize_size());
    return size && memory[0] == frame;
}
