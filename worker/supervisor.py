"""The rooms of this worker: one process each, opened from a warm spare, watched, and reported when they are gone.

Whether a room may be opened is decided in ``dispatch.py``, when a process counts as hung in ``lifecycle.py``. However a
room ends, its end is reported once, as ``RoomClosed``, and after its process is gone.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from coordinator.messages import (
    Admit,
    Admitted,
    CloseRoom,
    Codec,
    Dismiss,
    MessageError,
    OpenRoom,
    Rejected,
    RoomClosed,
    ViewerCandidate,
    ViewerLeft,
    WorkerMessage,
    decode_worker_message,
    encode,
)
from worker import ending
from worker.background import log_failure
from worker.child import Child
from worker.config import Config
from worker.ending import Ending
from worker.library import Entry
from worker.lifecycle import Patience
from worker.room.control import (
    AddCandidate,
    AgentMessage,
    Answer,
    Enter,
    Exit,
    Figures,
    Left,
    Open,
    Opened,
    RoomMessage,
    TurnedAway,
)
from worker.spares import Spares

logger = logging.getLogger(__name__)

ROOM_COMMAND = (sys.executable, "-m", "worker.room.process")

CODECS: dict[str, Codec] = {"H264": "H264", "VP8": "VP8"}
"""What a room may say that it encodes with; a damaged one says anything."""

Report = Callable[[WorkerMessage], None]


class Observer(Protocol):
    """Who counts what happens to rooms."""

    def room_opened(self, seconds: float) -> None:
        """A room's game runs, so many seconds after it was asked for."""

    def room_closed(self, code: str) -> None:
        """A room is gone."""


@dataclass(eq=False)
class Room:
    """A room and what is known of it."""

    id: str
    game: str
    """Its title."""
    asked: float
    """When it was asked for, on the loop's clock."""
    viewers: set[str] = field(default_factory=set)
    codec: Codec = ""
    """What it encodes its picture with, once that is known."""
    figures: Figures | None = None
    child: Child | None = None
    """None until its process has started."""
    waiting: list[AgentMessage] = field(default_factory=list)
    """What is to be said to a process that has not started yet."""
    doomed: Ending | None = None
    """It is to end as soon as its process has started."""

    @property
    def label(self) -> str:
        """Short, for logs and metrics: who has the whole id can enter the room."""
        return self.id[:8]

    def send(self, message: AgentMessage) -> None:
        """Say it to the process, now or when it has started."""
        if self.child:
            self.child.send(message)
        else:
            self.waiting.append(message)

    def close(self, why: Ending) -> None:
        """Ask it to end."""
        if self.child:
            self.child.close(why)
        else:
            self.doomed = why


class Supervisor:
    """Owns the room processes. Its methods return at once; ``report`` gets what comes of them."""

    def __init__(
        self,
        config: Config,
        report: Report,
        observer: Observer,
        *,
        command: Sequence[str] = ROOM_COMMAND,
        patience: Patience | None = None,
    ) -> None:
        self._config = config
        self._report = report
        self._observer = observer
        self._command = command
        self._patience = patience or Patience()
        self._loop = asyncio.get_running_loop()
        self._rooms: dict[str, Room] = {}
        self._spares = Spares(self._start)
        self._children: set[Child] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self.stopping = False
        """Set for good by ``stop``: no room may be opened any more."""
        self._spare_task = asyncio.create_task(self._spares.run(), name="spare room process")
        self._spare_task.add_done_callback(log_failure)

    def __contains__(self, room: object) -> bool:
        return room in self._rooms

    def __iter__(self) -> Iterator[Room]:
        return iter(self._rooms.values())

    def __len__(self) -> int:
        """How many rooms there are, those that are still ending included."""
        return len(self._rooms)

    @property
    def spare_ready(self) -> bool:
        """Whether the next room opens without waiting for imports."""
        return self._spares.ready

    # ----- what the coordinator wants

    def open(self, order: OpenRoom, entry: Entry) -> None:
        """Open a room and let its first viewer in. The room must be new, the entry's core installed."""
        room = Room(id=order.room, game=entry.game.title, asked=self._loop.time())
        self._rooms[order.room] = room
        room.send(self._opening(order, entry))
        if order.viewer:
            self._enter(room, order.viewer, order.seat, order.offer)
        if child := self._spares.take():
            self._assign(room, child)
        else:
            self._spawn(self._start_for(room), f"start of room {room.label}")

    def admit(self, order: Admit) -> None:
        """Let one more viewer in."""
        room = self._rooms.get(order.room)
        if room is None:
            self._reject(order, "room_gone", "The room is gone. Start the game again.")
        elif order.viewer in room.viewers:
            self._reject(order, "already_here", "This viewer is in the room already.")
        else:
            self._enter(room, order.viewer, order.seat, order.offer)

    def candidate(self, order: ViewerCandidate) -> None:
        """Pass on a viewer's ICE candidate."""
        room = self._rooms.get(order.room)
        if room and order.viewer in room.viewers:
            room.send(AddCandidate(viewer=order.viewer, candidate=order.candidate))

    def dismiss(self, order: Dismiss) -> None:
        """Let a viewer go."""
        room = self._rooms.get(order.room)
        if room and order.viewer in room.viewers:
            room.viewers.discard(order.viewer)
            room.send(Exit(viewer=order.viewer))

    def close(self, order: CloseRoom) -> None:
        """End a room."""
        if room := self._rooms.get(order.room):
            room.close(ending.CLOSED)

    async def close_all(self, why: Ending) -> None:
        """End all rooms, and wait until they are gone."""
        for room in self:
            room.close(why)
        while self._rooms:  # each has a task, and its last act is to remove the room
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    async def stop(self) -> None:
        """End all rooms and the spare, and wait until no process is left."""
        self.stopping = True
        self._spare_task.cancel()
        await asyncio.wait((self._spare_task,))
        await self.close_all(ending.WORKER_STOPPED)
        while self._tasks:  # a spare may still be starting
            for child in self._children:
                child.close()
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    # ----- rooms and their processes

    def _opening(self, order: OpenRoom, entry: Entry) -> Open:
        saves = self._config.saves / entry.game.id
        for folder in (saves, self._config.system):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                logger.warning("The folder %s can't be made (%s): games can't use it.", folder, error.strerror)
        return Open(
            room=order.room,
            core=str(entry.core),
            game=str(entry.path) if entry.path else None,
            system_directory=str(self._config.system),
            save_directory=str(saves),
            options=dict(entry.options),
            offer=order.offer,
            codec=order.codec,
            scale=order.scale,
            max_kbps=self._config.max_kbps,
            sandbox=self._config.sandbox,
        )

    def _enter(self, room: Room, viewer: str, seat: int | None, offer: str) -> None:
        room.viewers.add(viewer)
        room.send(Enter(viewer=viewer, seat=seat, offer=offer))

    def _start(self) -> Awaitable[Child]:
        """Start a process and tend it. Cancelling the wait for it does not stop it half-way, with nobody to end it."""
        starting = asyncio.create_task(self._start_child(), name="start of a room process")
        self._tasks.add(starting)
        starting.add_done_callback(self._tasks.discard)
        return asyncio.shield(starting)

    async def _start_child(self) -> Child:
        child = await Child.start(self._command, self._patience, list(map(str, self._config.addresses)))
        self._children.add(child)
        self._spawn(self._tend(child), f"room process {child.pid}")
        return child

    async def _start_for(self, room: Room) -> None:
        try:
            child = await self._start()
        except OSError as error:
            logger.error("[%s] ! no process can be started: %s", room.label, error)
            self._gone(room, ending.NOT_STARTED)
        else:
            self._assign(room, child)

    def _assign(self, room: Room, child: Child) -> None:
        child.log.name = room.label
        child.log.info("= opening %r", room.game)
        room.child = child
        if room.doomed:
            child.close(room.doomed)
            return
        for message in room.waiting:
            child.send(message)
        room.waiting.clear()

    async def _tend(self, child: Child) -> None:
        why = ending.GARBLED
        try:
            why = await child.run(lambda message: self._heard(child, message))
        finally:
            self._children.discard(child)
            if room := self._room_of(child):
                self._gone(room, why)
            else:
                self._spares.gone(child)

    def _gone(self, room: Room, why: Ending) -> None:
        del self._rooms[room.id]
        logger.info("[%s] = closed, %s: %s", room.label, why.code, why.message)
        self._observer.room_closed(why.code)
        self._report(RoomClosed(room=room.id, code=why.code, message=why.message))

    def _room_of(self, child: Child) -> Room | None:
        return next((room for room in self if room.child is child), None)

    # ----- what a room says

    def _heard(self, child: Child, message: RoomMessage) -> None:
        room = self._room_of(child)
        if room is None:
            return
        if isinstance(message, Figures):
            room.figures = message
        elif isinstance(message, Opened):
            room.codec = CODECS.get(message.codec, "")
            seconds = self._loop.time() - room.asked
            child.log.info("= open after %.2f s, %s", seconds, message.codec)
            self._observer.room_opened(seconds)
        elif isinstance(message, (Answer, TurnedAway, Left)) and message.viewer in room.viewers:
            self._pass_on(room, child, message)

    def _pass_on(self, room: Room, child: Child, message: Answer | TurnedAway | Left) -> None:
        if not isinstance(message, Answer):
            room.viewers.discard(message.viewer)
        report = _for_coordinator(room, message)
        try:
            decode_worker_message(encode(report))
        except MessageError as error:
            # One bad frame would cost the link, and with it the other rooms.
            child.log.warning("! ended because it said something that can't be passed on: %s", error)
            child.kill(ending.GARBLED)
        else:
            self._report(report)

    def _reject(self, order: Admit, code: str, message: str) -> None:
        self._report(Rejected(room=order.room, viewer=order.viewer, code=code, message=message))

    def _spawn(self, coroutine: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(log_failure)


def _for_coordinator(room: Room, message: Answer | TurnedAway | Left) -> WorkerMessage:
    if isinstance(message, Answer):
        return Admitted(room=room.id, viewer=message.viewer, answer=message.answer, codec=room.codec)
    if isinstance(message, TurnedAway):
        return Rejected(room=room.id, viewer=message.viewer, code=message.code, message=message.message)
    return ViewerLeft(room=room.id, viewer=message.viewer)
