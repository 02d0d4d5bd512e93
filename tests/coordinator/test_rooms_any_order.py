"""The rooms under any sequence of events: what must hold whatever pages, workers and the clock do."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from coordinator.messages import (
    Admit,
    Admitted,
    Candidate,
    Game,
    Join,
    OpenRoom,
    Register,
    Rejected,
    RoomClosed,
    Start,
    Trickle,
    ViewerLeft,
)
from coordinator.registry import Registry
from coordinator.rooms import ANSWER_SECONDS, Rooms, ToWorker
from coordinator.seats import MAX_SPECTATORS, SEATS

DUEL = Game(id="d", title="Duel", system="NES")
AIR = Game(id="a", title="Air", system="Mega Drive")
CANDIDATE = Candidate(candidate="candidate:1 1 udp 2 192.0.2.1 9 typ host", sdpMid="0")

PAGES = st.integers(1, 24)


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens in whatever order, no seat is taken twice and no place is lost or given twice."""

    def __init__(self):
        super().__init__()
        self.registry = Registry()
        self.rooms = Rooms(self.registry)
        self.now = 0.0
        self.commands = []
        """What workers were told about viewers, to be answered in any order, or never, or twice."""
        self.room_ids = []

    def carry_out(self, decisions):
        connected = {worker.id for worker in self.registry.workers}
        for decision in decisions:
            if isinstance(decision, ToWorker):
                assert decision.worker in connected
                if isinstance(decision.message, OpenRoom | Admit):
                    self.commands.append(decision)
                    self.room_ids.append(decision.message.room)

    def command(self, data):
        decision = data.draw(st.sampled_from(self.commands))
        return decision.worker, {"room": decision.message.room, "viewer": decision.message.viewer}

    @rule(capacity=st.integers(1, 3), games=st.sets(st.sampled_from((DUEL, AIR))))
    def register(self, capacity, games):
        self.registry.register(Register(name="box", capacity=capacity, games=tuple(games)))

    @precondition(lambda self: len(self.registry))
    @rule(data=st.data(), games=st.sets(st.sampled_from((DUEL, AIR))))
    def change_library(self, data, games):
        worker = data.draw(st.sampled_from(tuple(self.registry.workers)))
        self.registry.update(worker.id, games)

    @rule(page=PAGES, game=st.sampled_from("dax"))
    def start(self, page, game):
        self.carry_out(self.rooms.start(page, Start(game=game, offer="v=0"), self.now))

    @precondition(lambda self: self.room_ids)
    @rule(page=PAGES, data=st.data())
    def join(self, page, data):
        room = data.draw(st.sampled_from(self.room_ids))
        self.carry_out(self.rooms.join(page, Join(room=room, offer="v=0"), self.now))

    @precondition(lambda self: self.room_ids)
    @rule()
    def crowd(self):
        for page in range(100, 110):
            self.carry_out(self.rooms.join(page, Join(room=self.room_ids[-1], offer="v=0"), self.now))

    @rule(page=PAGES)
    def leave(self, page):
        self.carry_out(self.rooms.leave(page))

    @rule(page=PAGES)
    def trickle(self, page):
        self.carry_out(self.rooms.trickle(page, Trickle(candidate=CANDIDATE)))

    @precondition(lambda self: self.commands)
    @rule(data=st.data())
    def admit(self, data):
        worker, ids = self.command(data)
        self.carry_out(self.rooms.admitted(worker, Admitted(answer="a=1", **ids), self.now))

    @precondition(lambda self: self.commands)
    @rule(data=st.data())
    def reject(self, data):
        worker, ids = self.command(data)
        self.carry_out(self.rooms.rejected(worker, Rejected(code="x", message="", **ids)))

    @precondition(lambda self: self.commands)
    @rule(data=st.data())
    def lose_viewer(self, data):
        worker, ids = self.command(data)
        self.carry_out(self.rooms.viewer_left(worker, ViewerLeft(**ids)))

    @precondition(lambda self: self.commands)
    @rule(data=st.data())
    def close_room(self, data):
        worker, ids = self.command(data)
        self.carry_out(self.rooms.room_closed(worker, RoomClosed(room=ids["room"], code="x", message="")))

    @precondition(lambda self: len(self.registry))
    @rule(data=st.data())
    def lose_worker(self, data):
        worker = data.draw(st.sampled_from(tuple(self.registry.workers)))
        self.carry_out(self.rooms.worker_lost(self.registry.remove(worker.id)))

    @rule(seconds=st.floats(0, 2 * ANSWER_SECONDS))
    def wait(self, seconds):
        self.now += seconds
        self.carry_out(self.rooms.expire(self.now))
        deadline = self.rooms.next_deadline()
        assert deadline is None or deadline > self.now

    @invariant()
    def no_seat_is_taken_twice(self):
        for room in self.rooms.rooms:
            seats = [viewer.seat for viewer in room.viewers.values() if viewer.seat is not None]
            assert len(seats) == len(set(seats)) <= SEATS
            assert len(room.viewers) - len(seats) <= MAX_SPECTATORS

    @invariant()
    def no_place_is_lost_or_given_twice(self):
        for worker in self.registry.workers:
            assert worker.rooms == {room.id for room in self.rooms.rooms if room.worker is worker}
            assert worker.free >= 0

    @invariant()
    def every_room_is_somebodys_and_on_a_worker_that_is_there(self):
        workers = set(self.registry.workers)
        for room in self.rooms.rooms:
            assert room.viewers
            assert room.worker in workers

    @invariant()
    def every_page_is_in_one_room_at_most(self):
        in_rooms = [viewer for room in self.rooms.rooms for viewer in room.viewers.values()]
        assert len(in_rooms) == len({viewer.page for viewer in in_rooms})
        assert set(in_rooms) == set(self.rooms.viewers)

    @invariant()
    def a_deadline_is_set_exactly_while_somebody_waits(self):
        waiting = [viewer.asked_at for viewer in self.rooms.viewers if not viewer.admitted]
        expected = min(waiting) + ANSWER_SECONDS if waiting else None
        assert self.rooms.next_deadline() == expected

    def teardown(self):
        for page in {viewer.page for viewer in self.rooms.viewers}:
            self.carry_out(self.rooms.leave(page))
        assert not self.rooms.rooms
        assert not self.rooms.viewers
        assert self.rooms.next_deadline() is None
        assert all(worker.free == worker.capacity for worker in self.registry.workers)


AnyOrder.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestAnyOrder = AnyOrder.TestCase
