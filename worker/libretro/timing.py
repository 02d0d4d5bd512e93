"""The calls that a core wants before each frame, with the time that the last took and the sound buffer's state."""

from dataclasses import dataclass

from .boundary import Boundary
from .constants import Command
from .declarations import CData
from .handlers import Handler, Handlers, Null, accept


@dataclass(frozen=True, slots=True)
class AudioBuffer:
    """The state of the sound buffer, by which cores skip frames."""

    active: bool = True
    occupancy: int = 50
    """Percent. A stream has no device buffer to run dry, so it is always half full."""
    underrun_likely: bool = False


class Timing:
    """Keeps the core's own callbacks and calls them."""

    def __init__(self, boundary: Boundary) -> None:
        self.audio_buffer = AudioBuffer()
        self._boundary = boundary
        self._frame_time: CData = None
        self._reference = 0
        self._audio_status: CData = None
        self.handlers: Handlers = {
            Command.SET_FRAME_TIME_CALLBACK: Handler("struct retro_frame_time_callback *", self._set_frame_time),
            Command.SET_AUDIO_BUFFER_STATUS_CALLBACK: Handler(
                "struct retro_audio_buffer_status_callback *", self._set_audio_status, Null.PASS
            ),
            Command.SET_MINIMUM_AUDIO_LATENCY: Handler("unsigned *", accept, Null.PROBE),
        }

    def before_frame(self, elapsed_us: int | None) -> None:
        """Call the callbacks that the core has set; ``elapsed_us`` None is the core's own reference time."""
        if self._frame_time:
            self._boundary.call(self._frame_time, self._reference if elapsed_us is None else elapsed_us)
        if self._audio_status:
            buffer = self.audio_buffer
            self._boundary.call(self._audio_status, buffer.active, buffer.occupancy, buffer.underrun_likely)

    def _set_frame_time(self, frame_time: CData) -> bool:
        self._frame_time, self._reference = frame_time.callback, frame_time.reference
        return True

    def _set_audio_status(self, status: CData) -> bool:
        self._audio_status = status.callback if status else None
        return True
