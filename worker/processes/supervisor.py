"""The rooms of this worker: one process each, opened from a warm spare, watched, and reported when they are gone.

Whether a room may be opened is decided in ``dispatch.py``, when a process counts as hung in ``lifecycle.py``. However a
room ends, its end is reported once, as ``RoomClosed``, and after its process is gone.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from typing import Any, Protocol

from coordinator.messages import (
    Admit,
    Admitted,
    CloseRoom,
    Codec,
    Dismiss,
    Freeze,
    Frozen,
    MessageError,
    OpenRoom,
    Prepare,
    Prepared,
    Rejected,
    RoomClosed,
    SeatViewer,
    Thawed,
    ViewerCandidate,
    ViewerLeft,
    WorkerMessage,
    decode_worker_message,
    encode,
)
from worker.config import Config
from worker.library.library import Entry
from worker.messages import control, storing
from worker.messages.control import AddCandidate, Answer, Enter, Exit, Figures, Left, Opened, RoomMessage, TurnedAway
from worker.messages.storing import StoreRequest
from worker.processes import endings
from worker.processes.endings import Ending
from worker.processes.lifecycle import Patience
from worker.processes.open_order import opening, owner
from worker.processes.process import Child
from worker.processes.room import Room
from worker.processes.spares import Spares
from worker.runtime.tasks import log_failure
from worker.store.errors import StoreError
from worker.store.store import Store

logger = logging.getLogger(__name__)

ROOM_COMMAND = (sys.executable, "-m", "worker.room.process")

CODECS: dict[str, Codec] = {"H264": "H264", "VP8": "VP8"}
"""What a room may say that it encodes with; a damaged one says anything."""

FREEZE_SECONDS = 5.0
"""For a room to stop its game and hand in its last snapshot."""

PREPARE_SECONDS = 10.0
"""For a spare process to be ready: whoever asked has long stopped waiting then."""

FLUSH_SECONDS = 2.0
"""For what rooms handed in last to get to the store, when the worker ends."""

Report = Callable[[WorkerMessage], None]


class Observer(Protocol):
    """Who counts what happens to rooms."""

    def room_opened(self, seconds: float) -> None:
        """A room's game runs, so many seconds after it was asked for."""

    def room_closed(self, code: str) -> None:
        """A room is gone."""


class Supervisor:
    """Owns the room processes. Its methods return at once; ``report`` gets what comes of them."""

    def __init__(
        self,
        config: Config,
        report: Report,
        observer: Observer,
        store: Store,
        *,
        command: Sequence[str] = ROOM_COMMAND,
        patience: Patience | None = None,
    ) -> None:
        self._config = config
        self._report = report
        self._observer = observer
        self._store = store
        self._command = command
        self._patience = patience or Patience()
        self._loop = asyncio.get_running_loop()
        self._rooms: dict[str, Room] = {}
        self._spares = Spares(self._start)
        self._children: set[Child] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self.draining = False
        """Set for good when the worker is to end: no room may be opened any more."""
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
    def seated(self) -> int:
        """How many players sit in all rooms."""
        return sum(seat is not None for room in self for seat in room.viewers.values())

    @property
    def spare_ready(self) -> bool:
        """Whether the next room opens without waiting for imports."""
        return self._spares.ready

    # ----- what the coordinator wants

    def open(self, order: OpenRoom, entry: Entry) -> None:
        """Open a room and let its first viewer in. The room must be new, the entry's core installed."""
        room = Room(id=order.room, epoch=order.epoch, game=entry.game.title, asked=self._loop.time())
        room.keeper = self._store.keeper(owner(self._config, order, entry), room.send)
        self._rooms[order.room] = room
        if order.viewer:
            self._enter(room, order)
        room.tasks.append(self._spawn(self._begin(room, order, entry), f"beginning of room {room.label}"))
        if child := self._spares.take():
            room.assign(child)
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
            self._enter(room, order)

    def candidate(self, order: ViewerCandidate) -> None:
        """Pass on a viewer's ICE candidate."""
        room = self._rooms.get(order.room)
        if room and order.viewer in room.viewers:
            room.send(AddCandidate(viewer=order.viewer, candidate=order.candidate))

    def dismiss(self, order: Dismiss) -> None:
        """Let a viewer go."""
        room = self._rooms.get(order.room)
        if room and order.viewer in room.viewers:
            del room.viewers[order.viewer]
            room.send(Exit(viewer=order.viewer))

    def seat(self, order: SeatViewer) -> None:
        """A viewer sits elsewhere, or only watches."""
        room = self._rooms.get(order.room)
        if room and order.viewer in room.viewers:
            room.viewers[order.viewer] = order.seat
            room.send(control.SeatViewer(viewer=order.viewer, seat=order.seat))

    def close(self, order: CloseRoom) -> None:
        """End a room."""
        if room := self._rooms.get(order.room):
            room.close(endings.SUPERSEDED if order.superseded else endings.CLOSED)

    def freeze(self, order: Freeze) -> None:
        """Stop a room's game, store it, and end the room, for it to go on elsewhere."""
        room = self._rooms.get(order.room)
        if room and room.freezing is None:
            room.freezing = self._loop.create_future()
            room.send(control.Freeze())
            room.tasks.append(self._spawn(self._freeze(room, room.freezing), f"freezing of room {room.label}"))

    def prepare(self, order: Prepare) -> None:
        """Have a process in stock for a room that is to be moved here, and say so."""
        self._spawn(self._prepare(order.room), f"spare for room {order.room[:8]}")

    async def _prepare(self, room: str) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._spares.there(), PREPARE_SECONDS)
        self._report(Prepared(room=room))

    async def close_all(self, why: Ending) -> None:
        """End all rooms, and wait until they are gone."""
        for room in self:
            room.close(why)
        await self.emptied()

    async def emptied(self) -> None:
        """Wait until there is no room."""
        while self._rooms:  # each has a task, and its last act is to remove the room
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    async def stop(self) -> None:
        """End all rooms and the spare, and wait until no process is left."""
        self.draining = True
        self._spare_task.cancel()
        await asyncio.wait((self._spare_task,))
        await self.close_all(endings.WORKER_STOPPED)
        while self._tasks:  # a spare may still be starting
            for child in self._children:
                child.close()
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        await self._store.flush(FLUSH_SECONDS)

    # ----- rooms and their processes

    async def _begin(self, room: Room, order: OpenRoom, entry: Entry) -> None:
        try:
            beginning = await room.keeper.begin(resume=order.resume)
        except StoreError as error:
            logger.error("[%s] ! its snapshot can't be read: %s (%s)", room.label, error, error.detail)
            room.close(endings.unreadable(error))
        else:
            room.open(opening(self._config, order, entry, beginning))

    def _enter(self, room: Room, order: OpenRoom | Admit) -> None:
        room.viewers[order.viewer] = order.seat
        room.keeper.enter(order.profile)
        room.send(Enter(viewer=order.viewer, seat=order.seat, offer=order.offer, profile=order.profile))

    async def _freeze(self, room: Room, freezing: asyncio.Future[storing.Frozen]) -> None:
        try:
            async with asyncio.timeout(FREEZE_SECONDS):
                last = await freezing
            room.moved = await room.keeper.freeze(last)
        except TimeoutError:
            room.moved = False
        finally:
            room.freezing = None
        if room.moved:
            room.close(endings.MOVED)
        else:
            logger.warning("[%s] ! it stays here: its last snapshot can't be stored", room.label)
            room.send(control.Thaw())
            self._report(Thawed(room=room.id, code=endings.NOT_FROZEN.code, message=endings.NOT_FROZEN.message))

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
            self._gone(room, endings.NOT_STARTED)
        else:
            room.assign(child)

    async def _tend(self, child: Child) -> None:
        why = endings.GARBLED
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
        room.gone()
        if room.moved:
            why = endings.MOVED
            room.keeper.moved()
        logger.info("[%s] = closed, %s: %s", room.label, why.code, why.message)
        self._store.release(room.keeper, over=why.code in endings.OVER)
        self._observer.room_closed(why.code)
        closed = RoomClosed(room=room.id, code=why.code, message=why.message, epoch=room.epoch)
        self._report(Frozen(room=room.id) if room.moved else closed)

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
        elif isinstance(message, storing.Frozen):
            if room.freezing is not None and not room.freezing.done():
                room.freezing.set_result(message)
        elif isinstance(message, StoreRequest):
            room.keeper.handle(message)
        elif isinstance(message, (Answer, TurnedAway, Left)) and message.viewer in room.viewers:
            self._pass_on(room, child, message)

    def _pass_on(self, room: Room, child: Child, message: Answer | TurnedAway | Left) -> None:
        if not isinstance(message, Answer):
            del room.viewers[message.viewer]
        report = _for_coordinator(room, message)
        try:
            decode_worker_message(encode(report))
        except MessageError as error:
            # One bad frame would cost the link, and with it the other rooms.
            child.log.warning("! ended because it said something that can't be passed on: %s", error)
            child.kill(endings.GARBLED)
        else:
            self._report(report)

    def _reject(self, order: Admit, code: str, message: str) -> None:
        self._report(Rejected(room=order.room, viewer=order.viewer, code=code, message=message))

    def _spawn(self, coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(log_failure)
        return task


def _for_coordinator(room: Room, message: Answer | TurnedAway | Left) -> WorkerMessage:
    if isinstance(message, Answer):
        return Admitted(room=room.id, viewer=message.viewer, answer=message.answer, codec=room.codec)
    if isinstance(message, TurnedAway):
        return Rejected(room=room.id, viewer=message.viewer, code=message.code, message=message.message)
    return ViewerLeft(room=room.id, viewer=message.viewer)
