"""The ways into a room."""

import pytest

from coordinator.messages import (
    Admit,
    Admitted,
    Back,
    Candidate,
    CloseRoom,
    Dismiss,
    Ended,
    Join,
    Leave,
    OpenRoom,
    SetRoom,
    Start,
    Trickle,
    ViewerCandidate,
    ViewerLeft,
)
from coordinator.rooms.decisions import StartTook, ToWorker
from coordinator.rooms.joining import ENTRIES_A_SECOND, ENTRIES_AT_ONCE
from coordinator.rooms.recovery import RETURN_SECONDS
from coordinator.rooms.room import MAX_CANDIDATES
from coordinator.rooms.room_table import digest
from tests.coordinator.simulation import DUEL, Simulation

PROFILE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
START = Start(game="d", offer="v=0", scale=2, profile=PROFILE, name="Ada")
CANDIDATE = Candidate(candidate="candidate:1 1 udp 2 192.0.2.1 9 typ host", sdpMid="0")


@pytest.fixture
def worker(simulation):
    return simulation.add_worker(capacity=2)


class TestStart:
    def test_opens_a_room_on_the_worker_and_tells_the_page_when_it_runs(self, simulation, worker):
        simulation.now = 100.0
        [(_, opening)] = simulation.send(7, START)

        assert opening == OpenRoom(
            room="id2", game="d", viewer="v1", seat=0, offer="v=0", scale=2, profile=digest(PROFILE), epoch=1
        )
        simulation.now = 100.25
        simulation.reply(worker, Admitted(room="id2", viewer="v1", answer="a=1", codec="VP8"))
        [started] = simulation.sent_to(7)
        assert (started.room, started.seat, started.game, started.answer) == ("id2", 0, DUEL, "a=1")
        assert (started.member, started.token) == ("m1", "id1")
        assert simulation.decided[1] == StartTook(0.25)
        assert simulation.room("id2").codec == "VP8"
        assert simulation.states[7].members[0].name == "Ada"

    def test_gives_workers_the_hash_of_a_profile_alone(self, simulation, worker):
        [(_, opening)] = simulation.send(7, START)

        assert PROFILE not in repr(opening)
        assert len(opening.profile) == 64

    def test_is_refused_without_a_worker(self, simulation):
        simulation.send(7, START)

        assert simulation.outcome(7) == ("Refused", "no_workers")

    def test_is_refused_for_a_game_that_nobody_has(self, simulation, worker):
        simulation.send(7, Start(game="x", offer="v=0"))

        assert simulation.outcome(7) == ("Refused", "unknown_game")

    def test_is_refused_when_all_workers_are_full_and_possible_again_afterwards(self, simulation, worker):
        simulation.play(1)
        simulation.play(2)

        simulation.send(3, START)
        assert simulation.outcome(3) == ("Refused", "no_seats")

        simulation.send(1, Leave())
        [opening] = simulation.send(3, START)
        assert isinstance(opening.message, OpenRoom)

    def test_that_is_refused_has_left_the_first_room_all_the_same(self, simulation, worker):
        simulation.play(1)

        simulation.send(1, Start(game="x", offer="v=0"))

        assert isinstance(simulation.commands_to(worker)[0], CloseRoom)
        assert simulation.outcome(1) == ("Refused", "unknown_game")
        assert worker.free == 2


class TestAddresses:
    @pytest.fixture
    def simulation(self):
        return Simulation(rooms_per_address=2)

    def test_one_has_so_many_rooms_and_no_more(self, simulation):
        simulation.add_worker(capacity=9)
        simulation.send(1, START, "192.0.2.1")
        simulation.send(2, START, "192.0.2.1")

        simulation.send(3, START, "192.0.2.1")
        assert simulation.outcome(3) == ("Refused", "too_many_rooms")
        [opening] = simulation.send(4, START, "192.0.2.2")
        assert isinstance(opening.message, OpenRoom)

        simulation.send(1, Leave())
        [opening] = simulation.send(3, START, "192.0.2.1")
        assert isinstance(opening.message, OpenRoom)

    def test_one_may_open_and_enter_so_often_and_no_more_whatever_it_leaves(self, simulation):
        simulation.add_worker(capacity=9)
        room = simulation.play(99).room
        for _ in range(ENTRIES_AT_ONCE // 2):
            simulation.send(1, START, "192.0.2.1")
            simulation.send(1, Join(room=room, offer="v=1"), "192.0.2.1")

        simulation.send(1, START, "192.0.2.1")
        assert simulation.outcome(1) == ("Refused", "too_many_entries")
        simulation.send(2, Join(room=room, offer="v=1"), "192.0.2.1")
        assert simulation.outcome(2) == ("Refused", "too_many_entries")
        simulation.send(3, Join(room=room, offer="v=1"), "192.0.2.2")
        assert simulation.admit()[0].room == room

        simulation.advance(1 / ENTRIES_A_SECOND)
        [opening] = simulation.send(1, START, "192.0.2.1")
        assert isinstance(opening.message, OpenRoom)

    def test_whoever_comes_back_may_do_so_as_often_as_the_path_breaks(self, simulation):
        simulation.add_worker(capacity=9)
        started = simulation.play(99)
        for page in range(2 * ENTRIES_AT_ONCE):
            simulation.send(page, Join(room=started.room, offer="v=1", token=started.token), "192.0.2.1")
            assert simulation.admit()[0].member == started.member

    def test_none_is_not_limited(self, simulation):
        simulation.add_worker(capacity=9)

        for page in range(5):
            [opening] = simulation.send(page, START)
            assert isinstance(opening.message, OpenRoom)


class TestJoin:
    def test_takes_the_first_free_seat(self, simulation, worker):
        room = simulation.play(1).room

        simulation.send(2, Join(room=room, offer="v=1", profile=PROFILE))

        assert simulation.decided == [
            ToWorker(worker.id, Admit(room=room, viewer="v2", seat=1, offer="v=1", profile=digest(PROFILE)))
        ]
        [started] = simulation.admit()
        assert (started.seat, started.member) == (1, "m2")

    def test_watches_when_it_wants_to_or_the_seats_are_taken(self, simulation, worker):
        room = simulation.play(1).room

        assert simulation.enter(2, room, watch=True).seat is None
        assert [simulation.enter(page, room).seat for page in range(3, 8)] == [1, 2, 3, None, None]

    def test_is_refused_for_a_room_that_is_not_there(self, simulation, worker):
        simulation.send(1, Join(room="nowhere", offer="v=1"))

        assert simulation.outcome(1) == ("Refused", "unknown_room")

    def test_of_another_room_leaves_the_first(self, simulation, worker):
        first, second = simulation.play(1).room, simulation.play(2).room

        simulation.send(1, Join(room=second, offer="v=1"))

        closing, admission = simulation.commands_to(worker)
        assert closing == CloseRoom(room=first)
        assert admission.room == second


class TestComingBack:
    def test_with_the_token_gives_the_same_seat_on_a_new_connection(self, simulation, worker):
        simulation.play(1)
        started = simulation.enter(2, "id2")
        simulation.disconnect(2)

        simulation.send(9, Join(room="id2", offer="v=2", token=started.token))

        assert simulation.commands_to(worker) == [
            Dismiss(room="id2", viewer="v2"),
            Admit(room="id2", viewer="v3", seat=1, offer="v=2"),
        ]
        [again] = simulation.admit()
        assert (again.member, again.token, again.seat) == (started.member, started.token, 1)
        assert simulation.states[9].you == "m2"

    def test_from_another_tab_takes_the_seat_from_the_first(self, simulation, worker):
        started = simulation.play(1)

        simulation.send(2, Join(room=started.room, offer="v=1", token=started.token))

        [ended] = simulation.sent_to(1)
        assert (type(ended), ended.code) == (Ended, "elsewhere")
        assert simulation.admit()[0].seat == 0
        simulation.disconnect(1)
        assert simulation.decided == []

    def test_of_the_page_itself_needs_no_token_but_gives_a_new_one(self, simulation, worker):
        started = simulation.play(1)

        again = simulation.enter(1, started.room)

        assert (again.member, again.seat) == (started.member, 0)
        assert again.token != started.token
        assert simulation.enter(1, started.room, token=again.token).token == again.token

    def test_with_a_wrong_token_is_that_of_a_stranger(self, simulation, worker):
        room = simulation.play(1).room

        assert simulation.enter(2, room, token="guessed").member == "m2"

    def test_with_the_token_of_another_room_is_that_of_a_stranger(self, simulation, worker):
        mine, other = simulation.play(1), simulation.play(2)
        simulation.send(2, SetRoom(locked=True))

        simulation.send(3, Join(room=other.room, offer="v=1", token=mine.token))
        assert simulation.outcome(3) == ("Refused", "room_locked")
        simulation.send(3, Back(room=other.room, token=mine.token))
        assert simulation.outcome(3) == ("Refused", "forgotten")

    def test_of_the_connection_alone_shows_the_room_and_keeps_the_media(self, simulation, worker):
        started = simulation.play(1)
        simulation.disconnect(1)

        simulation.send(2, Back(room=started.room, token=started.token))

        assert simulation.decided == []
        assert simulation.states[2].members[0].here

    def test_of_the_connection_alone_asks_for_new_media_if_the_old_are_gone(self, simulation, worker):
        started = simulation.play(1)
        simulation.disconnect(1)
        simulation.room(started.room)
        simulation.send(3, Join(room=started.room, offer="v=3", token=started.token))
        simulation.disconnect(3)

        simulation.send(2, Back(room=started.room, token=started.token))

        assert simulation.outcome(2) == ("Reconnect", "connection_lost")

    def test_of_the_connection_alone_after_the_seat_is_lost_takes_a_free_one(self, simulation, worker):
        started = simulation.play(1)
        simulation.disconnect(1)
        simulation.reply(worker, ViewerLeft(room=started.room, viewer="v1"))
        simulation.advance(60)

        simulation.send(2, Back(room=started.room, token=started.token))

        assert simulation.seats(2) == {"m1": 0}

    def test_with_another_members_token_stays_who_it_is(self, simulation, worker):
        started = simulation.play(1)
        simulation.enter(2, started.room)

        simulation.send(2, Back(room=started.room, token=started.token))

        assert simulation.states[2].you == "m2"
        assert simulation.states[1].you == "m1"

    def test_after_too_long_is_refused(self, simulation, worker):
        room = simulation.play(1).room

        simulation.send(2, Back(room=room, token="forgotten"))

        assert simulation.outcome(2) == ("Refused", "forgotten")


class TestCandidates:
    def test_go_to_the_room_of_the_page(self, simulation, worker):
        simulation.send(1, START)

        simulation.send(1, Trickle(candidate=CANDIDATE))

        assert simulation.commands_to(worker) == [ViewerCandidate(room="id2", viewer="v1", candidate=CANDIDATE)]

    def test_without_a_room_are_dropped(self, simulation):
        assert simulation.send(1, Trickle(candidate=CANDIDATE)) == []

    def test_of_a_connection_that_has_ended_are_dropped(self, simulation, worker):
        started = simulation.play(1)
        simulation.reply(worker, ViewerLeft(room=started.room, viewer="v1"))

        assert simulation.send(1, Trickle(candidate=CANDIDATE)) == []

    def test_wait_with_the_offer_for_a_room_without_a_worker(self, simulation, worker):
        room = simulation.play(1).room
        simulation.disconnect_worker(worker)
        simulation.send(2, Join(room=room, offer="v=2"))
        assert simulation.send(2, Trickle(candidate=CANDIDATE)) == []
        simulation.advance(RETURN_SECONDS)

        other = simulation.add_worker()

        assert simulation.commands_to(other)[-1] == ViewerCandidate(room=room, viewer="v2", candidate=CANDIDATE)

    def test_are_kept_up_to_a_limit_until_the_answer(self, simulation, worker):
        simulation.send(1, START)
        for _ in range(MAX_CANDIDATES + 5):
            simulation.send(1, Trickle(candidate=CANDIDATE))
        [viewer] = simulation.room("id2").viewers.values()
        assert len(viewer.candidates) == MAX_CANDIDATES

        simulation.reply(worker, Admitted(room="id2", viewer="v1", answer="a=1"))

        assert viewer.candidates == []


class TestRegions:
    def test_a_room_opens_in_the_closest_region_and_its_page_is_told_where(self, simulation):
        simulation.add_worker(region="east", capacity=9)
        simulation.add_worker(region="west")

        assert simulation.play(1, delays={"east": 50, "west": 5}).region == "west"

    def test_the_players_choice_comes_before_the_closest(self, simulation):
        simulation.add_worker(region="east")
        simulation.add_worker(region="west")

        assert simulation.play(1, region="east", delays={"east": 50, "west": 5}).region == "east"

    def test_a_full_or_unknown_choice_is_no_reason_to_refuse(self, simulation):
        simulation.add_worker(region="east", capacity=1)
        simulation.add_worker(region="west")
        simulation.play(1, region="east")

        assert simulation.play(2, region="east").region == "west"
        assert simulation.play(3, region="atlantis").region == "west"
