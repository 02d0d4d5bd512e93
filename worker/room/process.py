"""The room process, ``python -m worker.room.process``: the agent's messages in, the room's out, and an orderly end.

Started by the agent with one end of two socket pairs, for messages and for media sockets. As a warm spare it has done
its imports and waits for ``Open``. With that it enters the sandbox, before any code of a core is in it.
"""

import asyncio
import contextlib
import ctypes
import faulthandler
import gc
import logging
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Final

from worker import sandbox
from worker.messages.control import (
    CONTROL_FD_VARIABLE,
    MEDIA_FD_VARIABLE,
    AddCandidate,
    AgentMessage,
    Close,
    Enter,
    Exit,
    Figures,
    Freeze,
    Open,
    Ready,
    RoomMessage,
    SeatViewer,
    Thaw,
    frame,
    read_agent_message,
)
from worker.messages.storing import Deleted, Fetched, Listed, Snapshot, Stored, StoreState
from worker.room.media.peer import limit_addresses
from worker.room.media.sockets import MediaLoop, MediaSockets
from worker.sandbox import folders

from .room import Room

logger = logging.getLogger(__name__)

PR_SET_PDEATHSIG: Final = 1
SWITCH_SECONDS: Final = 0.0005
"""How long a busy thread may keep the interpreter from another: the core's callbacks need it a hundred times a frame,
and at Python's 5 ms a datagram that arrives in between could hold a frame up for as long."""
LOOKS_PER_SECOND: Final = 4
"""For viewers who fall silent; once a second for all else."""
MAX_UNSENT: Final = 1 << 20
"""Bytes that wait for an agent that stands still, from which on it is told of no more snapshots and figures: the next
ones make up for those."""
OOM_SCORE: Final = 500
"""Of -1000 to 1000: half of the machine's memory more than what the room has."""
GOODBYE_SECONDS: Final = 2.0
"""Time for the viewers' connections to say goodbye when the room ends."""


class Process:
    """Dispatches the agent's messages to the room and ends with it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, media: MediaSockets) -> None:
        self._reader = reader
        self._writer = writer
        self._media = media
        self._readable = folders.of_the_interpreter()
        self._room: Room | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until the room is closed or the agent is gone."""
        self._send(Ready())
        reading = asyncio.create_task(self._read(), name="control")
        await reading
        for task in self._tasks:
            task.cancel()

    async def _read(self) -> None:
        closed: asyncio.Task[bool] | None = None
        message = asyncio.create_task(read_agent_message(self._reader))
        while True:
            done, _ = await asyncio.wait({message, *((closed,) if closed else ())}, return_when="FIRST_COMPLETED")
            if closed in done:
                message.cancel()
                break
            command = message.result()
            if command is None:
                break  # the agent is gone, and nobody will ever speak to this room again
            self._take(command)
            if self._room is not None and closed is None:
                closed = asyncio.create_task(self._room.closed.wait())
            message = asyncio.create_task(read_agent_message(self._reader))
        if self._room is not None:
            await self._room.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._room.closed.wait(), GOODBYE_SECONDS)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._room.leave_all(), GOODBYE_SECONDS)

    def _take(self, command: AgentMessage) -> None:
        if isinstance(command, Open):
            self._open(command)
        elif self._room is None:
            logger.warning("! %s came before the room was opened", type(command).__name__)
        else:
            self._tell(self._room, command)

    def _tell(self, room: Room, command: AgentMessage) -> None:
        match command:
            case Enter():
                if addresses := self._media.receive():
                    limit_addresses(addresses)
                self._spawn(room.enter(command), f"enter {command.viewer}")
            case SeatViewer():
                room.seat(command.viewer, command.seat)
            case AddCandidate():
                self._spawn(room.add_candidate(command.viewer, command.candidate), "candidate")
            case Exit():
                self._spawn(room.exit(command.viewer), f"exit {command.viewer}")
            case Stored() | Fetched() | Listed() | Deleted() | StoreState():
                room.stored(command)
            case Freeze() | Thaw() | Close():
                self._tell_of_end(room, command)

    def _tell_of_end(self, room: Room, command: Freeze | Thaw | Close) -> None:
        match command:
            case Freeze():
                self._spawn(room.freeze(), "freeze")
            case Thaw():
                room.thaw()
            case Close():
                self._spawn(room.close(), "close")

    def _open(self, order: Open) -> None:
        if self._room is not None:
            logger.warning("! a second open")
            return
        room = self._room = Room(order, self._send)
        try:
            self._enter_sandbox(order)
        except sandbox.RefusedError as lacks:
            room.refuse("sandbox_missing", f"This server can't lock games in as its owner wants it: {lacks}.")
            return
        room.open()
        self._spawn(self._tend(room), "tend")

    def _enter_sandbox(self, order: Open) -> None:
        saves = Path(order.save_directory)
        with contextlib.suppress(OSError):  # said by the agent, or by the first game that wants to save
            saves.mkdir(parents=True, exist_ok=True)
        game = Path(order.game) if order.game is not None else None
        grants = folders.of_the_game(Path(order.core), game, Path(order.system_directory), saves)
        for lack in sandbox.enter(order.sandbox, [*self._readable, *grants]):
            logger.info("= not all of the sandbox: %s", lack)

    async def _tend(self, room: Room) -> None:
        looks = 0
        while not room.closed.is_set():
            await asyncio.sleep(1 / LOOKS_PER_SECOND)
            now = time.monotonic()
            room.look(now)
            looks += 1
            if looks % LOOKS_PER_SECOND == 0:
                room.tend(now)

    def _send(self, message: RoomMessage) -> None:
        if self._writer.is_closing():  # as it is when the agent is gone
            return
        waiting = self._writer.transport.get_write_buffer_size()
        if waiting <= MAX_UNSENT or not isinstance(message, Snapshot | Figures):
            self._writer.write(frame(message))

    def _spawn(self, coroutine: "asyncio._CoroutineLike[None]", name: str) -> None:
        task = asyncio.create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("! %s failed", task.get_name(), exc_info=task.exception())


async def serve(control: socket.socket, media: MediaSockets) -> None:
    """Run the room whose agent holds the other ends of these sockets."""
    reader, writer = await asyncio.open_connection(sock=control)
    await Process(reader, writer, media).run()
    writer.close()
    with contextlib.suppress(ConnectionError, TimeoutError):  # the last word may still be on its way
        await asyncio.wait_for(writer.wait_closed(), GOODBYE_SECONDS)


def die_with_parent() -> None:
    """Let the kernel end this process when the agent ends, however that happens (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def go_first() -> None:
    """Where memory runs out, let the kernel take a room and not the agent, which all rooms need (Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE), encoding="ascii")


def _inherited(variable: str) -> socket.socket:
    descriptor = os.environ.get(variable, "")
    if not descriptor.isdigit():
        sys.exit("A room is started by the worker's agent: run `coinop worker` instead.")
    return socket.socket(fileno=int(descriptor))


def main() -> None:
    """Run as a room; the environment names the sockets."""
    die_with_parent()
    go_first()
    sandbox.prepare()
    faulthandler.enable()  # a crash in the core says where
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the agent, which closes its rooms in order
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("aiortc").setLevel(logging.WARNING)
    logging.getLogger("aioice").setLevel(logging.WARNING)
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()  # what is imported stays: the collector need not look at it again in the middle of a game
    control, media = (_inherited(name) for name in (CONTROL_FD_VARIABLE, MEDIA_FD_VARIABLE))
    sockets = MediaSockets(media)
    # No runner, whose end would start the loop again, which takes a socket pair. What is left ends with the process: a
    # core may have left threads or locks behind that an ordinary exit would wait for.
    MediaLoop(sockets).run_until_complete(serve(control, sockets))
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
