"""The interface of a video driver: it grants or refuses the context that a core asks for, and takes its frames."""

from typing import Protocol

from ..av import AvInfo, Frame
from ..constants import PixelFormat
from ..declarations import ffi
from ..errors import CoreUnsupportedError
from ..handlers import Handlers

HARDWARE_FRAME = int(ffi.cast("uintptr_t", -1))
"""RETRO_HW_FRAME_BUFFER_VALID, the address that stands for "look in the GPU's frame buffer"."""


class VideoDriver(Protocol):
    """Serves one core, on the thread that runs it."""

    @property
    def handlers(self) -> Handlers:
        """Return the environment commands about rendering, ``SET_HW_RENDER`` among them."""

    def begin(self, av_info: AvInfo) -> None:
        """Get ready to draw, now that the game is loaded: make the context, and call the core's ``context_reset``."""

    def refresh(self, address: int, width: int, height: int, pitch: int, pixel_format: PixelFormat) -> Frame:
        """Return the picture of one ``retro_video_refresh_t``, in memory; it is valid until the next call.

        ``address`` is that of the pixels, or ``HARDWARE_FRAME`` for a picture in the frame buffer, which is read back.
        Raises CoreError if no picture can be like that, CoreUnsupportedError if it can't be read here.
        """

    def refusal(self, core: str) -> CoreUnsupportedError | None:
        """Return why the core of this name can't load its game, if that is because of a context it didn't get."""

    def end(self) -> None:
        """Give up the context, before the game is unloaded."""
