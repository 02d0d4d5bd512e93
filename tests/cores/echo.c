/* Shows what is held and beeps.
 *
 * The picture is 128x112, at 60 frames a second, in grey cells of 8x8:
 *   rows 0-3    the pads of ports 0 to 3: cell n is white while button n is held
 *   row 4       sticks and triggers of port 0 in cells 0-5 (left x, y, right x, y, L2, R2), of port 1 in cells 8-13;
 *               a cell is value / 256 + 128
 *   row 5       mouse: x + 128, y + 128, left, right, middle in cells 0-4; keyboard: key "a" held in cell 8, the
 *               last key event's code, character and modifiers in cells 9-11; in 12-13 the subclasses of the devices
 *               that are plugged into ports 0 and 1
 *   below, left   64x64 white while anything is held on port 0's pad
 *   below, right  64x64 whose grey is the frame's number
 * The sound is a sine at 440 Hz, at 880 Hz while A is held on port 0. A rumbles strongly and B weakly, on each port.
 * The battery save counts in its first byte the frames in which Start was held on port 0. */

#include <math.h>

#include "core.h"

enum { WIDTH = 128, HEIGHT = 112, CELL = 8, RATE = 48000, PER_FRAME = RATE / 60, START = 3, A = 8, B = 0 };

static struct { uint32_t frame, samples; } now;
static uint8_t battery[64];
static uint8_t pixels[HEIGHT * 2 * WIDTH * 4];
static enum pixel_format format = XRGB8888;
static size_t pitch;
static bool masked, one_by_one;
static unsigned key, character, modifiers, plugged[2];
static struct rumble rumble;

static const char *option(const char *name) {
    struct variable variable = {name, NULL};
    return environment(GET_VARIABLE, &variable) && variable.value ? variable.value : "";
}

static void key_event(bool down, unsigned code, uint32_t text, uint16_t held) {
    if (down) key = code, character = text, modifiers = held;
}

void retro_set_environment(bool (*callback)(unsigned, void *)) {
    static struct variable options[] = {
        {"echo_format", "Pixel format; XRGB8888|RGB565|XRGB1555"}, {"echo_audio", "Sound; batch|single"},
        {"echo_rows", "Rows of pixels; tight|wide"},               {"echo_buttons", "Reading buttons; mask|single"},
        {NULL, NULL},
    };
    static struct descriptor names[] = {
        {0, JOYPAD, 0, B, "Weak rumble"}, {0, JOYPAD, 0, A, "Strong rumble, high beep"}, {0}};
    static const struct controller pads[] = {{"Pad", JOYPAD}, {"Big pad", (1 << 8) | JOYPAD}};
    static struct controller_port ports[] = {{pads, 2}, {pads, 1}, {0}};
    static struct keyboard keyboard = {key_event};
    environment = callback;
    environment(SET_VARIABLES, options);
    environment(SET_INPUT_DESCRIPTORS, names);
    environment(SET_CONTROLLER_INFO, ports);
    environment(SET_KEYBOARD_CALLBACK, &keyboard);
}

void retro_get_system_info(struct system_info *info) {
    *info = (struct system_info){.name = "Echo", .version = "1.0", .extensions = "echo"};
}

void retro_get_system_av_info(struct av_info *info) {
    *info = (struct av_info){{WIDTH, HEIGHT, WIDTH, HEIGHT, 0}, 60, RATE};
}

bool retro_load_game(const struct game_info *game) {
    const char *name = option("echo_format");
    format = !strcmp(name, "RGB565") ? RGB565 : !strcmp(name, "XRGB1555") ? XRGB1555 : XRGB8888;
    pitch = WIDTH * (format == XRGB8888 ? 4 : 2) * (strcmp(option("echo_rows"), "wide") ? 1 : 2);
    one_by_one = !strcmp(option("echo_audio"), "single");
    masked = environment(GET_INPUT_BITMASKS, NULL);
    environment(GET_RUMBLE_INTERFACE, &rumble);
    return game && game->size && environment(SET_PIXEL_FORMAT, &format);
}

static void paint(int left, int top, int side, uint8_t grey) {
    for (int y = top; y < top + side; y++)
        for (int x = left; x < left + side; x++) {
            uint8_t *row = pixels + y * pitch;
            int five = grey >> 3, six = grey >> 2;
            if (format == XRGB8888) ((uint32_t *)row)[x] = grey * 0x010101u;
            else ((uint16_t *)row)[x] = (uint16_t)(format == RGB565 ? five << 11 | six << 5 | five : five * 0x421);
        }
}

static void cell(int row, int column, int grey) { paint(column * CELL, row * CELL, CELL, (uint8_t)grey); }

static unsigned buttons(unsigned port) {
    unsigned held = 0;
    if (masked) return (uint16_t)state(port, JOYPAD, 0, JOYPAD_MASK);
    for (unsigned id = 0; id < 16; id++) held |= (state(port, JOYPAD, 0, id) ? 1u : 0u) << id;
    return held;
}

static void paint_devices(void) {
    for (unsigned port = 0; port < 2; port++) {
        for (unsigned axis = 0; axis < 4; axis++)
            cell(4, (int)(port * 8 + axis), state(port, ANALOG, axis / 2, axis % 2) / 256 + 128);
        for (unsigned trigger = 0; trigger < 2; trigger++)
            cell(4, (int)(port * 8 + 4 + trigger), state(port, ANALOG, 2, 12 + trigger) / 256 + 128);
    }
    for (unsigned axis = 0; axis < 2; axis++) cell(5, (int)axis, state(0, MOUSE, 0, axis) + 128);
    for (unsigned id = 0; id < 2; id++) cell(5, (int)(2 + id), state(0, MOUSE, 0, 2 + id) ? 255 : 0);
    cell(5, 4, state(0, MOUSE, 0, 6) ? 255 : 0);
    cell(5, 8, state(0, KEYBOARD, 0, 'a') ? 255 : 0);
    cell(5, 9, (int)key), cell(5, 10, (int)character), cell(5, 11, (int)modifiers);
    cell(5, 12, (int)plugged[0]), cell(5, 13, (int)plugged[1]);
}

static void beep(double hertz) {
    int16_t sound[PER_FRAME * 2];
    for (int i = 0; i < PER_FRAME; i++) {
        double seconds = now.samples++ % RATE / (double)RATE;
        sound[2 * i] = sound[2 * i + 1] = (int16_t)(8000 * sin(6.283185307179586 * hertz * seconds));
    }
    if (!one_by_one) batch(sound, PER_FRAME);
    else
        for (int i = 0; i < PER_FRAME; i++) sample(sound[2 * i], sound[2 * i + 1]);
}

void retro_run(void) {
    unsigned held[4];
    bool changed = false;
    new_frame();
    now.frame++;
    if (environment(GET_VARIABLE_UPDATE, &changed) && changed) one_by_one = !strcmp(option("echo_audio"), "single");
    if (!strcmp(option("echo_buttons"), "single")) masked = false;
    for (unsigned port = 0; port < 4; port++) {
        held[port] = buttons(port);
        for (int id = 0; id < 16; id++) cell((int)port, id, held[port] >> id & 1 ? 255 : 0);
        if (rumble.set) {
            rumble.set(port, 0, held[port] >> A & 1 ? 0xFFFF : 0);
            rumble.set(port, 1, held[port] >> B & 1 ? 0x8000 : 0);
        }
    }
    paint_devices();
    paint(0, 48, 64, held[0] ? 255 : 0);
    paint(64, 48, 64, (uint8_t)now.frame);
    battery[0] += held[0] >> START & 1;
    beep(held[0] >> A & 1 ? 880 : 440);
    video(pixels, WIDTH, HEIGHT, pitch);
}

void retro_reset(void) { memset(&now, 0, sizeof now); }
void retro_set_controller_port_device(unsigned port, unsigned device) { if (port < 2) plugged[port] = device >> 8; }
size_t retro_serialize_size(void) { return sizeof now; }
bool retro_serialize(void *data, size_t size) { return size >= sizeof now && memcpy(data, &now, sizeof now); }
bool retro_unserialize(const void *data, size_t size) { return size == sizeof now && memcpy(&now, data, size); }
void *retro_get_memory_data(unsigned id) { return id == SAVE_RAM ? battery : NULL; }
size_t retro_get_memory_size(unsigned id) { return id == SAVE_RAM ? sizeof battery : 0; }
