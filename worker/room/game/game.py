"""The game with its encoders and its past: how one frame's time advances it, forwards, fast or backwards.

Runs on the emulator's thread. When a frame is due and where its packets go is ``emulator.py``'s.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

from worker.libretro import AvEnable, Core, CoreError
from worker.room.game.pacer import VIDEO_CLOCK
from worker.room.game.snapshots import Present
from worker.room.media.audio import OPUS_RATE

if TYPE_CHECKING:
    from worker.libretro import Frame
    from worker.room.game.playback import Playback
    from worker.room.game.snapshots import Snapshots
    from worker.room.media.audio import AudioEncoder
    from worker.room.media.video import VideoEncoder

FRAMES_PER_STEP_BACK: Final = 4
"""While the game runs backwards: with a state for each quarter of a second that is nearly four times its speed."""


class Game:
    """A loaded game. ``frame`` counts the frames since it began, here or in processes before."""

    def __init__(
        self,
        core: Core,
        playback: Playback,
        video: VideoEncoder,
        audio: AudioEncoder,
        snapshots: Snapshots,
        *,
        frame: int,
    ) -> None:
        self.core = core
        self.video = video
        self.audio = audio
        self.frame = frame
        self.resting = True
        """Whether no frame runs now."""
        self.stale = False
        """Whether the game is another than the last picture shows."""
        self._playback = playback
        self._snapshots = snapshots
        self._revision = 0
        self._speed = 1
        self._silent = True
        self._steps_back = 0
        core.on_video = self._take_picture
        core.on_audio = audio.take

    @property
    def present(self) -> Present:
        """The moment, for a snapshot."""
        return Present(self.frame, self._revision, self._playback.setting)

    def advance(self, timestamp: int) -> None:
        """Let the time of one frame pass, whose RTP timestamp this is."""
        self.stale = False
        if self._playback.rewinding:
            self._step_back()
            return
        if self._silent:
            self._sound_again(timestamp)
        speed = self._playback.speed
        if speed != self._speed:
            self._change_speed(speed)
        if speed > 1:
            self._run_unseen(speed - 1)
        self.core.run()
        self.frame += speed
        self._revision += 1

    def rest(self) -> None:
        """No frame runs for a while."""
        self.resting = self._silent = True
        self._steps_back = 0

    def jumped(self) -> None:
        """The game is another now: it was loaded or reset."""
        self._revision += 1
        self.stale = True
        self._snapshots.soon()

    def look(self, now: float) -> None:
        """Keep the state, if it is time to; ``now`` in monotonic seconds."""
        if now >= self._snapshots.due and not self._playback.rewinding:
            self._snapshots.capture(self.core, self.present, now)

    def keep(self, now: float) -> None:
        """Hand on a snapshot now, unless the last one has all of it; not of a game that has not begun."""
        if self._revision:
            self._snapshots.capture(self.core, self.present, now, publish=True)

    def last(self) -> bytes:
        """The game as it is, packed to go on elsewhere."""
        self._snapshots.flush()
        return self._snapshots.last(self.core, self.present)

    def end(self, *, frozen: bool) -> None:
        """Hand on what was played since the last snapshot, unless it went with the room."""
        try:
            if self._revision and not frozen:
                self._snapshots.flush()
                self._snapshots.capture(self.core, self.present, 0.0, publish=True)
        finally:
            self._snapshots.stop()

    def follow_sound(self) -> None:
        """The core's sample rate may be another."""
        self.audio.set_rate(self.core.av_info.sample_rate * self._speed)

    # ----- ways to advance

    def _take_picture(self, frame: Frame | None) -> None:
        if frame is not None:
            self.video.take(frame, self.core.rotation)

    def _sound_again(self, timestamp: int) -> None:
        self._silent = False
        self._steps_back = 0
        self.core.on_audio = self.audio.take
        self.audio.resume(timestamp * OPUS_RATE // VIDEO_CLOCK)

    def _change_speed(self, speed: int) -> None:
        """The sound of a fast game is as fast: squeezed into the time that there is, and higher."""
        self._speed = speed
        self.core.fast_forward = speed > 1
        self.follow_sound()

    def _run_unseen(self, frames: int) -> None:
        """Frames that are heard, but neither drawn, if the core can do without, nor encoded."""
        core = self.core
        core.on_video, core.av_enable = _ignore, AvEnable.AUDIO
        try:
            for _ in range(frames):
                core.run()
        finally:
            core.on_video, core.av_enable = self._take_picture, AvEnable.VIDEO | AvEnable.AUDIO

    def _step_back(self) -> None:
        """Every few frames the state before, of which one frame is run to have its picture."""
        if not self._steps_back:
            self._silent = True
            self.core.on_audio = _ignore
            self._snapshots.flush()
        self._steps_back += 1
        if self._steps_back % FRAMES_PER_STEP_BACK != 1:
            return
        kept = self._snapshots.step_back()
        if kept is None:
            return
        state, frame = kept
        with contextlib.suppress(CoreError):  # it then stands still; the core took it off itself a moment ago
            self.core.unserialize(state)
        self.core.run()
        self.frame = frame + 1
        self._revision += 1


def _ignore(*_arguments: Any) -> None:
    """What nobody sees or hears."""
