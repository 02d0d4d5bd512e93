"""The rooms under any sequence of events: what must hold whatever pages, workers, operators and the clock do."""

from collections import defaultdict
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from coordinator.errors import DeniedError
from coordinator.fleet.registry import Registry
from coordinator.fleet.router import Page
from coordinator.messages import (
    Admit,
    Admitted,
    Back,
    Candidate,
    CloseRoom,
    Dismiss,
    Draining,
    Frozen,
    GiveSeat,
    Holding,
    Join,
    Keep,
    Leave,
    MakeHost,
    OpenRoom,
    Prepare,
    Prepared,
    Register,
    Rejected,
    Remove,
    RoomClosed,
    SetRoom,
    Start,
    Started,
    TakeSeat,
    Thawed,
    Trickle,
    ViewerLeft,
)
from coordinator.rooms import records
from coordinator.rooms.decisions import ToPage, ToWorker
from coordinator.rooms.phases import ON_A_WORKER, Phase
from coordinator.rooms.rooms import Rooms
from coordinator.rooms.seats import MAX_MEMBERS, SEATS
from tests.coordinator.simulation import AIRSTRIKER, DUEL

CANDIDATE = Candidate(candidate="candidate:1 1 udp 2 192.0.2.1 9 typ host", sdpMid="0")

PAGES = st.integers(1, 12)
MEMBERS = st.sampled_from(("m1", "m2", "m3", "m9"))
CODES = st.sampled_from(
    ("core_crashed", "room_killed", "worker_stopped", "no_seats", "store_failed", "closed", "game_over")
)


class Agent:
    """A worker's agent with the rooms that it really has: it outlives its registrations."""

    def __init__(self):
        self.id = ""
        self.rooms = {}
        """Its copies: by room, the record that it keeps."""
        self.viewers = defaultdict(set)
        self.dead_link = False  # a link that nobody listens to any more


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens in whatever order, no seat is taken twice and no place is lost or given twice."""

    def __init__(self):
        super().__init__()
        self.now = 0.0
        self.ids = map("id{}".format, count(1))  # the same at each try
        self.open_arcade()
        self.asked = []
        """What workers were told about viewers, to be answered in any order, or never, or twice."""
        self.room_ids = ["nowhere"]
        self.tokens = ["nonsense"]
        self.connected = {}
        """Agents with a link, by their worker's id."""
        self.away = []
        """Agents whose link broke."""
        self.present = set()
        """Pages that are connected."""

    def open_arcade(self):
        self.registry = Registry()
        self.rooms = Rooms(self.registry, rooms_per_address=3, started_at=self.now, new_id=self.ids.__next__)

    def carry_out(self, decisions):
        for decision in [*decisions, *self.rooms.settle(self.now)]:
            if isinstance(decision, ToWorker):
                self.command(self.connected[decision.worker], decision)
            elif isinstance(decision, ToPage):
                assert decision.page in self.present, decision
                if isinstance(decision.message, Started):
                    self.tokens.append(decision.message.token)

    def command(self, agent, decision):
        message = decision.message
        match message:
            case OpenRoom() | Admit():
                assert isinstance(message, OpenRoom) or message.room in agent.rooms
                agent.rooms.setdefault(message.room, "")
                self.room_ids.append(message.room)
                if message.viewer:
                    self.asked.append((agent, message.room, message.viewer))
            case Keep():
                assert message.room in agent.rooms
                assert records.read(message.record) is not None
                agent.rooms[message.room] = message.record
            case CloseRoom():
                agent.rooms.pop(message.room, None)
                agent.viewers.pop(message.room, None)
            case Dismiss():
                agent.viewers[message.room].discard(message.viewer)

    def send(self, page, message, address=""):
        self.present.add(page)
        self.carry_out(self.rooms.page_messages.handle(Page(page, address), message, self.now))

    def answer(self, agent, message):
        if agent.id in self.connected:
            self.carry_out(self.rooms.worker_messages.handle(agent.id, message, self.now))

    @initialize(pages=st.integers(0, 2))
    def play(self, pages):
        """Mostly there is a game under way, and somewhere for it to go."""
        for _ in range(2):
            self.connect(Agent(), 3, (DUEL, AIRSTRIKER))
        for page in range(1, pages + 1):
            self.send(page, Start(game="d", offer="v=0") if page == 1 else Join(room=self.room_ids[-1], offer="v=0"))
            agent, room, viewer = self.asked[-1]
            self.let_in(agent, room, viewer)

    def let_in(self, agent, room, viewer):
        if room in agent.rooms:
            agent.viewers[room].add(viewer)
            self.answer(agent, Admitted(room=room, viewer=viewer, answer="a=1", codec="H264"))

    # ----- workers

    @rule(capacity=st.integers(1, 3), games=st.sets(st.sampled_from((DUEL, AIRSTRIKER)), min_size=1))
    def register(self, capacity, games):
        self.connect(Agent(), capacity, games)

    def connect(self, agent, capacity, games):
        holding = {room: record for room, record in agent.rooms.items() if record}
        agent.rooms = dict(holding)
        worker = self.registry.register(
            Register(name="box", capacity=capacity, games=tuple(games), holding=len(holding))
        )
        agent.id = worker.id
        self.connected[agent.id] = agent
        self.rooms.note_new_places()
        self.carry_out(())
        for room, record in holding.items():
            self.answer(agent, Holding(room=room, record=record, viewers=tuple(agent.viewers[room])))

    @precondition(lambda self: self.away)
    @rule(data=st.data(), capacity=st.integers(3, 4))
    def return_with_rooms(self, data, capacity):
        agent = data.draw(st.sampled_from(self.away))
        self.away.remove(agent)
        self.connect(agent, capacity, (DUEL, AIRSTRIKER))

    @precondition(lambda self: self.connected)
    @rule(data=st.data())
    def return_before_it_is_missed(self, data):
        """Its link is a new one, and the old one is not known to be gone: what goes there is lost."""
        agent, old = self.connected[data.draw(st.sampled_from(tuple(self.connected)))], Agent()
        if not agent.dead_link:
            old.id, old.rooms, old.dead_link = agent.id, dict(agent.rooms), True
            self.connected[agent.id] = old
            self.connect(agent, 4, (DUEL, AIRSTRIKER))

    @rule()
    def restart_the_coordinator(self):
        """Everybody has to come again, in any order."""
        self.away += (agent for agent in self.connected.values() if not agent.dead_link)
        self.connected.clear()
        self.present.clear()
        self.open_arcade()

    @precondition(lambda self: self.connected)
    @rule(data=st.data(), dies=st.booleans())
    def lose_worker(self, data, dies):
        agent = self.connected.pop(data.draw(st.sampled_from(tuple(self.connected))))
        if not (dies or agent.dead_link):
            self.away.append(agent)
        self.carry_out(self.rooms.remove_worker(self.registry.remove(agent.id), self.now))

    @precondition(lambda self: self.connected)
    @rule(data=st.data(), games=st.sets(st.sampled_from((DUEL, AIRSTRIKER))))
    def change_library(self, data, games):
        self.registry.update(data.draw(st.sampled_from(tuple(self.connected))), games)
        self.rooms.note_new_places()
        self.carry_out(())

    @precondition(lambda self: self.connected)
    @rule(data=st.data())
    def drain(self, data):
        self.answer(self.connected[data.draw(st.sampled_from(tuple(self.connected)))], Draining())

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def admit(self, data):
        self.let_in(*data.draw(st.sampled_from(self.asked)))

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def reject(self, data):
        agent, room, viewer = data.draw(st.sampled_from(self.asked))
        agent.viewers[room].discard(viewer)
        self.answer(agent, Rejected(room=room, viewer=viewer, code="x", message=""))

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def lose_viewer(self, data):
        agent, room, viewer = data.draw(st.sampled_from(self.asked))
        agent.viewers[room].discard(viewer)
        self.answer(agent, ViewerLeft(room=room, viewer=viewer))

    def end_a_copy(self, data):
        agent, room, _ = data.draw(st.sampled_from(self.asked))
        if room not in agent.rooms or self.rooms.find(room) is None:
            return None
        del agent.rooms[room]
        agent.viewers.pop(room, None)
        return agent, room

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), code=CODES)
    def close_room(self, data, code):
        if ended := self.end_a_copy(data):
            agent, room = ended
            self.answer(agent, RoomClosed(room=room, code=code, message=""))

    @precondition(lambda self: any(room.phase is Phase.FREEZING for room in self.rooms.rooms))
    @rule(data=st.data(), fails=st.booleans())
    def finish_freezing(self, data, fails):
        room = data.draw(st.sampled_from([room for room in self.rooms.rooms if room.phase is Phase.FREEZING]))
        agent = self.connected[room.worker.id]
        if fails:
            self.answer(agent, Thawed(room=room.id, code="store_failed", message=""))
        else:
            agent.rooms.pop(room.id, None)
            agent.viewers.pop(room.id, None)
            self.answer(agent, Frozen(room=room.id))

    @precondition(lambda self: self.connected and self.rooms.rooms)
    @rule(data=st.data())
    def finish_preparing(self, data):
        """Answer as the worker that was asked to, or as another one, which has nothing to say here."""
        room = data.draw(st.sampled_from(tuple(self.rooms.rooms)))
        agent = data.draw(st.sampled_from(tuple(self.connected.values())))
        self.answer(agent if room.target is None else self.connected[room.target.id], Prepared(room=room.id))

    @precondition(lambda self: self.rooms.rooms)
    @rule(data=st.data())
    def move(self, data):
        room = data.draw(st.sampled_from(tuple(self.rooms.rooms)))
        try:
            decisions = self.rooms.move(room, self.now)
        except DeniedError:
            return
        assert isinstance(decisions[0].message, Prepare)
        self.carry_out(decisions)

    # ----- pages

    @rule(page=PAGES, game=st.sampled_from("dax"), address=st.sampled_from(("", "192.0.2.1")))
    def start(self, page, game, address):
        self.send(page, Start(game=game, offer="v=0"), address)

    @rule(page=PAGES, data=st.data(), watch=st.booleans())
    def join(self, page, data, watch):
        room, token = data.draw(st.sampled_from(self.room_ids)), data.draw(st.sampled_from(self.tokens))
        self.send(page, Join(room=room, offer="v=0", token=token, watch=watch))

    @rule(page=PAGES, data=st.data())
    def back(self, page, data):
        room, token = data.draw(st.sampled_from(self.room_ids)), data.draw(st.sampled_from(self.tokens))
        self.send(page, Back(room=room, token=token))

    @rule()
    def crowd(self):
        for page in range(100, 106):
            self.send(page, Join(room=self.room_ids[-1], offer="v=0"))

    @rule(
        page=PAGES,
        message=st.one_of(
            st.just(Leave()),
            st.just(Trickle(candidate=CANDIDATE)),
            st.builds(TakeSeat, seat=st.none() | st.integers(0, 3)),
            st.builds(GiveSeat, member=MEMBERS),
            st.builds(Remove, member=MEMBERS),
            st.builds(MakeHost, member=MEMBERS),
            st.builds(SetRoom, locked=st.booleans(), listed=st.booleans()),
        ),
    )
    def act(self, page, message):
        self.send(page, message)

    @precondition(lambda self: self.present)
    @rule(data=st.data())
    def go(self, data):
        page = data.draw(st.sampled_from(sorted(self.present)))
        self.present.remove(page)
        self.carry_out(self.rooms.remove_page(page, self.now))

    # ----- the clock

    @rule(seconds=st.sampled_from((0.1, 0.5, 1.0, 15.0, 29.0, 60.0, 120.0)))
    def wait(self, seconds):
        self.now += seconds
        self.carry_out(self.rooms.expire(self.now))
        deadline = self.rooms.next_deadline()
        assert deadline is None or deadline > self.now

    # ----- what must hold

    @invariant()
    def no_seat_is_taken_twice(self):
        for room in self.rooms.rooms:
            members = room.roster.members
            seats = [member.seat for member in members.values() if member.seat is not None]
            assert len(seats) == len(set(seats)) <= SEATS
            assert 0 < len(members) <= MAX_MEMBERS
            assert room.roster.host in members
            for offer in room.roster.offers.items():
                assert all(members[member].seat is not None for member in offer)

    @invariant()
    def no_place_is_lost_or_given_twice(self):
        for worker in self.registry.workers:
            assert worker.rooms == {room.id for room in self.rooms.rooms if worker in (room.worker, room.target)}
            assert worker.holding == 0

    @invariant()
    def a_room_has_a_worker_exactly_in_the_phases_that_say_so(self):
        workers = set(self.registry.workers)
        for room in self.rooms.rooms:
            assert (room.worker is not None) == (room.phase in ON_A_WORKER)
            assert room.worker is None or room.worker in workers
            assert room.target is None or room.phase in (Phase.OPEN, Phase.FREEZING)

    @invariant()
    def no_worker_has_a_copy_that_is_not_the_room(self):
        for agent in self.connected.values():
            for room_id in () if agent.dead_link else agent.rooms:
                assert self.rooms.find(room_id).worker.id == agent.id

    @invariant()
    def every_page_is_in_one_room_at_most(self):
        pages = [member.page for member in self.rooms.members if member.page is not None]
        assert len(pages) == len(set(pages))
        assert set(pages) <= self.present

    @invariant()
    def every_viewer_is_a_members_and_a_member_has_one_at_most(self):
        for room in self.rooms.rooms:
            owners = [viewer.member for viewer in room.viewers.values()]
            assert len(owners) == len(set(map(id, owners)))
            assert all(room.roster.members[member.id] is member for member in owners)
            assert all(viewer.member.page is not None for viewer in room.viewers.values() if not viewer.admitted)

    @invariant()
    def nobody_waits_for_ever(self):
        for room in self.rooms.rooms:
            waits = any(not viewer.admitted for viewer in room.viewers.values())
            gone = any(m.page is None and room.viewer_of(m) is None for m in room.roster.members.values())
            moving = room.phase in (Phase.ASTRAY, Phase.HOMELESS, Phase.FREEZING)
            if waits or gone or moving or room.target is not None:
                assert self.rooms.next_deadline() is not None

    def teardown(self):
        for page in sorted(self.present):
            self.carry_out(self.rooms.page_messages.handle(Page(page), Leave(), self.now))
            self.carry_out(self.rooms.remove_page(page, self.now))
        self.present.clear()
        for agent, room, viewer in self.asked:
            self.answer(agent, ViewerLeft(room=room, viewer=viewer))
        for _ in range(20):
            self.now += 200.0
            self.carry_out(self.rooms.expire(self.now))
        assert not self.rooms.rooms
        assert self.rooms.next_deadline() is None
        assert all(not worker.rooms for worker in self.registry.workers)


AnyOrder.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestAnyOrder = AnyOrder.TestCase
