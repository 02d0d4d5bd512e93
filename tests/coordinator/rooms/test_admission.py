"""Workers' answers about viewers."""

from coordinator.fleet.registry import Registry
from coordinator.messages import Admitted, CloseRoom, Dismiss, Join, Register, Rejected, RoomClosed, Start, ViewerLeft
from coordinator.rooms.admission import Admission
from coordinator.rooms.decisions import ToPage
from coordinator.rooms.room import Room
from coordinator.rooms.room_table import ANSWER_SECONDS, RoomTable
from tests.coordinator.simulation import DUEL


def test_a_rejected_start_gives_the_place_free(simulation, worker):
    simulation.send(1, Start(game="d", offer="v=0"))

    simulation.reply(worker, Rejected(room="id2", viewer="v1", code="no_codec", message="No codec in common."))

    assert simulation.outcome(1) == ("Refused", "no_codec")
    assert simulation.commands_to(worker) == [CloseRoom(room="id2")]
    assert worker.free == worker.capacity


def test_a_rejected_join_leaves_the_others_alone(simulation, worker):
    room = simulation.play(1).room
    simulation.send(2, Join(room=room, offer="v=1"))

    simulation.reply(worker, Rejected(room=room, viewer="v2", code="no_codec", message="No codec in common."))

    assert simulation.outcome(2) == ("Refused", "no_codec")
    assert simulation.seats(1) == {"m1": 0}


def test_a_member_whose_return_is_rejected_stays_one(simulation, worker):
    started = simulation.play(1)
    simulation.send(1, Join(room=started.room, offer="v=2", token=started.token))

    simulation.reply(worker, Rejected(room=started.room, viewer="v2", code="no_codec", message="No codec in common."))

    assert simulation.outcome(1) == ("Refused", "no_codec")
    assert simulation.enter(1, started.room, token=started.token).seat == 0


def test_a_broken_path_calls_the_page_back_to_its_seat(simulation, worker):
    started = simulation.play(1)

    simulation.reply(worker, ViewerLeft(room=started.room, viewer="v1"))

    assert simulation.outcome(1) == ("Reconnect", "connection_lost")
    assert simulation.seats(1) == {"m1": 0}
    assert simulation.enter(1, started.room, token=started.token).seat == 0


def test_the_end_of_a_connection_that_was_replaced_changes_nothing(simulation, worker):
    started = simulation.play(1)
    simulation.enter(1, started.room, token=started.token)

    assert simulation.reply(worker, ViewerLeft(room=started.room, viewer="v1")) == []


def test_a_viewer_who_left_before_it_was_in_is_turned_away(simulation, worker):
    simulation.play(1)
    simulation.send(2, Join(room="id2", offer="v=1"))

    simulation.reply(worker, ViewerLeft(room="id2", viewer="v2"))

    assert simulation.outcome(2) == ("Refused", "connection_lost")
    assert simulation.seats(1) == {"m1": 0}


class TestSilence:
    def test_about_a_start_refuses_it_and_closes_the_room(self, simulation, worker):
        simulation.send(1, Start(game="d", offer="v=0"))
        assert simulation.advance(ANSWER_SECONDS - 0.01) == []

        simulation.advance(0.01)

        assert simulation.outcome(1) == ("Refused", "worker_silent")
        assert simulation.commands_to(worker) == [CloseRoom(room="id2")]
        assert simulation.rooms.next_deadline() is None

    def test_about_a_join_refuses_it_and_the_room_goes_on(self, simulation, worker):
        room = simulation.play(1).room
        simulation.send(2, Join(room=room, offer="v=1"))

        simulation.advance(ANSWER_SECONDS)

        assert simulation.outcome(2) == ("Refused", "worker_silent")
        assert simulation.commands_to(worker) == [Dismiss(room=room, viewer="v2")]

    def test_about_a_member_leaves_it_one(self, simulation, worker):
        started = simulation.play(1)
        simulation.send(1, Join(room=started.room, offer="v=1", token=started.token))

        simulation.advance(ANSWER_SECONDS)

        assert simulation.outcome(1) == ("Refused", "worker_silent")
        assert simulation.seats(1) == {"m1": 0}

    def test_deadlines_are_those_without_an_answer_the_oldest_first(self, simulation, worker):
        simulation.send(1, Start(game="d", offer="v=0"))
        simulation.advance(2)
        simulation.send(2, Start(game="d", offer="v=0"))
        assert simulation.rooms.next_deadline() == ANSWER_SECONDS

        simulation.reply(worker, Admitted(room="id2", viewer="v1", answer="a=1"))

        assert simulation.rooms.next_deadline() == 2 + ANSWER_SECONDS

    def test_an_answer_that_is_too_late_changes_nothing(self, simulation, worker):
        simulation.send(1, Start(game="d", offer="v=0"))
        simulation.advance(ANSWER_SECONDS)

        assert simulation.reply(worker, Admitted(room="id2", viewer="v1", answer="a=1")) == []
        assert not simulation.rooms.members


def test_nobody_decides_about_another_workers_room(simulation, worker):
    simulation.send(1, Start(game="d", offer="v=0"))
    stranger = simulation.add_worker()
    ids = {"room": "id2", "viewer": "v1"}

    assert simulation.reply(stranger, Admitted(answer="a=1", **ids)) == []
    assert simulation.reply(stranger, Rejected(code="x", message="", **ids)) == []
    assert simulation.reply(stranger, ViewerLeft(**ids)) == []
    assert simulation.reply(stranger, RoomClosed(room="id2", code="x", message="")) == []
    assert len(simulation.rooms.members) == 1


def test_a_second_answer_changes_nothing(simulation, worker):
    simulation.play(1)

    assert simulation.reply(worker, Admitted(room="id2", viewer="v1", answer="a=1")) == []


def test_an_answer_for_a_member_whose_page_is_gone_tells_nobody():
    table = RoomTable(Registry(), room_grace=120.0)
    worker = table.registry.register(Register(name="box", capacity=1, games=(DUEL,)))
    room = table.rooms["r1"] = Room("r1", DUEL, worker, opened_at=0.0)
    viewer = table.add_viewer(room, room.roster.add("hash"), "v=0", "token", 0.0)

    decisions = Admission(table).handle_admitted(worker.id, Admitted(room="r1", viewer=viewer.id, answer="a=1"), 1.0)

    assert viewer.admitted
    assert not any(isinstance(decision, ToPage) for decision in decisions)
