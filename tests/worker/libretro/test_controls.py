"""Descriptors, controllers, keyboard events and rumble."""

from pathlib import Path

from tests.cores.build import Builder
from tests.cores.own_process import in_own_process
from tests.worker.libretro.recording import Held, Recording, open_core
from worker.libretro.constants import JOYPAD_MASK, Device
from worker.libretro.controls import Controller, InputDescriptor

A, B = 8, 0


@in_own_process
def test_what_inputs_are_called_and_what_may_be_plugged_in(build: Builder, tmp_path: Path) -> None:
    core = open_core(build("echo"), tmp_path)
    assert core.input_descriptors == [
        InputDescriptor(0, Device.JOYPAD, 0, B, "Weak rumble"),
        InputDescriptor(0, Device.JOYPAD, 0, A, "Strong rumble, high beep"),
    ]
    assert core.controllers == [[Controller(1, "Pad"), Controller(257, "Big pad")], [Controller(1, "Pad")]]


@in_own_process
def test_plugging_in_a_controller(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("echo"), tmp_path)
    recording = Recording(core)
    core.load_game(game)
    core.set_controller(1, 257)
    core.run()
    assert recording.picture[40, 12 * 8] == 0
    assert recording.picture[40, 13 * 8] == 1


@in_own_process
def test_key_events(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("echo"), tmp_path)
    recording = Recording(core)
    core.load_game(game)
    core.key_event(True, 97, ord("A"), 1)
    core.key_event(False, 98, 0, 0)
    core.run()
    assert [recording.picture[40, column * 8] for column in (9, 10, 11)] == [97, 65, 1]


@in_own_process
def test_key_events_for_a_core_that_does_not_listen(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("changes"), tmp_path)
    recording = Recording(core)
    core.load_game(game)
    core.key_event(True, 97, 97, 0)
    core.run()
    assert len(recording.frames) == 1


@in_own_process
def test_rumble_is_told_when_it_changes(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("echo"), tmp_path)
    recording = Recording(core)
    core.inputs = held = Held({(2, Device.JOYPAD, 0, JOYPAD_MASK): 1 << A | 1 << B})
    core.load_game(game)
    core.run()
    core.run()
    assert recording.rumbles == [(2, 0xFFFF, 0), (2, 0xFFFF, 0x8000)]
    held.states.clear()
    core.run()
    assert recording.rumbles[2:] == [(2, 0, 0x8000), (2, 0, 0)]
