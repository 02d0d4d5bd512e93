"""Rooms as records, written and read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.messages import GiveSeat, Remove, SetRoom
from coordinator.messages.fields import MAX_RECORD
from coordinator.rooms import records
from coordinator.rooms.phases import Phase
from coordinator.rooms.seats import MAX_BANNED, MAX_MEMBERS
from tests.coordinator.simulation import Simulation

PROFILE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.fixture
def simulation():
    simulation = Simulation()
    simulation.box = simulation.add_worker()
    simulation.started = simulation.play(1, scale=3, profile=PROFILE, name="Ada", listed=True)
    simulation.enter(2, simulation.started.room, watch=True)
    return simulation


def test_a_room_comes_back_as_it_was(simulation):
    room = simulation.room(simulation.started.room)
    simulation.send(1, GiveSeat(member="m2"))
    simulation.send(1, SetRoom(locked=True))

    record = records.read(records.write(room))
    again = records.room_of(room.id, record, room.worker, 5.0)

    same = ("id", "game", "worker", "scale", "profile", "listed", "epoch", "codec", "viewers_so_far")
    assert {name: getattr(again, name) for name in same} == {name: getattr(room, name) for name in same}
    assert (again.phase, again.opened_at) == (Phase.OPEN, 5.0)
    assert (again.roster.host, again.roster.locked) == ("m1", True)
    assert [(p.id, p.name, p.seat) for p in again.people] == [("m1", "Ada", None), ("m2", "Player 2", 0)]
    assert again.roster.members["m2"].wants_seat
    assert again.roster.by_token(room.roster.members["m1"].token_hash).id == "m1"


def test_it_holds_no_secret_that_would_open_anything(simulation):
    record = simulation.records[simulation.started.room]

    assert simulation.started.token not in record
    assert PROFILE not in record


def test_the_fullest_room_fits():
    simulation = Simulation()
    simulation.add_worker()
    room = simulation.play(1, name="\U0001f3ae" * 24).room
    for number in range(MAX_BANNED):
        simulation.enter(2, room, profile=f"{number:026d}".translate(str.maketrans("0189", "ABCD")))
        member = simulation.states[2].you
        simulation.send(1, Remove(member=member))
    for page in range(2, MAX_MEMBERS + 1):
        simulation.enter(page, room, name="\U0001f3ae" * 24, profile=PROFILE)

    assert len(simulation.records[room]) < MAX_RECORD / 2


@pytest.mark.parametrize(
    "change",
    [
        {"members": []},
        {"host": "m9"},
        {"epoch": -1},
        {"game": "d"},
        {"members": "two of one seat"},
        {"members": "one twice"},
    ],
)
def test_a_record_that_makes_no_sense_is_none(simulation, change):
    record = json.loads(simulation.records[simulation.started.room])
    first, second = record["members"]
    members = {"two of one seat": [first, {**second, "seat": 0}], "one twice": [first, first]}
    changed = {**record, **change}
    if isinstance(changed["members"], str):
        changed["members"] = members[changed["members"]]

    assert records.read(json.dumps(changed)) is None


@given(st.text(max_size=200))
def test_any_text_is_a_record_or_none(text):
    assert records.read(text) is None


@given(data=st.data())
def test_any_change_of_a_byte_is_a_record_or_none(data):
    simulation = Simulation()
    simulation.add_worker()
    record = simulation.records[simulation.play(1).room]
    at = data.draw(st.integers(0, len(record) - 1))

    read = records.read(record[:at] + data.draw(st.characters()) + record[at + 1 :])

    assert read is None or read.members
