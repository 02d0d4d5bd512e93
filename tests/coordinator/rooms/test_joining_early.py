"""The ways into a room that no worker has brought yet, shortly after the coordinator's start."""

import pytest

from coordinator.messages import Back, Candidate, Join, Leave, SetRoom, Trickle
from coordinator.rooms.joining import EARLY_SECONDS
from tests.coordinator.simulation import Simulation

CANDIDATE = Candidate(candidate="candidate:1 1 udp 2 192.0.2.1 9 typ host", sdpMid="0")


class TestEarly:
    """Pages that are back before their room's worker is."""

    @pytest.fixture
    def simulation(self):
        return Simulation(started_at=0.0)

    @pytest.fixture
    def before(self):
        """Make the coordinator before this one, with a room of two."""
        before = Simulation()
        before.add_worker()
        before.started = before.play(1)
        before.friend = before.enter(2, before.started.room)
        return before

    def record(self, before):
        return before.records[before.started.room]

    def test_wait_for_it_and_go_on(self, simulation, before):
        room, token = before.started.room, before.started.token
        simulation.send(1, Back(room=room, token=token))
        assert simulation.decided == []

        worker = simulation.add_worker(holding=1)
        simulation.hold(worker, room, viewers=("v1", "v2"), record=self.record(before))

        assert simulation.sent_to(1) == []
        assert simulation.seats(1) == {"m1": 0, "m2": 1}

    def test_may_join_with_candidates_meanwhile(self, simulation, before):
        room, token = before.started.room, before.friend.token
        simulation.send(2, Join(room=room, offer="v=7", token=token))
        simulation.send(2, Trickle(candidate=CANDIDATE))

        worker = simulation.add_worker(holding=1)
        simulation.hold(worker, room, viewers=("v1", "v2"), record=self.record(before))

        assert [type(command).__name__ for command in simulation.commands_to(worker)[-3:]] == [
            "Dismiss",
            "Admit",
            "ViewerCandidate",
        ]
        assert simulation.admit()[0].seat == 1

    def test_are_refused_when_it_does_not_come(self, simulation):
        simulation.send(1, Join(room="gone", offer="v=1"))
        simulation.send(2, Back(room="gone", token="t"))

        simulation.advance(EARLY_SECONDS)

        assert simulation.outcome(1) == simulation.outcome(2) == ("Refused", "unknown_room")
        simulation.send(3, Back(room="gone", token="t"))
        assert simulation.outcome(3) == ("Refused", "unknown_room")

    def test_may_go_again(self, simulation):
        simulation.send(1, Join(room="gone", offer="v=1"))
        simulation.disconnect(1)
        simulation.send(2, Join(room="gone", offer="v=1"))
        simulation.send(2, Leave())

        assert simulation.advance(EARLY_SECONDS) == []

    def test_with_a_token_of_no_member_are_refused_when_it_comes(self, simulation, before):
        room = before.started.room
        simulation.send(1, Back(room=room, token="guessed"))

        simulation.hold(simulation.add_worker(holding=1), room, record=self.record(before))

        assert simulation.outcome(1) == ("Refused", "forgotten")

    def test_without_a_token_are_refused_by_a_room_that_is_locked(self, simulation, before):
        room = before.started.room
        before.send(1, SetRoom(locked=True))
        simulation.send(3, Join(room=room, offer="v=1"))

        simulation.hold(simulation.add_worker(holding=1), room, record=self.record(before))

        assert simulation.outcome(3) == ("Refused", "room_locked")
