#!/bin/sh
# An encoder that is open takes another bit rate, gives it back when asked, and goes on at the old one.
#
# Versions: PyAV 18.1.0, with the FFmpeg, x264 and libvpx of its wheel
# Guess: x264, which can be reconfigured, follows from the next frames on; libvpx may not.
# Found: neither follows, up or down; x264 not with a VBV (maxrate, bufsize) either. The encoder has to be made anew, at
#   the price of a key frame.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.3.5

cat > "$folder/expected" << 'END'
libx264 down: asked for 500000, goes on as before
libx264 up: asked for 3000000, goes on as before
libx264 with VBV down: asked for 500000, goes on as before
libx264 with VBV up: asked for 3000000, goes on as before
libvpx down: asked for 500000, goes on as before
libvpx up: asked for 3000000, goes on as before
END

"$folder/venv/bin/python" - > "$folder/seen" << 'END'
from fractions import Fraction

import av
import numpy as np

WIDTH, HEIGHT, RATE = 320, 240, 60
SECONDS = 6  # two before the change, two to settle, two that count
LOW, HIGH = 500_000, 3_000_000
X264 = {"preset": "ultrafast", "tune": "zerolatency"}
ENCODERS = {
    "libx264": ("libx264", X264),
    "libx264 with VBV": ("libx264", {**X264, "maxrate": "6M", "bufsize": "6M"}),
    "libvpx": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}),
}


def picture(number):
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    grey = (((x * 3 + number * 5) ^ (y * 2 + number * 3)) & 255).astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(np.dstack([grey, grey[::-1], grey[:, ::-1]]), format="rgb24")
    frame = frame.reformat(format="yuv420p")
    frame.pts, frame.time_base = number, Fraction(1, RATE)
    return frame


def last_seconds(codec, options, rate, changed):
    """Encode with a change after two seconds; the bit rate of the last two, and the one that the context tells."""
    context = av.CodecContext.create(codec, "w")
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    context.time_base, context.framerate, context.bit_rate = Fraction(1, RATE), RATE, rate
    context.options = options
    sizes = []
    for number in range(SECONDS * RATE):
        if number == 2 * RATE:
            context.bit_rate = changed
        sizes.append(sum(packet.size for packet in context.encode(picture(number))))
    return sum(sizes[4 * RATE :]) * 8 / 2, context.bit_rate


for name, (codec, options) in ENCODERS.items():
    for way, before, after in (("down", HIGH, LOW), ("up", LOW, HIGH)):
        unchanged, _ = last_seconds(codec, options, before, before)
        changed, told = last_seconds(codec, options, before, after)
        same = abs(changed - unchanged) < 0.3 * unchanged
        print(f"{name} {way}: asked for {told}, {'goes on as before' if same else f'goes on at {changed:.0f}'}")
END

diff "$folder/expected" "$folder/seen"
