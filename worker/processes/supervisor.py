"""The rooms of this worker: one process each, opened from a warm spare, watched, and reported when they are gone.

Whether a room may be opened is decided in ``worker/agent/orders.py``, when a process counts as hung in
``lifecycle.py``. However a room ends, its end is reported once, as ``RoomClosed``, and after its process is gone.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Protocol

from coordinator.messages import (
    VIDEO_CODECS,
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
from worker.messages import control
from worker.messages.control import AddCandidate, Answer, Enter, Exit, Figures, Left, Opened, RoomMessage, TurnedAway
from worker.messages.storing import (
    DeleteSave,
    FetchSave,
    FinalSnapshot,
    ListSaves,
    Snapshot,
    StoreBattery,
    StoreRequest,
    StoreSave,
)
from worker.processes import endings
from worker.processes.endings import Ending
from worker.processes.lifecycle import TimeLimits
from worker.processes.open_order import open_order, owner
from worker.processes.process import RoomProcess
from worker.processes.room import HostedRoom
from worker.processes.spares import Spares
from worker.runtime.tasks import BackgroundTasks
from worker.store.errors import StoreError
from worker.store.store import Store

logger = logging.getLogger(__name__)

ROOM_COMMAND = (sys.executable, "-m", "worker.room.process")

CODECS: dict[str, Codec] = {codec: codec for codec in VIDEO_CODECS}
"""What a room may say that it encodes with; a damaged one says anything."""

FREEZE_SECONDS = 5.0
"""For a room to stop its game and hand in its last snapshot."""

PREPARE_SECONDS = 10.0
"""For a spare process to be ready: the coordinator has long stopped waiting for it then."""

FLUSH_SECONDS = 2.0
"""For what rooms handed in last to get to the store, when the worker ends."""

Report = Callable[[WorkerMessage], None]


class Observer(Protocol):
    """Counts what happens to rooms, for the metrics."""

    def room_opened(self, seconds: float) -> None:
        """Count a room whose game runs, so many seconds after it was asked for."""

    def room_closed(self, code: str) -> None:
        """Count a room that has ended, by the code that says why."""


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
        time_limits: TimeLimits | None = None,
    ) -> None:
        self._config = config
        self._report = report
        self._observer = observer
        self._store = store
        self._command = command
        self._time_limits = time_limits or TimeLimits()
        self._loop = asyncio.get_running_loop()
        self._rooms: dict[str, HostedRoom] = {}
        self._spares = Spares(self._start)
        self._processes: set[RoomProcess] = set()
        self._tasks = BackgroundTasks(logger)
        self.draining = False
        """Set for good when the worker is to end: no room may be opened any more."""
        self._stocking = BackgroundTasks(logger)
        self._stocking.spawn(self._spares.run(), "spare room process")

    def __contains__(self, room: object) -> bool:
        return room in self._rooms

    def __iter__(self) -> Iterator[HostedRoom]:
        return iter(self._rooms.values())

    def __len__(self) -> int:
        """Count the rooms, those that are still ending included."""
        return len(self._rooms)

    @property
    def places_taken(self) -> int:
        """Count the rooms but those that were told to end, whose places the coordinator has given away already."""
        return sum(room.continues for room in self)

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
        room = HostedRoom(id=order.room, epoch=order.epoch, game=entry.game.title, requested_at=self._loop.time())
        room.keeper = self._store.keeper(owner(self._config, order, entry), room.send)
        self._rooms[order.room] = room
        if order.viewer:
            self._enter(room, order)
        room.tasks.append(self._tasks.spawn(self._read_and_open(room, order, entry), f"opening of room {room.label}"))
        if process := self._spares.claim():
            room.assign(process)
        else:
            self._tasks.spawn(self._assign_new_process(room), f"start of room {room.label}")

    def admit(self, order: Admit) -> None:
        """Let one more viewer into its room, or report why not."""
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
        """Have a viewer's connection closed."""
        room = self._rooms.get(order.room)
        if room and order.viewer in room.viewers:
            del room.viewers[order.viewer]
            room.send(Exit(viewer=order.viewer))

    def seat(self, order: SeatViewer) -> None:
        """Move a viewer to another seat, or to none, from where it only watches."""
        room = self._rooms.get(order.room)
        if room and order.viewer in room.viewers:
            room.viewers[order.viewer] = order.seat
            room.send(control.ChangeSeat(viewer=order.viewer, seat=order.seat))

    def close(self, order: CloseRoom) -> None:
        """End a room; if superseded, because another copy of it goes on."""
        if room := self._rooms.get(order.room):
            room.close(endings.SUPERSEDED if order.superseded else endings.CLOSED)

    def freeze(self, order: Freeze) -> None:
        """Stop a room's game, store it, and end the room, for it to go on elsewhere."""
        room = self._rooms.get(order.room)
        if room and room.freezing is None:
            room.freezing = self._loop.create_future()
            room.send(control.FreezeGame())
            room.tasks.append(self._tasks.spawn(self._freeze(room, room.freezing), f"freezing of room {room.label}"))

    def prepare(self, order: Prepare) -> None:
        """Have a spare ready for a room that is to be moved here, and report it."""
        self._tasks.spawn(self._prepare(order.room), f"spare for room {order.room[:8]}")

    async def _prepare(self, room: str) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(PREPARE_SECONDS):
                await self._spares.wait_until_ready()
        self._report(Prepared(room=room))

    async def close_all(self, why: Ending) -> None:
        """End all rooms, and wait until they are gone."""
        for room in self:
            room.close(why)
        await self.wait_until_empty()

    async def wait_until_empty(self) -> None:
        """Wait until there is no room."""
        while self._rooms:  # each has a task, and its last act is to remove the room
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    async def stop(self) -> None:
        """End all rooms and the spare, and wait until no process is left."""
        self.draining = True
        await self._stocking.close()
        await self.close_all(endings.WORKER_STOPPED)
        while self._tasks:  # a spare may still be starting
            for process in self._processes:
                process.close()
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        await self._store.flush(FLUSH_SECONDS)

    # ----- rooms and their processes

    async def _read_and_open(self, room: HostedRoom, order: OpenRoom, entry: Entry) -> None:
        try:
            beginning = await room.keeper.begin(resume=order.resume)
        except StoreError as error:
            logger.error("[%s] ! its snapshot can't be read: %s (%s)", room.label, error, error.detail)
            room.close(endings.unreadable(error))
        else:
            room.open(open_order(self._config, order, entry, beginning))

    def _enter(self, room: HostedRoom, order: OpenRoom | Admit) -> None:
        room.viewers[order.viewer] = order.seat
        room.keeper.enter(order.profile)
        room.send(Enter(viewer=order.viewer, seat=order.seat, offer=order.offer, profile=order.profile))

    async def _freeze(self, room: HostedRoom, freezing: asyncio.Future[FinalSnapshot]) -> None:
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
            room.send(control.ThawGame())
            self._report(Thawed(room=room.id, code=endings.NOT_FROZEN.code, message=endings.NOT_FROZEN.message))

    def _start(self) -> Awaitable[RoomProcess]:
        """Start a process and run it. Cancelling the wait does not stop the start half-way, with nobody to end it."""
        return asyncio.shield(self._tasks.spawn(self._start_process(), "start of a room process", awaited=True))

    async def _start_process(self) -> RoomProcess:
        process = await RoomProcess.start(self._command, self._time_limits, list(map(str, self._config.addresses)))
        self._processes.add(process)
        self._tasks.spawn(self._run_process(process), f"room process {process.pid}")
        return process

    async def _assign_new_process(self, room: HostedRoom) -> None:
        try:
            process = await self._start()
        except OSError as error:
            logger.error("[%s] ! no process can be started: %s", room.label, error)
            self._room_ended(room, endings.NOT_STARTED)
        else:
            room.assign(process)

    async def _run_process(self, process: RoomProcess) -> None:
        why = endings.GARBLED
        try:
            why = await process.run(lambda message: self._handle_message(process, message))
        finally:
            self._processes.discard(process)
            if room := self._room_of(process):
                self._room_ended(room, why)
            else:
                self._spares.process_ended(process)

    def _room_ended(self, room: HostedRoom, why: Ending) -> None:
        del self._rooms[room.id]
        room.process_ended()
        if room.moved:
            why = endings.MOVED
            room.keeper.moved()
        logger.info("[%s] = closed, %s: %s", room.label, why.code, why.message)
        self._store.release(room.keeper, over=why.code in endings.OVER)
        self._observer.room_closed(why.code)
        closed = RoomClosed(room=room.id, code=why.code, message=why.message, epoch=room.epoch)
        self._report(Frozen(room=room.id) if room.moved else closed)

    def _room_of(self, process: RoomProcess) -> HostedRoom | None:
        return next((room for room in self if room.process is process), None)

    # ----- what a room says

    def _handle_message(self, process: RoomProcess, message: RoomMessage) -> None:
        room = self._room_of(process)
        handler = HANDLERS.get(type(message))
        if room is not None and handler is not None:
            handler(self, room, process, message)

    def _update_figures(self, room: HostedRoom, _: RoomProcess, message: Figures) -> None:
        room.figures = message

    def _note_opened(self, room: HostedRoom, process: RoomProcess, message: Opened) -> None:
        room.codec = CODECS.get(message.codec, "")
        seconds = self._loop.time() - room.requested_at
        process.log.info("= open after %.2f s, %s", seconds, message.codec)
        self._observer.room_opened(seconds)

    def _resolve_freezing(self, room: HostedRoom, _: RoomProcess, message: FinalSnapshot) -> None:
        if room.freezing is not None and not room.freezing.done():
            room.freezing.set_result(message)

    def _store_or_read(self, room: HostedRoom, _: RoomProcess, message: StoreRequest) -> None:
        room.keeper.handle(message)

    def _pass_on(self, room: HostedRoom, process: RoomProcess, message: Answer | TurnedAway | Left) -> None:
        if message.viewer not in room.viewers:
            return
        if not isinstance(message, Answer):
            del room.viewers[message.viewer]
        report = _for_coordinator(room, message)
        try:
            decode_worker_message(encode(report))
        except MessageError as error:
            # One bad frame would cost the link, and with it the other rooms.
            process.log.warning("! ended because it said something that can't be passed on: %s", error)
            process.kill(endings.GARBLED)
        else:
            self._report(report)

    def _reject(self, order: Admit, code: str, message: str) -> None:
        self._report(Rejected(room=order.room, viewer=order.viewer, code=code, message=message))


def _for_coordinator(room: HostedRoom, message: Answer | TurnedAway | Left) -> WorkerMessage:
    if isinstance(message, Answer):
        return Admitted(room=room.id, viewer=message.viewer, answer=message.answer, codec=room.codec)
    if isinstance(message, TurnedAway):
        return Rejected(room=room.id, viewer=message.viewer, code=message.code, message=message.message)
    return ViewerLeft(room=room.id, viewer=message.viewer)


HANDLERS: dict[type[RoomMessage], Callable[[Supervisor, HostedRoom, RoomProcess, Any], None]] = {
    Figures: Supervisor._update_figures,
    Opened: Supervisor._note_opened,
    Answer: Supervisor._pass_on,
    TurnedAway: Supervisor._pass_on,
    Left: Supervisor._pass_on,
    FinalSnapshot: Supervisor._resolve_freezing,
    Snapshot: Supervisor._store_or_read,
    StoreSave: Supervisor._store_or_read,
    FetchSave: Supervisor._store_or_read,
    ListSaves: Supervisor._store_or_read,
    DeleteSave: Supervisor._store_or_read,
    StoreBattery: Supervisor._store_or_read,
}
"""What is done with each message of a room. ``Ready`` and ``Closed`` concern its process alone, which reads them."""
