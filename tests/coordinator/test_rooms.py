"""Who is in which room, and what pages and workers are told. No clock, no socket."""

from itertools import count

import pytest

from coordinator.messages import (
    Admit,
    Admitted,
    Candidate,
    CloseRoom,
    Dismiss,
    Ended,
    Game,
    Join,
    OpenRoom,
    Refused,
    Register,
    Rejected,
    RoomClosed,
    Start,
    Trickle,
    ViewerCandidate,
    ViewerLeft,
)
from coordinator.registry import Registry
from coordinator.rooms import ANSWER_SECONDS, Rooms, StartTook, ToPage, ToWorker, unguessable_id
from coordinator.seats import MAX_SPECTATORS, SEATS

DUEL = Game(id="d", title="Duel", system="NES")
AIR = Game(id="a", title="Air", system="Mega Drive")
START = Start(game="d", offer="v=0", scale=2)
CANDIDATE = Candidate(candidate="candidate:1 1 udp 2 192.0.2.1 9 typ host", sdpMid="0")


@pytest.fixture
def registry():
    return Registry()


@pytest.fixture
def rooms(registry):
    numbers = count(1)
    return Rooms(registry, new_id=lambda: f"r{next(numbers)}")


@pytest.fixture
def worker(registry):
    return registry.register(Register(name="box", capacity=2, games=(DUEL, AIR)))


def admit(rooms, decision, now=0.0):
    """The worker admits the viewer that this decision tells it of."""
    command = decision.message
    return rooms.admitted(decision.worker, Admitted(room=command.room, viewer=command.viewer, answer="a=1"), now)


def play(rooms, page, now=0.0):
    """The page starts a game and is in it."""
    [opening] = rooms.start(page, START, now)
    admit(rooms, opening, now)
    return opening.message


def enter(rooms, page, room):
    """The page joins the room and is in it."""
    [decision] = rooms.join(page, Join(room=room, offer="v=1"), 0.0)
    admit(rooms, decision)
    return decision.message


def code(decision):
    """The code of a refusal or an end, whose sentence is one."""
    assert decision.message.message.endswith((".", "link."))
    return type(decision.message), decision.message.code


class TestStart:
    def test_opens_a_room_on_the_worker_and_tells_the_page_when_it_runs(self, rooms, worker):
        decisions = rooms.start(7, START, 100.0)

        opening = OpenRoom(room="r1", game="d", viewer="v1", seat=0, offer="v=0", scale=2)
        assert decisions == [ToWorker(worker.id, opening)]
        started, took = admit(rooms, decisions[0], 100.25)
        assert (started.page, started.message.room, started.message.answer) == (7, "r1", "a=1")
        assert took == StartTook(0.25)

    def test_is_refused_without_a_worker(self, rooms):
        [refusal] = rooms.start(7, START, 0.0)

        assert refusal.page == 7
        assert code(refusal) == (Refused, "no_workers")

    def test_is_refused_for_a_game_that_nobody_has(self, rooms, worker):
        [refusal] = rooms.start(7, Start(game="x", offer="v=0"), 0.0)

        assert code(refusal) == (Refused, "unknown_game")

    def test_is_refused_when_all_workers_are_full_and_possible_again_afterwards(self, rooms, worker):
        play(rooms, 1)
        play(rooms, 2)

        [refusal] = rooms.start(3, START, 0.0)
        assert code(refusal) == (Refused, "no_seats")

        rooms.leave(1)
        [opening] = rooms.start(3, START, 0.0)
        assert isinstance(opening.message, OpenRoom)

    def test_a_second_start_leaves_the_first_room_before(self, rooms, registry):
        only = registry.register(Register(name="small", capacity=1, games=(DUEL, AIR)))
        first = play(rooms, 1)

        closing, opening = rooms.start(1, Start(game="a", offer="v=0"), 0.0)

        assert closing == ToWorker(only.id, CloseRoom(room=first.room))
        assert opening.message.game == "a"

    def test_a_refused_start_has_left_the_first_room_all_the_same(self, rooms, worker):
        play(rooms, 1)

        closing, refusal = rooms.start(1, Start(game="x", offer="v=0"), 0.0)

        assert isinstance(closing.message, CloseRoom)
        assert code(refusal) == (Refused, "unknown_game")
        assert worker.free == 2

    def test_a_rejection_gives_the_place_free(self, rooms, worker):
        [opening] = rooms.start(1, START, 0.0)
        sentence = "The core can't load this game. Choose another one."
        rejection = Rejected(room="r1", viewer=opening.message.viewer, code="core_failed", message=sentence)

        refusal, closing = rooms.rejected(worker.id, rejection)

        assert refusal == ToPage(1, Refused(code="core_failed", message=sentence))
        assert closing == ToWorker(worker.id, CloseRoom(room="r1"))
        assert worker.free == 2

    def test_a_room_that_closes_before_it_runs_refuses_the_start(self, rooms, worker):
        rooms.start(1, START, 0.0)

        [refusal] = rooms.room_closed(worker.id, RoomClosed(room="r1", code="core_failed", message="It failed."))

        assert code(refusal) == (Refused, "core_failed")
        assert worker.free == 2


class TestSilence:
    def test_a_start_without_an_answer_is_refused_and_its_room_closed(self, rooms, worker):
        rooms.start(1, START, 100.0)
        assert rooms.next_deadline() == 100.0 + ANSWER_SECONDS
        assert rooms.expire(100.0 + ANSWER_SECONDS - 0.01) == []

        refusal, closing = rooms.expire(100.0 + ANSWER_SECONDS)

        assert code(refusal) == (Refused, "worker_silent")
        assert closing.message == CloseRoom(room="r1")
        assert rooms.next_deadline() is None
        assert worker.free == 2

    def test_a_join_without_an_answer_is_refused_and_the_room_goes_on(self, rooms, worker):
        room = play(rooms, 1).room
        [asked] = rooms.join(2, Join(room=room, offer="v=1"), 5.0)

        refusal, dismissal = rooms.expire(5.0 + ANSWER_SECONDS)

        assert code(refusal) == (Refused, "worker_silent")
        assert dismissal.message == Dismiss(room=room, viewer=asked.message.viewer)
        assert worker.free == 1

    def test_deadlines_are_those_without_an_answer_the_oldest_first(self, rooms, worker):
        [first] = rooms.start(1, START, 1.0)
        rooms.start(2, START, 2.0)
        assert rooms.next_deadline() == 1.0 + ANSWER_SECONDS

        admit(rooms, first, 3.0)

        assert rooms.next_deadline() == 2.0 + ANSWER_SECONDS

    def test_an_answer_that_is_too_late_changes_nothing(self, rooms, worker):
        [opening] = rooms.start(1, START, 0.0)
        rooms.expire(ANSWER_SECONDS)

        assert admit(rooms, opening, ANSWER_SECONDS + 1) == []
        assert not rooms.viewers


class TestJoin:
    def test_takes_the_first_free_seat(self, rooms, worker):
        room = play(rooms, 1).room

        decisions = rooms.join(2, Join(room=room, offer="v=1"), 0.0)

        assert decisions == [ToWorker(worker.id, Admit(room=room, viewer="v2", seat=1, offer="v=1"))]
        [started] = admit(rooms, decisions[0])
        assert (started.page, started.message.seat, started.message.answer) == (2, 1, "a=1")

    def test_watches_when_the_seats_are_taken_and_is_refused_when_all_places_are(self, rooms, worker):
        room = play(rooms, 1).room
        seats = [enter(rooms, page, room).seat for page in range(2, SEATS + MAX_SPECTATORS + 1)]
        assert seats == [1, 2, 3] + [None] * MAX_SPECTATORS

        [refusal] = rooms.join(100, Join(room=room, offer="v=1"), 0.0)

        assert code(refusal) == (Refused, "room_full")

    def test_is_refused_for_a_room_that_is_not_there(self, rooms, worker):
        [refusal] = rooms.join(1, Join(room="r9", offer="v=1"), 0.0)

        assert code(refusal) == (Refused, "unknown_room")

    def test_of_the_own_room_gives_the_same_seat_again_and_keeps_the_room(self, rooms, worker):
        opening = play(rooms, 1)

        dismissal, admission = rooms.join(1, Join(room=opening.room, offer="v=1"), 0.0)

        assert dismissal.message == Dismiss(room=opening.room, viewer=opening.viewer)
        assert admission.message == Admit(room=opening.room, viewer="v2", seat=0, offer="v=1")
        late = ViewerLeft(room=opening.room, viewer=opening.viewer)
        assert rooms.viewer_left(worker.id, late) == []

    def test_of_another_room_leaves_the_first(self, rooms, worker):
        first, second = play(rooms, 1).room, play(rooms, 2).room

        closing, admission = rooms.join(1, Join(room=second, offer="v=1"), 0.0)

        assert closing.message == CloseRoom(room=first)
        assert admission.message.room == second

    def test_a_rejected_join_leaves_the_others_alone(self, rooms, worker):
        room = play(rooms, 1).room
        [asked] = rooms.join(2, Join(room=room, offer="v=1"), 0.0)
        rejection = Rejected(room=room, viewer=asked.message.viewer, code="no_codec", message="No H.264.")

        assert rooms.rejected(worker.id, rejection) == [ToPage(2, Refused(code="no_codec", message="No H.264."))]
        assert [viewer.page for viewer in rooms.viewers] == [1]


class TestLeave:
    def test_gives_the_seat_free_and_the_room_goes_on(self, rooms, worker):
        opening = play(rooms, 1)
        enter(rooms, 2, opening.room)

        assert rooms.leave(1) == [ToWorker(worker.id, Dismiss(room=opening.room, viewer=opening.viewer))]
        assert enter(rooms, 3, opening.room).seat == 0

    def test_of_the_last_viewer_closes_the_room(self, rooms, worker):
        room = play(rooms, 1).room

        assert rooms.leave(1) == [ToWorker(worker.id, CloseRoom(room=room))]
        assert worker.free == 2

    def test_in_mid_start_closes_the_room(self, rooms, worker):
        rooms.start(1, START, 0.0)

        assert rooms.leave(1) == [ToWorker(worker.id, CloseRoom(room="r1"))]
        assert rooms.next_deadline() is None

    def test_without_a_room_does_nothing(self, rooms):
        assert rooms.leave(1) == []

    def test_of_a_media_connection_ends_the_stay_and_the_room_with_the_last_one(self, rooms, worker):
        opening = play(rooms, 1)
        second = enter(rooms, 2, opening.room)

        [end] = rooms.viewer_left(worker.id, ViewerLeft(room=opening.room, viewer=second.viewer))
        assert code(end) == (Ended, "connection_lost")
        end, closing = rooms.viewer_left(worker.id, ViewerLeft(room=opening.room, viewer=opening.viewer))
        assert end.page == 1
        assert closing.message == CloseRoom(room=opening.room)


class TestCandidates:
    def test_go_to_the_room_of_the_page(self, rooms, worker):
        [opening] = rooms.start(1, START, 0.0)

        [passed_on] = rooms.trickle(1, Trickle(candidate=CANDIDATE))

        expected = ViewerCandidate(room="r1", viewer=opening.message.viewer, candidate=CANDIDATE)
        assert passed_on == ToWorker(worker.id, expected)

    def test_without_a_room_are_dropped(self, rooms):
        assert rooms.trickle(1, Trickle(candidate=CANDIDATE)) == []


class TestWorkers:
    def test_a_lost_worker_ends_its_rooms_and_refuses_its_starts(self, rooms, registry, worker):
        room = play(rooms, 1).room
        rooms.join(2, Join(room=room, offer="v=1"), 0.0)
        rooms.start(3, START, 0.0)

        decisions = rooms.worker_lost(registry.remove(worker.id))

        verdicts = {decision.page: code(decision) for decision in decisions}
        assert verdicts == {1: (Ended, "worker_lost"), 2: (Refused, "worker_lost"), 3: (Refused, "worker_lost")}
        assert not rooms.rooms
        assert rooms.next_deadline() is None

    def test_a_lost_worker_leaves_the_other_workers_rooms_alone(self, rooms, registry, worker):
        other = registry.register(Register(name="other", capacity=9, games=(DUEL,)))
        [opening] = rooms.start(1, START, 0.0)
        assert opening.worker == other.id

        assert rooms.worker_lost(registry.remove(worker.id)) == []
        assert admit(rooms, opening) != []

    def test_a_closed_room_tells_everybody_in_it(self, rooms, worker):
        room = play(rooms, 1).room
        enter(rooms, 2, room)
        closing = RoomClosed(room=room, code="core_crashed", message="The core crashed. Start again.")

        decisions = rooms.room_closed(worker.id, closing)

        end = Ended(code="core_crashed", message="The core crashed. Start again.")
        assert decisions == [ToPage(1, end), ToPage(2, end)]
        assert rooms.room_closed(worker.id, closing) == []
        assert worker.free == 2

    def test_nobody_decides_about_another_workers_room(self, rooms, registry, worker):
        [opening] = rooms.start(1, START, 0.0)
        room, viewer = opening.message.room, opening.message.viewer
        stranger = registry.register(Register(name="stranger", capacity=1, games=())).id

        assert rooms.admitted(stranger, Admitted(room=room, viewer=viewer, answer="a=1"), 0.0) == []
        assert rooms.rejected(stranger, Rejected(room=room, viewer=viewer, code="x", message="")) == []
        assert rooms.viewer_left(stranger, ViewerLeft(room=room, viewer=viewer)) == []
        assert rooms.room_closed(stranger, RoomClosed(room=room, code="x", message="")) == []
        assert len(rooms.viewers) == 1

    def test_a_second_answer_changes_nothing(self, rooms, worker):
        [opening] = rooms.start(1, START, 0.0)
        admit(rooms, opening)

        assert admit(rooms, opening) == []


def test_room_ids_are_long_and_never_the_same():
    ids = {unguessable_id() for _ in range(100)}

    assert len(ids) == 100
    assert min(map(len, ids)) >= 22
