#!/bin/sh
# The PC Engine core gives less sound than its own frame rate and sample rate promise.
#
# Versions: mednafen_pce_fast as it is in the wheel of stable-retro 1.0.1
# Guess: 600 frames bring 600 * sample_rate / fps samples, give or take 0.1 %.
# Found: it says 59.82 frames a second, and brings the sound of 60.05. Run by the frame rate that it tells, it gives 4 ms
#   of sound too little each second, so a sound card runs dry every few seconds unless the sound is stretched.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps stable-retro==1.0.1

cat > "$folder/expected" << 'END'
59.82 frames and 44100 samples a second
737.2 samples for a frame, says that; 734.3 come
END

"$folder/venv/bin/python" - "$folder" > "$folder/seen" << 'END'
import sys
from ctypes import CDLL, CFUNCTYPE, POINTER, Structure, byref, c_bool, c_char_p, c_double, c_float, c_int16, c_size_t
from ctypes import c_uint, c_void_p, cast, create_string_buffer
from pathlib import Path

GET_SYSTEM_DIRECTORY, SET_PIXEL_FORMAT, GET_SAVE_DIRECTORY = 9, 10, 31


class Game(Structure):
    _fields_ = [("path", c_char_p), ("data", c_void_p), ("size", c_size_t), ("meta", c_char_p)]


class Rates(Structure):
    _fields_ = [("geometry", c_uint * 4), ("aspect", c_float), ("fps", c_double), ("sample_rate", c_double)]


folder = Path(sys.argv[1])
# Reset at $E000: black border, sound off, and a loop. The last eight bytes are the vectors.
program = bytes.fromhex("78 d4 80fe").ljust(0x1FF6, b"\xea") + bytes.fromhex("00e0") * 5
home, samples = c_char_p(str(folder).encode()), 0


@CFUNCTYPE(c_bool, c_uint, c_void_p)
def environment(command, data):
    if command in (GET_SYSTEM_DIRECTORY, GET_SAVE_DIRECTORY):
        cast(data, POINTER(c_char_p))[0] = home
    return command in (GET_SYSTEM_DIRECTORY, GET_SAVE_DIRECTORY, SET_PIXEL_FORMAT)


@CFUNCTYPE(c_size_t, c_void_p, c_size_t)
def sound(data, count):
    global samples
    samples += count
    return count


nothing = [
    ("video_refresh", CFUNCTYPE(None, c_void_p, c_uint, c_uint, c_size_t)(lambda *_: None)),
    ("audio_sample", CFUNCTYPE(None, c_int16, c_int16)(lambda *_: None)),
    ("input_poll", CFUNCTYPE(None)(lambda: None)),
    ("input_state", CFUNCTYPE(c_int16, c_uint, c_uint, c_uint, c_uint)(lambda *_: 0)),
]
core = CDLL(str(next(folder.rglob("mednafen_pce_fast_libretro.so"))))
core.retro_set_environment(environment)
core.retro_init()
core.retro_set_audio_sample_batch(sound)
for name, function in nothing:
    getattr(core, f"retro_set_{name}")(function)
game = folder / "game.pce"
game.write_bytes(program)
content = create_string_buffer(program, len(program))
core.retro_load_game.restype = c_bool
assert core.retro_load_game(byref(Game(str(game).encode(), cast(content, c_void_p), len(program), None)))
told = Rates()
core.retro_get_system_av_info(byref(told))
for _ in range(600):
    core.retro_run()
print(f"{told.fps:.2f} frames and {told.sample_rate:.0f} samples a second")
print(f"{told.sample_rate / told.fps:.1f} samples for a frame, says that; {samples / 600:.1f} come")
END

diff "$folder/expected" "$folder/seen"
