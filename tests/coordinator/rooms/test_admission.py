"""What workers say of viewers."""

import pytest

from coordinator.messages import Admitted, CloseRoom, Dismiss, Join, Rejected, RoomClosed, Start, ViewerLeft
from coordinator.rooms.room_table import ANSWER_SECONDS
from tests.coordinator.simulation import Floor


@pytest.fixture
def floor():
    return Floor()


@pytest.fixture
def worker(floor):
    return floor.worker()


def test_a_rejected_start_gives_the_place_free(floor, worker):
    floor.say(1, Start(game="d", offer="v=0"))

    floor.answer(worker, Rejected(room="id2", viewer="v1", code="no_codec", message="No codec in common."))

    assert floor.code(1) == ("Refused", "no_codec")
    assert floor.commands(worker) == [CloseRoom(room="id2")]
    assert worker.free == worker.capacity


def test_a_rejected_join_leaves_the_others_alone(floor, worker):
    room = floor.play(1).room
    floor.say(2, Join(room=room, offer="v=1"))

    floor.answer(worker, Rejected(room=room, viewer="v2", code="no_codec", message="No codec in common."))

    assert floor.code(2) == ("Refused", "no_codec")
    assert floor.seats(1) == {"m1": 0}


def test_a_member_whose_return_is_rejected_stays_one(floor, worker):
    started = floor.play(1)
    floor.say(1, Join(room=started.room, offer="v=2", token=started.token))

    floor.answer(worker, Rejected(room=started.room, viewer="v2", code="no_codec", message="No codec in common."))

    assert floor.code(1) == ("Refused", "no_codec")
    assert floor.enter(1, started.room, token=started.token).seat == 0


def test_a_broken_path_calls_the_page_back_to_its_seat(floor, worker):
    started = floor.play(1)

    floor.answer(worker, ViewerLeft(room=started.room, viewer="v1"))

    assert floor.code(1) == ("Reconnect", "connection_lost")
    assert floor.seats(1) == {"m1": 0}
    assert floor.enter(1, started.room, token=started.token).seat == 0


def test_the_end_of_a_connection_that_was_replaced_changes_nothing(floor, worker):
    started = floor.play(1)
    floor.enter(1, started.room, token=started.token)

    assert floor.answer(worker, ViewerLeft(room=started.room, viewer="v1")) == []


def test_a_viewer_who_left_before_it_was_in_is_turned_away(floor, worker):
    floor.play(1)
    floor.say(2, Join(room="id2", offer="v=1"))

    floor.answer(worker, ViewerLeft(room="id2", viewer="v2"))

    assert floor.code(2) == ("Refused", "connection_lost")
    assert floor.seats(1) == {"m1": 0}


class TestSilence:
    def test_about_a_start_refuses_it_and_closes_the_room(self, floor, worker):
        floor.say(1, Start(game="d", offer="v=0"))
        assert floor.wait(ANSWER_SECONDS - 0.01) == []

        floor.wait(0.01)

        assert floor.code(1) == ("Refused", "worker_silent")
        assert floor.commands(worker) == [CloseRoom(room="id2")]
        assert floor.rooms.next_deadline() is None

    def test_about_a_join_refuses_it_and_the_room_goes_on(self, floor, worker):
        room = floor.play(1).room
        floor.say(2, Join(room=room, offer="v=1"))

        floor.wait(ANSWER_SECONDS)

        assert floor.code(2) == ("Refused", "worker_silent")
        assert floor.commands(worker) == [Dismiss(room=room, viewer="v2")]

    def test_about_a_member_leaves_it_one(self, floor, worker):
        started = floor.play(1)
        floor.say(1, Join(room=started.room, offer="v=1", token=started.token))

        floor.wait(ANSWER_SECONDS)

        assert floor.code(1) == ("Refused", "worker_silent")
        assert floor.seats(1) == {"m1": 0}

    def test_deadlines_are_those_without_an_answer_the_oldest_first(self, floor, worker):
        floor.say(1, Start(game="d", offer="v=0"))
        floor.wait(2)
        floor.say(2, Start(game="d", offer="v=0"))
        assert floor.rooms.next_deadline() == ANSWER_SECONDS

        floor.answer(worker, Admitted(room="id2", viewer="v1", answer="a=1"))

        assert floor.rooms.next_deadline() == 2 + ANSWER_SECONDS

    def test_an_answer_that_is_too_late_changes_nothing(self, floor, worker):
        floor.say(1, Start(game="d", offer="v=0"))
        floor.wait(ANSWER_SECONDS)

        assert floor.answer(worker, Admitted(room="id2", viewer="v1", answer="a=1")) == []
        assert not floor.rooms.members


def test_nobody_decides_about_another_workers_room(floor, worker):
    floor.say(1, Start(game="d", offer="v=0"))
    stranger = floor.worker()
    ids = {"room": "id2", "viewer": "v1"}

    assert floor.answer(stranger, Admitted(answer="a=1", **ids)) == []
    assert floor.answer(stranger, Rejected(code="x", message="", **ids)) == []
    assert floor.answer(stranger, ViewerLeft(**ids)) == []
    assert floor.answer(stranger, RoomClosed(room="id2", code="x", message="")) == []
    assert len(floor.rooms.members) == 1


def test_a_second_answer_changes_nothing(floor, worker):
    floor.play(1)

    assert floor.answer(worker, Admitted(room="id2", viewer="v1", answer="a=1")) == []


def test_an_answer_about_a_member_without_a_page_lets_it_in_and_is_told_to_nobody(floor, worker):
    room = floor.play(1).room
    floor.say(2, Join(room=room, offer="v=1"))
    member = floor.room(room).company.members["m2"]
    floor.rooms._house.detach(floor.room(room), member)  # nothing does so before an answer; page is None by its type

    assert floor.answer(worker, Admitted(room=room, viewer="v2", answer="a=1")) == []
    assert member.known
