"""The game as players and measurements meet it: picture, sound and battery, on each NES core that is here."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.games.console import BUTTONS, Console, Picture

DEBIAN_CORES = Path("/usr/lib/x86_64-linux-gnu/libretro")

Insert = Callable[..., Console]


def _wheel_cores() -> Path:
    spec = find_spec("stable_retro")
    assert spec is not None, "the NES core comes with stable-retro: install the extra 'cores'"
    assert spec.origin is not None
    return Path(spec.origin).parent / "cores"


FCEUMM = _wheel_cores() / "fceumm_libretro.so"
CORES = [FCEUMM, *DEBIAN_CORES.glob("nestopia_libretro.so")]
each_core = pytest.mark.parametrize("core", CORES, ids=lambda core: core.stem)

DARK, WHITE = 0, 255
PERIOD = 254
"""Of the test tone, in 16ths of the NTSC console's clock."""
TONE_HZ = 1_789_773 / 16 / PERIOD


def lamp(console: Console) -> int:
    """Read the lamp's brightness, which must be the same everywhere in its 40x40 pixels."""
    block = console.region(16, 16, 40, 40)
    assert block.shape == (40, 40, 3)
    assert block.min() == block.max()
    return int(block.max())


def next_lamps(console: Console) -> list[int]:
    """Read the lamp in the next five pictures."""
    lamps = []
    for _frame in range(5):
        console.run()
        lamps.append(lamp(console))
    return lamps


def pitch(console: Console) -> float:
    """Find the strongest frequency of the last run's sound, in Hz."""
    sound = console.sound - console.sound.mean()
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return float(spectrum.argmax()) * console.av_info.sample_rate / len(sound)


def loudness(console: Console) -> float:
    return float(np.std(console.sound))


def record(best: int) -> bytes:
    """Make a battery save with this best score, as games/README.md has it."""
    data = b"HARE" + bytes(int(digit) for digit in f"{best // 10:04}")
    check = 0x5A
    for byte in reversed(data):
        check = (check << 1 & 0xFF) + byte + (check >> 7) & 0xFF
    return data + bytes([check, check ^ 0xFF])


def best_score(console: Console) -> int:
    """Read the best score in the battery, whose record must be whole."""
    save = console.save_ram()[:10]
    best = int("".join(map(str, save[4:8]))) * 10
    assert save == record(best)
    return best


def shown_best(console: Console) -> Picture:
    """Cut out the figures of the best score on the title screen."""
    return console.region(128, 160, 40, 8).copy()


def court(console: Console) -> Picture:
    return console.region(16, 72, 224, 144).copy()


def play_as_two(console: Console, frames: int) -> None:
    """Play as both: the left player throws steeply downwards, the right one throws back and never moves."""
    for frame in range(frames):
        tapping = frame % 10 < 4
        console.hold(*(["DOWN", "A"] if tapping else []))
        console.hold(*(["A"] if tapping else []), pad=1)
        console.run()
    console.hold()
    console.hold(pad=1)


@each_core
def test_lamp_is_white_in_the_picture_of_the_frame_that_reads_the_button(insert: Insert, core: Path) -> None:
    console = insert(core)
    console.run(30)
    assert lamp(console) == DARK
    console.hold("A")
    assert next_lamps(console) == [WHITE] * 5
    console.hold()
    assert next_lamps(console) == [DARK] * 5


def test_every_button_of_both_pads_lights_the_lamp_on_the_title_and_in_play(insert: Insert) -> None:
    console = insert(FCEUMM)
    console.run(30)
    for _screen in range(2):
        for pad in range(2):
            for button in BUTTONS.keys() - {"START", "B"}:
                console.hold(button, pad=pad)
                console.run()
                assert lamp(console) == WHITE, (pad, button)
                console.hold(pad=pad)
                console.run()
                assert lamp(console) == DARK, (pad, button)
        console.hold("START")
        console.run()
        assert lamp(console) == WHITE
        console.hold()
        console.run(60)
        assert lamp(console) == DARK


def test_lamp_is_never_lost_between_the_screens(insert: Insert) -> None:
    console = insert(FCEUMM)
    console.run(30)
    console.hold("START", "A")
    for _frame in range(100):
        console.run()
        assert lamp(console) == WHITE


@each_core
def test_b_on_the_title_delays_the_lamp(insert: Insert, core: Path) -> None:
    console = insert(core)
    console.run(30)
    figures = []
    for lag in (0, 1, 2, 3, 0):
        figures.append(console.region(232, 208, 8, 8).tobytes())
        console.hold("A")
        assert next_lamps(console) == [DARK] * lag + [WHITE] * (5 - lag)
        console.hold()
        assert next_lamps(console) == [WHITE] * lag + [DARK] * (5 - lag)
        console.press("B")
        console.run(10)
    assert len(set(figures[:4])) == 4
    assert figures[4] == figures[0]


@each_core
def test_select_on_the_title_sounds_a4_and_nothing_else(insert: Insert, core: Path) -> None:
    console = insert(core)
    console.run(60)
    console.hold("SELECT")
    console.run(30)  # a filter in the core settles
    console.run(120)
    assert pitch(console) == pytest.approx(TONE_HZ, abs=1)
    assert loudness(console) > 500
    console.hold()
    console.run(60)
    console.run(120)
    assert pitch(console) != pytest.approx(TONE_HZ, abs=5)


def test_title_and_match_have_music_and_a_pause_is_silent(insert: Insert) -> None:
    console = insert(FCEUMM)
    console.run(60)
    assert loudness(console) > 100
    console.press("START")
    console.run(90)
    assert loudness(console) > 100
    console.press("START")
    console.run(30)
    console.run(30)
    assert loudness(console) < 10


def test_a_pause_stops_the_match(insert: Insert) -> None:
    console = insert(FCEUMM)
    console.run(30)
    console.press("START")
    console.run(60)
    console.press("A")  # the comet flies, slowly, for a second and more
    console.press("START")
    paused = court(console)
    console.run(60)
    still = np.mean(court(console) != paused)
    console.press("START")
    console.run(10)
    moved = np.mean(court(console) != paused)
    assert moved > 5 * still  # the comet burns in a pause too, but stays where it is


def test_select_leaves_a_pause_for_the_title(insert: Insert) -> None:
    console = insert(FCEUMM)
    console.run(60)
    moon = console.region(192, 16, 48, 48).copy()
    console.press("START")
    console.run(60)
    assert not np.array_equal(console.region(192, 16, 48, 48), moon)
    console.press("START")
    console.press("SELECT")
    console.run(30)
    assert np.array_equal(console.region(192, 16, 48, 48), moon)


@each_core
def test_the_best_score_outlives_the_console(insert: Insert, core: Path) -> None:
    console = insert(core)
    console.run(60)
    assert best_score(console) == 0
    nothing = shown_best(console)
    console.press("START")
    for _throw in range(1200):
        console.press("DOWN", "A", frames=4)
        if best_score(console):
            break
    best = best_score(console)
    assert best >= 100
    save = console.save_ram()

    console = insert(core, save)
    console.run(60)
    assert best_score(console) == best
    assert not np.array_equal(shown_best(console), nothing)


@each_core
def test_two_players_play_to_seven_and_leave_the_best_score_alone(insert: Insert, core: Path) -> None:
    console = insert(core, record(120))
    console.run(30)
    console.press("DOWN")
    console.press("START")
    console.run(60)
    no_goals = console.region(72, 24, 56, 8).copy()
    bare_court = console.region(72, 96, 128, 64).copy()
    play_as_two(console, 2400)
    console.run(60)
    banner = console.region(72, 96, 128, 64)
    assert np.mean(banner.max(axis=2) == 0) > 0.6
    assert not np.array_equal(console.region(72, 24, 56, 8), no_goals)
    assert best_score(console) == 120
    console.press("START")
    console.run(60)
    assert np.array_equal(console.region(72, 24, 56, 8), no_goals)
    assert np.array_equal(console.region(72, 96, 128, 64), bare_court)


@pytest.mark.parametrize("place", range(10))
def test_a_damaged_battery_is_taken_for_empty(insert: Insert, place: int) -> None:
    save = bytearray(record(4560))
    save[place] ^= 0x01
    console = insert(FCEUMM, bytes(save))
    console.run(30)
    assert best_score(console) == 0


def test_a_new_battery_full_of_anything_is_taken_for_empty(insert: Insert) -> None:
    for filling in (0x00, 0xFF, 0x05):
        console = insert(FCEUMM, bytes([filling]) * 8192)
        console.run(30)
        assert best_score(console) == 0


def test_a_whole_record_is_read(insert: Insert) -> None:
    console = insert(FCEUMM, record(98760))
    console.run(30)
    assert best_score(console) == 98760
