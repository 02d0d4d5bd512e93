"""How the time of a frame advances a game, with a core that counts its frames."""

from fractions import Fraction
from pathlib import Path

from tests.cores.own_process import in_own_process
from tests.worker.room.fakes import order
from worker.room.game.battery import Battery
from worker.room.game.game import FRAMES_PER_STEP_BACK, Game
from worker.room.game.loading import load_core
from worker.room.game.playback import Playback
from worker.room.game.snapshots import Snapshots
from worker.room.input.ports import InputPorts
from worker.room.media.audio import OPUS_RATE, AudioEncoder
from worker.room.media.video import H264, VideoEncoder

TICKS = 1500
"""RTP ticks of a frame."""


class Stage:
    """A game that runs by hand, on a clock of our own."""

    def __init__(self, folder: Path) -> None:
        self.core = load_core(order(folder), InputPorts())
        self.snapshots: list[int] = []
        self.playback = Playback()
        snapshots = Snapshots(
            self.core,
            Battery(None),
            fps=60,
            on_snapshot=lambda data, frame: self.snapshots.append(frame),
            on_battery=lambda memory: None,
        )
        self.kept = snapshots
        audio = AudioEncoder(self.core.av_info.sample_rate)
        self.game = Game(self.core, self.playback, VideoEncoder(H264, Fraction(60)), audio, snapshots, frame=0)
        self.slot = 0
        self.sounds: list[int] = []

    def run(self, slots: int) -> None:
        for _ in range(slots):
            self.game.advance(self.slot * TICKS)
            self.game.video.encode(self.slot * TICKS)
            self.sounds += [timestamp for timestamp, _ in self.game.audio.encode()]
            self.game.look(self.slot / 60)
            self.kept.flush()
            self.slot += 1

    @property
    def counted(self) -> int:
        """The frames that the core has run, by its own count."""
        return int.from_bytes(self.core.serialize()[:4], "little")

    def grey(self) -> int:
        """What the core draws: its frame's number, modulo 256."""
        shot = self.game.video.shot()
        assert shot is not None
        return int(shot.pixels[80, 100]) & 0xFF


@in_own_process
def test_a_fast_game_runs_more_frames_and_draws_the_last(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.run(10)
    assert (stage.counted, stage.game.frame, stage.grey()) == (10, 10, 10)
    stage.playback.run_at(4, "")
    stage.run(10)
    assert (stage.counted, stage.game.frame, stage.grey()) == (50, 50, 50)
    stage.playback.run_at(1, "")
    stage.run(1)
    assert (stage.counted, stage.grey()) == (51, 51)


@in_own_process
def test_the_sound_of_a_fast_game_fills_the_time_that_there_is_and_no_more(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.playback.run_at(4, "")
    stage.run(60)
    packets = len(stage.sounds)
    assert 95 <= packets <= 100
    assert stage.sounds == [480 * index for index in range(packets)]


@in_own_process
def test_a_game_runs_backwards_and_goes_on_from_there(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.run(120)
    stage.playback.rewind(True, "")
    seen = []
    for _ in range(4):
        stage.run(FRAMES_PER_STEP_BACK)
        seen.append(stage.counted)
        assert stage.grey() == stage.counted
    assert seen == sorted(seen, reverse=True)
    assert 15 * 3 <= 120 - seen[-1] <= 16 * 4
    stage.playback.rewind(False, "")
    stage.run(1)
    assert stage.counted == seen[-1] + 1 == stage.game.frame


@in_own_process
def test_it_stands_still_at_the_beginning(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.run(20)
    stage.playback.rewind(True, "")
    stage.run(20 * FRAMES_PER_STEP_BACK)
    assert stage.counted <= 2
    stage.playback.rewind(False, "")
    stage.run(20)
    assert stage.counted <= 22


@in_own_process
def test_after_a_silence_the_sound_is_where_the_picture_is(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.run(10)
    stage.game.rest()
    stage.slot += 600
    stage.sounds.clear()
    stage.run(3)
    assert stage.sounds[0] == 610 * OPUS_RATE // 60


@in_own_process
def test_a_game_that_rests_is_kept_once_and_only_if_it_was_played(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.game.keep(0.0)
    stage.run(5)
    for _ in range(3):
        stage.game.keep(99.0)
    stage.kept.flush()
    assert stage.snapshots == [1, 5]
    stage.game.jumped()
    assert stage.game.stale
    stage.game.keep(99.0)
    stage.game.end(frozen=False)
    assert stage.snapshots == [1, 5, 5]


@in_own_process
def test_the_end_hands_on_what_is_new_unless_the_room_moved(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.run(5)
    assert stage.game.last()
    stage.game.end(frozen=True)
    assert stage.snapshots == [1]
