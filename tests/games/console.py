"""A console to play the game on: a real core, fed with button presses frame by frame."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from worker.libretro.av import AvInfo, Frame
from worker.libretro.constants import JOYPAD_MASK, Device, PixelFormat
from worker.libretro.core import Core
from worker.libretro.hooks import Samples

ROM = Path(__file__).parents[2] / "games" / "nes" / "Comet Hares.nes"

BUTTONS = {"B": 0, "SELECT": 2, "START": 3, "UP": 4, "DOWN": 5, "LEFT": 6, "RIGHT": 7, "A": 8}
"""The libretro numbers of the pad's buttons."""

CHANNEL_BITS = {PixelFormat.XRGB8888: (8, 8, 8), PixelFormat.RGB565: (5, 6, 5), PixelFormat.XRGB1555: (5, 5, 5)}

Picture = npt.NDArray[np.uint8]
"""Shape (height, width, 3): red, green, blue."""


class Console:
    """A core with the game in it. ``hold`` takes effect in the next frame, like a finger on a pad."""

    def __init__(self, core: Path, directory: Path, save: bytes | None = None) -> None:
        self._held = [0, 0]
        self._sound: list[npt.NDArray[np.int16]] = []
        self.core = Core(core, system_directory=directory, save_directory=directory)
        self.core.inputs = self
        self.core.on_video = self._on_video
        self.core.on_audio = self._on_audio
        self.av_info: AvInfo = self.core.load_game(ROM)
        for port in range(len(self._held)):
            self.core.set_controller(port, Device.JOYPAD)  # some cores have nothing plugged in until told
        if save is not None:
            self.core.load_save_ram(save)

    def poll(self) -> None:
        """Do nothing: what is held changes between frames only."""

    def state(self, port: int, device: int, index: int, id: int) -> int:
        if device != Device.JOYPAD or port >= len(self._held):
            return 0
        return self._held[port] if id == JOYPAD_MASK else self._held[port] >> id & 1

    def hold(self, *buttons: str, pad: int = 0) -> None:
        self._held[pad] = sum(1 << BUTTONS[button] for button in buttons)

    def run(self, frames: int = 1) -> Picture:
        """Run so many frames, and give the last picture. The sound of all of them is kept for ``sound``."""
        self._sound = []
        for _frame in range(frames):
            self.core.run()
        return self.picture

    def press(self, *buttons: str, pad: int = 0, frames: int = 3) -> None:
        """Hold the buttons for some frames, and let go for as many."""
        self.hold(*buttons, pad=pad)
        self.run(frames)
        self.hold(pad=pad)
        self.run(frames)

    def region(self, x: int, y: int, width: int, height: int) -> Picture:
        """Cut a part of the last picture, in the console's own 256x240 pixels: cores crop as much left as right."""
        x -= (256 - self.picture.shape[1]) // 2
        y -= (240 - self.picture.shape[0]) // 2
        return self.picture[y : y + height, x : x + width]

    @property
    def sound(self) -> npt.NDArray[np.int16]:
        """The left channel of the last ``run``."""
        return np.concatenate(self._sound)

    def save_ram(self) -> bytes:
        save = self.core.save_ram()
        assert save is not None
        return save

    def _on_video(self, frame: Frame | None) -> None:
        if frame is not None:
            self.picture = _read(frame)

    def _on_audio(self, samples: Samples) -> None:
        self._sound.append(samples[:, 0].copy())


def _read(frame: Frame) -> Picture:
    red, green, blue = CHANNEL_BITS[frame.format]
    rows = np.frombuffer(frame.data, np.uint8).reshape(frame.height, frame.pitch)
    pixels = rows[:, : frame.width * frame.format.bytes_per_pixel].copy().view(f"<u{frame.format.bytes_per_pixel}")
    channels = [_channel(pixels, green + blue, red), _channel(pixels, blue, green), _channel(pixels, 0, blue)]
    return np.stack(channels, axis=-1)


def _channel(pixels: npt.NDArray[np.unsignedinteger], shift: int, bits: int) -> npt.NDArray[np.uint8]:
    full = (1 << bits) - 1
    return ((pixels >> shift & full) * 255 // full).astype(np.uint8)
