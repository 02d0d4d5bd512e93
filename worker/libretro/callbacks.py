"""The callbacks of every frame: picture, sound and input, between C and the hooks. The hot path: keep it short."""

from array import array

import numpy as np

from .boundary import Boundary
from .constants import DEVICE_MASK, PORTS
from .declarations import CData, ffi
from .environment import Environment
from .errors import CoreError
from .hooks import Hooks
from .video.driver import VideoDriver

MAX_BATCH = 1 << 18
"""The most samples that are taken at once: half a second at the highest rate, and far more than any frame has."""

BYTES_PER_SAMPLE = 4
"""Two channels of 16 bits."""


class Callbacks:
    """Owns the C function pointers of a core; one set for each core."""

    def __init__(
        self, library: CData, boundary: Boundary, environment: Environment, video: VideoDriver, hooks: Hooks
    ) -> None:
        self._environment = environment
        self._hooks = hooks
        self._video = video
        self._samples = array("h")
        # The core keeps these pointers for as long as it lives; so must we.
        self._pointers = (
            boundary.callback("bool(unsigned, void *)", environment.answer),
            boundary.callback("void(uintptr_t, unsigned, unsigned, size_t)", self._video_refresh),
            boundary.callback("void(int16_t, int16_t)", self._audio_sample),
            boundary.callback("size_t(const int16_t *, size_t)", self._audio_sample_batch),
            boundary.callback("void(void)", self._input_poll),
            boundary.callback("int16_t(unsigned, unsigned, unsigned, unsigned)", self._input_state),
        )
        self._setters = (
            library.retro_set_environment,
            library.retro_set_video_refresh,
            library.retro_set_audio_sample,
            library.retro_set_audio_sample_batch,
            library.retro_set_input_poll,
            library.retro_set_input_state,
        )
        self._boundary = boundary

    def set(self) -> None:
        """Give the callbacks to the core, the environment first: cores call it at once."""
        for setter, pointer in zip(self._setters, self._pointers, strict=True):
            self._boundary.call(setter, pointer)

    def deliver_samples(self) -> None:
        """Hand on the sound that came sample by sample; once for each frame."""
        if self._samples:
            samples, self._samples = self._samples, array("h")
            self._hooks.on_audio(np.frombuffer(samples, np.int16).reshape(-1, 2))

    def _video_refresh(self, address: int, width: int, height: int, pitch: int) -> None:
        if not address:
            self._hooks.on_video(None)
            return
        self._hooks.on_video(self._video.refresh(address, width, height, pitch, self._environment.pixel_format))

    def _audio_sample(self, left: int, right: int) -> None:
        self._samples.append(left)
        self._samples.append(right)

    def _audio_sample_batch(self, data: CData, frames: int) -> int:
        if self._samples:
            self.deliver_samples()  # a core may mix both ways: keep the order
        if frames > MAX_BATCH:
            raise CoreError(f"the core gave {frames} samples of sound at once; it is broken")
        if frames:
            samples = np.frombuffer(ffi.buffer(data, frames * BYTES_PER_SAMPLE), np.int16)
            self._hooks.on_audio(samples.reshape(-1, 2))
        return frames

    def _input_poll(self) -> None:
        self._hooks.inputs.poll()

    def _input_state(self, port: int, device: int, index: int, id: int) -> int:
        if port >= PORTS:
            return 0
        state = self._hooks.inputs.state(port, device & DEVICE_MASK, index, id)
        return (
            state if state < 0x8000 else state - 0x10000
        )  # all 16 buttons are as many bits, and C wants a signed word
