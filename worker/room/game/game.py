"""The game with its encoders and its past: advances it by one frame's time, forwards, fast or backwards.

Runs on the emulator's thread. ``emulator.py`` knows when a frame is due and where its packets go.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from worker.libretro import AvEnable, Core, CoreError
from worker.room.game.snapshots import Position
from worker.room.game.sound_clock import SoundClock, SoundLead
from worker.room.media.audio import OPUS_RATE
from worker.room.media.codecs.codec import VIDEO_CLOCK

if TYPE_CHECKING:
    from worker.libretro import Frame
    from worker.room.game.playback import PlaybackControl
    from worker.room.game.snapshots import Snapshots
    from worker.room.media.audio import AudioEncoder, Samples
    from worker.room.media.video import VideoEncoder

FRAMES_PER_STEP_BACK: Final = 4
"""While the game runs backwards: with a state for each quarter of a second that is nearly four times its speed."""


class Game:
    """A loaded game. ``frame`` counts the frames since it began, here or in processes before."""

    def __init__(
        self,
        core: Core,
        playback: PlaybackControl,
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
        """Whether the game has jumped since the last picture."""
        self.fps = core.av_info.fps
        """Frames a second: as the core tells at first, then as its sound tells."""
        self._playback = playback
        self._snapshots = snapshots
        self._revision = 0
        self._speed = 1
        self._silent = True
        self._steps_back = 0
        self._told = (core.av_info.fps, core.av_info.sample_rate)
        self._clock = SoundClock(*self._told)
        self._lead = SoundLead()
        core.on_video = self._set_picture
        core.on_audio = self._add_sound

    @property
    def position(self) -> Position:
        """How far the game has come, for a snapshot."""
        return Position(self.frame, self._revision, self._playback.setting)

    def advance(self, timestamp: int) -> None:
        """Let the time of one frame pass; ``timestamp`` is that frame's (RTP, 90 kHz, not wrapped)."""
        self.stale = False
        if self._playback.rewinding:
            self._step_back()
            return
        if self._silent:
            self._resume_sound(timestamp)
        speed = self._playback.speed
        if speed != self._speed:
            self._change_speed(speed)
        if speed > 1:
            self._run_hidden(speed - 1)
        self.core.run()
        self.frame += speed
        self._revision += 1
        if speed > 1:
            self._clock.discard()
        elif self._clock.end_frame():
            self.fps = self._clock.fps

    def keep_sound(self, timestamp: int) -> None:
        """Keep the sound with the picture: ``timestamp`` (RTP, 90 kHz) is that of the frame that comes next."""
        if not self._silent:
            ahead = self.audio.end / OPUS_RATE - timestamp / VIDEO_CLOCK
            excess = self._lead.observe(ahead)
            if excess:
                self.audio.set_back(round(excess * OPUS_RATE))

    def rest(self) -> None:
        """Note that no frame runs for a while."""
        self.resting = self._silent = True
        self._steps_back = 0

    def mark_jump(self) -> None:
        """Note that the game was loaded or reset: show it, and capture it soon."""
        self._revision += 1
        self.stale = True
        self._snapshots.expedite()

    def capture_if_due(self, now: float) -> None:
        """Capture the state, if it is time to and the game runs forwards; ``now`` in monotonic seconds."""
        if now >= self._snapshots.due and not self._playback.rewinding:
            self._snapshots.capture(self.core, self.position, now)

    def publish(self, now: float) -> None:
        """Publish a snapshot now, unless the game has not begun, or not changed since the last one."""
        if self._revision:
            self._snapshots.capture(self.core, self.position, now, publish=True)

    def final_snapshot(self) -> bytes:
        """Pack the game as it is, to go on elsewhere."""
        self._snapshots.flush()
        return self._snapshots.final(self.core, self.position)

    def close(self, *, frozen: bool) -> None:
        """Publish what was played since the last snapshot, and end the thread that captures.

        A game that was ``frozen`` publishes nothing: its final snapshot has all.
        """
        try:
            if self._revision and not frozen:
                self._snapshots.flush()
                self._snapshots.capture(self.core, self.position, 0.0, publish=True)
        finally:
            self._snapshots.stop()

    def update_rates(self) -> None:
        """Follow the core's frame rate and sample rate, if they have changed."""
        told = (self.core.av_info.fps, self.core.av_info.sample_rate)
        if told != self._told:
            self._told = told
            self.fps = self.core.av_info.fps
            self._clock = SoundClock(*told)
            self._set_sample_rate()

    def _set_sample_rate(self) -> None:
        self.audio.set_rate(self.core.av_info.sample_rate * self._speed)

    # ----- ways to advance

    def _set_picture(self, frame: Frame | None) -> None:
        if frame is not None:
            self.video.set_picture(frame, self.core.rotation)

    def _add_sound(self, samples: Samples) -> None:
        self._clock.add(len(samples))
        self.audio.add(samples)

    def _resume_sound(self, timestamp: int) -> None:
        self._silent = False
        self._steps_back = 0
        self._lead.restart()
        self.core.on_audio = self._add_sound
        self.audio.resume(timestamp * OPUS_RATE // VIDEO_CLOCK)

    def _change_speed(self, speed: int) -> None:
        """Run ``speed`` frames at a time. Their sound is squeezed into the time of one, and so becomes higher."""
        self._speed = speed
        self.core.fast_forward = speed > 1
        self._set_sample_rate()

    def _run_hidden(self, frames: int) -> None:
        """Run frames that are heard, but neither drawn, if the core can do without, nor encoded."""
        core = self.core
        core.on_video, core.av_enable = _discard, AvEnable.AUDIO
        try:
            for _ in range(frames):
                core.run()
        finally:
            core.on_video, core.av_enable = self._set_picture, AvEnable.VIDEO | AvEnable.AUDIO

    def _step_back(self) -> None:
        """Go back to the state before every few frames, and run one frame of it to have its picture."""
        if not self._steps_back:
            self._silent = True
            self.core.on_audio = _discard
            self._snapshots.flush()
        self._steps_back += 1
        if self._steps_back % FRAMES_PER_STEP_BACK != 1:
            return
        captured = self._snapshots.step_back()
        if captured is None:
            return
        state, frame = captured
        with contextlib.suppress(CoreError):  # it then stands still; the core wrote this state itself
            self.core.unserialize(state)
        self.core.run()
        self.frame = frame + 1
        self._revision += 1


def _discard(*_arguments: object) -> None:
    """Drop a picture or a sound that nobody sees or hears."""
