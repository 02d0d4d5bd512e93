"""The rooms with scripted pages and workers around them, for tests: no clock, no socket."""

from itertools import count

from coordinator.fleet.registry import Registry
from coordinator.fleet.router import Page
from coordinator.messages import (
    Admit,
    Admitted,
    Game,
    Holding,
    Join,
    Keep,
    OpenRoom,
    Prepare,
    Prepared,
    Register,
    RoomState,
    Start,
)
from coordinator.rooms.decisions import ToPage, ToWorker
from coordinator.rooms.rooms import Rooms

DUEL = Game(id="d", title="Duel", system="NES")
AIRSTRIKER = Game(id="a", title="Air", system="Mega Drive")


class ListOutlet:
    """Keep what is sent: a page or a worker without a socket."""

    def __init__(self):
        self.messages = []
        self.texts = []
        """The encoding of each message; None where the sender had none."""

    def send(self, message, text=None):
        """Keep a message."""
        self.messages.append(message)
        self.texts.append(text)

    async def close(self, code=1000, reason=""):
        """Take no more messages."""
        self.messages = None


class Simulation:
    """Run the rooms with scripted peers. ``decided`` keeps the latest decisions, apart from states and records."""

    def __init__(self, **options):
        numbers = count(1)
        options = {"started_at": -1000.0, "new_id": lambda: f"id{next(numbers)}", **options}
        self.registry = Registry()
        self.rooms = Rooms(self.registry, **options)
        self.now = 0.0
        self.decided = []
        self.states = {}
        """The last room_state of each page."""
        self.records = {}
        """What was last to be kept of each room."""

    # ----- what happens. Each returns what was decided.

    def carry_out(self, decisions):
        self.decided = []
        for decision in [*decisions, *self.rooms.settle(self.now)]:
            match decision:
                case ToPage(page, RoomState() as state):
                    self.states[page] = state
                case ToWorker(_, Keep(room=room, record=record)):
                    self.records[room] = record
                case _:
                    self.decided.append(decision)
        return self.decided

    def add_worker(self, capacity=4, games=(DUEL, AIRSTRIKER), holding=0, region=""):
        registration = Register(name="box", capacity=capacity, games=games, holding=holding, region=region)
        worker = self.registry.register(registration)
        self.rooms.note_new_places()
        self.carry_out(())
        return worker

    def send(self, page, message, address=""):
        return self.carry_out(self.rooms.page_messages.handle(Page(page, address), message, self.now))

    def reply(self, worker, message):
        return self.carry_out(self.rooms.worker_messages.handle(worker.id, message, self.now))

    def disconnect(self, page):
        return self.carry_out(self.rooms.remove_page(page, self.now))

    def disconnect_worker(self, worker):
        return self.carry_out(self.rooms.remove_worker(self.registry.remove(worker.id), self.now))

    def advance(self, seconds):
        self.now += seconds
        return self.carry_out(self.rooms.expire(self.now))

    def hold(self, worker, room, viewers=(), record=None):
        """Report that a worker holds a room."""
        return self.reply(worker, Holding(room=room, record=record or self.records[room], viewers=viewers))

    # ----- whole steps

    def admit(self, codec="H264"):
        """Admit every viewer that workers were just told of, and return the pages' ``started`` messages."""
        asked = [d for d in self.decided if isinstance(d, ToWorker) and isinstance(d.message, OpenRoom | Admit)]
        started = []
        for worker, command in asked:
            if command.viewer:
                answer = Admitted(room=command.room, viewer=command.viewer, answer="a=1", codec=codec)
                told = self.carry_out(self.rooms.worker_messages.handle(worker, answer, self.now))
                started += [decision.message for decision in told if isinstance(decision, ToPage)]
        return started

    def play(self, page, game="d", **options):
        """Start a game for the page and admit it; return its ``started``."""
        self.send(page, Start(game=game, offer="v=0", **options))
        return self.admit()[0]

    def enter(self, page, room, **options):
        """Join a room for the page and admit it; return its ``started``."""
        self.send(page, Join(room=room, offer="v=1", **options))
        return self.admit()[0]

    def prepare(self):
        """Answer every ``prepare`` that workers were just told, and return what was decided."""
        asked = [
            (d.worker, d.message.room)
            for d in self.decided
            if isinstance(d, ToWorker) and isinstance(d.message, Prepare)
        ]
        decisions = []
        for worker, room in asked:
            decisions += self.carry_out(self.rooms.worker_messages.handle(worker, Prepared(room=room), self.now))
        self.decided = decisions
        return decisions

    # ----- reading

    def room(self, room_id):
        return self.rooms.find(room_id)

    def sent_to(self, page):
        """List the messages that the page was just sent."""
        return [d.message for d in self.decided if isinstance(d, ToPage) and d.page == page]

    def commands_to(self, worker):
        """List the messages that the worker was just sent."""
        return [d.message for d in self.decided if isinstance(d, ToWorker) and d.worker == worker.id]

    def outcome(self, page):
        """Return the kind and the code of the one message that the page was just sent, which has a sentence."""
        [message] = self.sent_to(page)
        assert message.message.endswith(".")
        return type(message).__name__, message.code

    def seats(self, page):
        """Map each member to its seat, as the page sees it."""
        return {person.id: person.seat for person in self.states[page].members}
