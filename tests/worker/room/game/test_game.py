"""A game advanced by hand, with a core that counts its frames."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.cores.own_process import in_own_process
from tests.worker.room.fakes import order
from worker.room.game.battery import Battery
from worker.room.game.game import FRAMES_PER_STEP_BACK, Game
from worker.room.game.loading import load_core
from worker.room.game.playback import PlaybackControl
from worker.room.game.snapshots import Snapshots
from worker.room.input.ports import InputPorts
from worker.room.media.audio import OPUS_RATE, AudioEncoder
from worker.room.media.codecs import PREFERRED
from worker.room.media.video import VideoEncoder

TICKS = 1500
"""RTP ticks of a frame."""


class FrameStepper:
    """A game that is advanced frame by frame, on a clock of our own."""

    def __init__(self, folder: Path) -> None:
        self.core = load_core(order(folder), InputPorts())
        self.snapshots: list[int] = []
        self.playback = PlaybackControl()
        snapshots = Snapshots(
            self.core,
            Battery(None),
            fps=60,
            on_snapshot=lambda data, frame: self.snapshots.append(frame),
            on_battery=lambda memory: None,
        )
        self.capturing = snapshots
        audio = AudioEncoder(self.core.av_info.sample_rate)
        self.game = Game(self.core, self.playback, VideoEncoder(PREFERRED, Fraction(60)), audio, snapshots, frame=0)
        self.slot = 0
        self.sounds: list[int] = []

    def run(self, slots: int) -> None:
        for _ in range(slots):
            self.game.advance(self.slot * TICKS)
            self.game.video.encode(self.slot * TICKS)
            self.sounds += [timestamp for timestamp, _ in self.game.audio.encode()]
            self.game.capture_if_due(self.slot / 60)
            self.capturing.flush()
            self.slot += 1
            self.game.keep_sound(self.slot * TICKS)

    @property
    def counted(self) -> int:
        """The frames that the core has run, by its own count."""
        return int.from_bytes(self.core.serialize()[:4], "little")

    def grey(self) -> int:
        """Return what the core draws: its frame's number, modulo 256."""
        screenshot = self.game.video.screenshot()
        assert screenshot is not None
        return int(screenshot.pixels[80, 100]) & 0xFF


@in_own_process
def test_a_fast_game_runs_more_frames_and_draws_the_last(tmp_path: Path) -> None:
    stepper = FrameStepper(tmp_path)
    stepper.run(10)
    assert (stepper.counted, stepper.game.frame, stepper.grey()) == (10, 10, 10)
    stepper.playback.run_at(4, "")
    stepper.run(10)
    assert (stepper.counted, stepper.game.frame, stepper.grey()) == (50, 50, 50)
    stepper.playback.run_at(1, "")
    stepper.run(1)
    assert (stepper.counted, stepper.grey()) == (51, 51)


@in_own_process
def test_the_sound_of_a_fast_game_fills_the_time_that_there_is_and_no_more(tmp_path: Path) -> None:
    stepper = FrameStepper(tmp_path)
    stepper.playback.run_at(4, "")
    stepper.run(60)
    packets = len(stepper.sounds)
    assert 95 <= packets <= 100
    assert stepper.sounds == [480 * index for index in range(packets)]


@pytest.mark.parametrize("frames", [4, -4])
@in_own_process
def test_sound_that_ran_ahead_or_fell_behind_is_soon_with_its_picture_again(tmp_path: Path, frames: int) -> None:
    stepper = FrameStepper(tmp_path)
    stepper.run(60)
    samples = int(stepper.core.av_info.sample_rate) // 60
    if frames > 0:  # some cores give the sound of several frames at once
        stepper.core.on_audio(np.zeros((frames * samples, 2), np.int16))
    else:  # frames were skipped, because the machine stood still
        stepper.slot -= frames
    stepper.run(150)
    ahead = stepper.game.audio.end / OPUS_RATE - stepper.slot / 60
    assert abs(ahead) < 0.02


@in_own_process
def test_a_game_is_as_fast_as_its_sound_says(tmp_path: Path) -> None:
    stepper = FrameStepper(tmp_path)
    told = stepper.core.av_info.fps
    for _ in range(120):
        stepper.core.on_audio(np.zeros((8, 2), np.int16))  # one percent more than the core tells
        stepper.run(1)
    assert stepper.game.fps == pytest.approx(told / 1.01, rel=1e-3)


@in_own_process
def test_a_game_runs_backwards_and_goes_on_from_there(tmp_path: Path) -> None:
    stepper = FrameStepper(tmp_path)
    stepper.run(120)
    stepper.playback.rewind(True, "")
    seen = []
    for _ in range(4):
        stepper.run(FRAMES_PER_STEP_BACK)
        seen.append(stepper.counted)
        assert stepper.grey() == stepper.counted
    assert seen == sorted(seen, reverse=True)
    assert 15 * 3 <= 120 - seen[-1] <= 16 * 4
    stepper.playback.rewind(False, "")
    stepper.run(1)
    assert stepper.counted == seen[-1] + 1 == stepper.game.frame


@in_own_process
def test_it_stands_still_at_the_beginning(tmp_path: Path) -> None:
    stepper = FrameStepper(tmp_path)
    stepper.run(20)
    stepper.playback.rewind(True, "")
    stepper.run(20 * FRAMES_PER_STEP_BACK)
    assert stepper.counted <= 2
    stepper.playback.rewind(False, "")
    stepper.run(20)
    assert stepper.counted <= 22


@in_own_process
def test_after_a_silence_the_sound_is_where_the_picture_is(tmp_path: Path) -> None:
    stepper = FrameStepper(tmp_path)
    stepper.run(10)
    stepper.game.rest()
    stepper.slot += 600
    stepper.sounds.clear()
    stepper.run(3)
    assert stepper.sounds[0] == 610 * OPUS_RATE // 60


@in_own_process
def test_a_game_that_rests_is_published_once_and_only_if_it_was_played(tmp_path: Path) -> None:
    stepper = FrameStepper(tmp_path)
    stepper.game.publish(0.0)
    stepper.run(5)
    for _ in range(3):
        stepper.game.publish(99.0)
    stepper.capturing.flush()
    assert stepper.snapshots == [1, 5]
    stepper.game.mark_jump()
    assert stepper.game.stale
    stepper.game.publish(99.0)
    stepper.game.close(frozen=False)
    assert stepper.snapshots == [1, 5, 5]


@in_own_process
def test_closing_publishes_what_is_new_unless_the_room_moved(tmp_path: Path) -> None:
    stepper = FrameStepper(tmp_path)
    stepper.run(5)
    assert stepper.game.final_snapshot()
    stepper.game.close(frozen=True)
    assert stepper.snapshots == [1]
