"""One room, as data and as pages see it."""

import pytest

from coordinator.errors import WrongPhaseError
from coordinator.fleet.registry import Registry
from coordinator.messages import ListedRoom, Person, Register
from coordinator.rooms.phases import Event, Phase
from coordinator.rooms.room import Room, Viewer
from tests.coordinator.simulation import DUEL


@pytest.fixture
def room():
    worker = Registry().register(Register(name="box", capacity=1, games=(DUEL,)))
    return Room("kXv3-unguessable", DUEL, worker, opened_at=0.0, listed=True)


def test_the_label_does_not_open_the_room(room):
    assert room.id.startswith(room.label)
    assert len(room.label) < len(room.id)


def test_it_takes_no_event_that_can_not_happen(room):
    with pytest.raises(WrongPhaseError):
        room.apply(Event.FROZEN)
    assert room.phase is Phase.STARTING


def test_people_are_shown_without_their_secrets(room):
    member = room.roster.add("hash", "Ada", "profile")

    assert room.people == (Person(id="m1", name="Ada", seat=0, here=False),)
    member.page = 7
    assert room.people[0].here


def test_the_lobby_shows_it_when_it_is_open_and_listed_and_not_locked(room):
    room.roster.add("hash")
    room.roster.add("hash", watch=True)
    assert room.in_lobby is None

    room.apply(Event.ANSWERED)
    assert room.in_lobby == ListedRoom(room=room.id, game=DUEL, players=1, watching=1, free_seats=3)

    room.roster.locked = True
    assert room.in_lobby is None
    room.roster.locked, room.listed = False, False
    assert room.in_lobby is None


def test_an_answer_ends_what_was_kept_for_it(room):
    member = room.roster.add("hash")
    viewer = Viewer("v1", member, "v=0", "token", 0.0)
    room.viewers["v1"] = viewer
    assert room.viewer_of(member) is viewer

    viewer.admit()

    assert (viewer.offer, viewer.token, viewer.candidates) == ("", "", [])
