"""Opens a core and keeps its output."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from worker.libretro.av import AvInfo, Frame
from worker.libretro.constants import Device, PixelFormat
from worker.libretro.core import Core
from worker.libretro.hooks import Samples

DEVICES = (Device.JOYPAD, Device.MOUSE, Device.KEYBOARD, Device.ANALOG)
"""The devices that ``Held`` may hold."""

Grey = npt.NDArray[np.uint8]


class Recording:
    """The hooks of a core, and all that they were given, copied."""

    def __init__(self, core: Core) -> None:
        self.frames: list[Grey | None] = []
        self.sound: list[Samples] = []
        self.av_infos: list[AvInfo] = []
        self.messages: list[tuple[str, float]] = []
        self.rumbles: list[tuple[int, int, int]] = []
        self.shutdowns = 0
        core.on_video = lambda frame: self.frames.append(None if frame is None else grey(frame))
        core.on_audio = lambda samples: self.sound.append(samples.copy())
        core.on_av_info = self.av_infos.append
        core.on_message = lambda text, seconds: self.messages.append((text, seconds))
        core.on_rumble = lambda port, strong, weak: self.rumbles.append((port, strong, weak))
        core.on_shutdown = self._count_shutdown

    def _count_shutdown(self) -> None:
        self.shutdowns += 1

    @property
    def picture(self) -> Grey:
        """The last frame that was no duplicate."""
        return next(frame for frame in reversed(self.frames) if frame is not None)


class Held:
    """Input devices in a given state: (port, device, index, id) -> value. Each query is kept."""

    def __init__(self, states: Mapping[tuple[int, int, int, int], int] | None = None) -> None:
        self.states = dict(states or {})
        self.polls = 0
        self.queries: list[tuple[int, int, int, int]] = []

    def poll(self) -> None:
        self.polls += 1

    def state(self, port: int, device: int, index: int, id: int) -> int:
        self.queries.append((port, device, index, id))
        return self.states.get((port, device, index, id), 0)


def open_core(path: Path, folder: Path, **options: str) -> Core:
    """Open the core with a temporary folder for its files."""
    return Core(
        path, system_directory=folder / "system", save_directory=folder / "saves", options=options, devices=DEVICES
    )


def run(core: Core, frames: int) -> None:
    """Run some frames."""
    for _ in range(frames):
        core.run()


def grey(frame: Frame) -> Grey:
    """Return the green of each pixel, 0 to 255, of shape (height, width)."""
    rows = np.frombuffer(frame.data, np.uint8).reshape(frame.height, frame.pitch)
    row_bytes = frame.width * frame.format.bytes_per_pixel
    if frame.format is PixelFormat.XRGB8888:
        return rows[:, 1:row_bytes:4].copy()
    words = rows[:, :row_bytes].copy().view("<u2")
    green, most = (words >> 5 & 0x3F, 0x3F) if frame.format is PixelFormat.RGB565 else (words >> 5 & 0x1F, 0x1F)
    return (green * 255 // most).astype(np.uint8)


def notes(core: Core) -> dict[str, str]:
    """Read the lines of ``key=value`` that a test core has written into its battery save."""
    text = (core.save_ram() or b"").split(b"\0")[0].decode()
    return dict(line.split("=", 1) for line in text.splitlines())
