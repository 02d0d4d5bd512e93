"""Cores that draw into memory. One that wants a GPU is refused: it may draw in software instead, or fails to load."""

from ..av import AvInfo, Frame
from ..constants import Command, PixelFormat
from ..declarations import CData
from ..errors import CoreUnsupportedError
from ..handlers import Handler, Handlers
from .driver import HARDWARE_FRAME


class SoftwareVideo:
    """The video driver without a context."""

    def __init__(self) -> None:
        self._frame = Frame()
        self._asked_for_context = False
        self.handlers: Handlers = {Command.SET_HW_RENDER: Handler("void *", self._refuse_context)}

    def begin(self, av_info: AvInfo) -> None:
        """Do nothing: the core's memory is there already."""

    def refresh(self, address: int, width: int, height: int, pitch: int, pixel_format: PixelFormat) -> Frame:
        """Return the picture in the core's memory. Raises CoreError, and CoreUnsupportedError for one in a GPU."""
        if address == HARDWARE_FRAME:
            raise _needs_gpu("the core")
        self._frame.show(address, width, height, pitch, pixel_format)
        return self._frame

    def refusal(self, core: str) -> CoreUnsupportedError | None:
        """Return the error of a core that asked for a context, which is then why it can't load its game."""
        return _needs_gpu(core) if self._asked_for_context else None

    def end(self) -> None:
        """Do nothing: there is no context."""

    def _refuse_context(self, _request: CData) -> bool:
        self._asked_for_context = True
        return False


def _needs_gpu(core: str) -> CoreUnsupportedError:
    return CoreUnsupportedError(f"{core} draws with a GPU, which can't be done here; use one that draws in software")
