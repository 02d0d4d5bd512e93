"""Sound and picture clocks: counted frames and samples, of made-up cores and of those at hand."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cores.own_process import in_own_process
from tests.worker.libretro import roms
from tests.worker.libretro.recording import open_core
from tests.worker.libretro.test_real_cores import DEBIAN, PROGRAMS, WHEEL, core_name, label
from worker.room.game.sound_clock import LEAD_FRAMES, LEAST_FRAMES, MAX_LEAD_SECONDS, SoundClock, SoundLead

MINUTE = 3600
"""Frames."""


def drift(clock: SoundClock, frames: Iterable[int], rate: float) -> float:
    """Play the frames, each of so many samples; return by how many seconds the sound is ahead of the picture."""
    ahead = 0.0
    for samples in frames:
        clock.add(samples)
        ahead += samples / rate - 1 / clock.fps
        clock.end_frame()
    return ahead


def even(per_frame: float, frames: int = MINUTE) -> list[int]:
    """Spread a rate that is no whole number over frames that have whole numbers of samples."""
    return [int((frame + 1) * per_frame) - int(frame * per_frame) for frame in range(frames)]


@given(per_frame=st.floats(500, 900), deviation=st.floats(-0.018, 0.018))
def test_sound_and_picture_stay_together_whatever_the_core_tells(per_frame: float, deviation: float) -> None:
    rate = 44_100.0
    clock = SoundClock(rate / per_frame * (1 + deviation), rate)

    ahead = drift(clock, even(per_frame), rate)

    first = LEAST_FRAMES * per_frame / rate  # seconds, after which the rate is known
    assert abs(ahead) < 1.05 * first * abs(deviation) + 0.001
    assert clock.fps == pytest.approx(rate / per_frame, rel=1e-4)


def test_a_core_that_tells_the_truth_keeps_its_rate() -> None:
    clock = SoundClock(60.0, 44_100.0)
    drift(clock, even(735.0), 44_100.0)
    assert clock.fps == 60.0


def test_lumps_of_sound_are_no_frame_rate() -> None:
    fps, rate = 59.7275, 32_768.0
    owed = 0.0
    lumps = []
    for _ in range(MINUTE):
        owed += rate / fps
        lumps.append(1024 if owed >= 1024 else 0)
        owed -= lumps[-1]
    clock = SoundClock(fps, rate)
    drift(clock, lumps, rate)
    assert clock.fps == fps


@pytest.mark.parametrize("per_frame", [0, 1, 300, 1500])
def test_sound_that_no_frame_rate_explains_changes_none(per_frame: int) -> None:
    clock = SoundClock(60.0, 44_100.0)
    drift(clock, [per_frame] * MINUTE, 44_100.0)
    assert clock.fps == 60.0


def test_another_mode_is_followed() -> None:
    clock = SoundClock(59.82, 44_100.0)
    drift(clock, even(734.33), 44_100.0)
    assert clock.fps == pytest.approx(60.054, abs=0.002)
    drift(clock, even(737.21), 44_100.0)
    assert clock.fps == pytest.approx(59.82, abs=0.002)


def test_an_extraordinary_frame_can_be_left_out() -> None:
    clock = SoundClock(60.0, 44_100.0)
    for samples in even(735.0):
        clock.add(5 * samples)
        clock.discard()
        clock.add(samples)
        clock.end_frame()
    assert clock.fps == 60.0


def test_sound_that_is_ahead_for_good_is_set_back_once() -> None:
    lead = SoundLead()
    assert [lead.observe(4 / 60) for _ in range(LEAD_FRAMES)] == [0.0] * (LEAD_FRAMES - 1) + [4 / 60]
    assert [lead.observe(0.0) for _ in range(2 * LEAD_FRAMES)] == [0.0] * 2 * LEAD_FRAMES


def test_sound_that_fell_behind_is_set_forward() -> None:
    lead = SoundLead()
    assert [lead.observe(-0.1) for _ in range(LEAD_FRAMES)][-1] == -0.1


def test_lumps_are_no_lead() -> None:
    lead = SoundLead()
    seconds = [MAX_LEAD_SECONDS * 1.5, -MAX_LEAD_SECONDS * 1.5] * LEAD_FRAMES
    assert not any(map(lead.observe, seconds))


def drift_of(core_path: Path, folder: Path) -> float:
    """Run a minute of a core; return by how many seconds its sound is ahead of its picture."""
    name, program = PROGRAMS[core_name(core_path)]
    core = open_core(core_path, folder)
    core.load_game(roms.write(folder, name, program()))
    rate = core.av_info.sample_rate
    clock = SoundClock(core.av_info.fps, rate)
    counted: list[int] = [0]

    def count(samples: object) -> None:
        counted[0] += len(samples)  # type: ignore[arg-type]

    core.on_audio = count
    ahead = 0.0
    for _ in range(MINUTE):
        counted[0] = 0
        core.run()
        clock.add(counted[0])
        ahead += counted[0] / rate - 1 / clock.fps
        clock.end_frame()
    core.close()
    return ahead


LUMP = 1024 / 32_768
"""Seconds of sound that mGBA 0.7.0 gives at a time."""


@pytest.mark.parametrize("core_path", [path for path in WHEEL + DEBIAN if core_name(path) in PROGRAMS], ids=label)
@in_own_process
def test_a_minute_of_a_core_has_as_much_sound_as_picture(core_path: Path, tmp_path: Path) -> None:
    ahead = drift_of(core_path, tmp_path)
    assert abs(ahead) < (LUMP if label(core_path) == "wheel-mgba" else 0.02)
