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
    ChangeSeat,
    Close,
    Enter,
    Exit,
    Figures,
    FreezeGame,
    Open,
    Ready,
    RoomMessage,
    ThawGame,
    frame,
    read_agent_message,
)
from worker.messages.storing import Deleted, Fetched, Listed, Snapshot, Stored, StoreState
from worker.room.media.aiortc_hooks import limit_addresses
from worker.room.media.sockets import MediaLoop, MediaSockets
from worker.room.room import RoomServer
from worker.runtime.tasks import BackgroundTasks
from worker.sandbox import folders

logger = logging.getLogger(__name__)

PR_SET_PDEATHSIG: Final = 1
SWITCH_SECONDS: Final = 0.0005
"""How long a busy thread may keep the interpreter from another: the core's callbacks need it a hundred times a frame,
and at Python's 5 ms a datagram that arrives in between could hold a frame up for as long."""
CHECKS_PER_SECOND: Final = 4
"""For viewers that fall silent; once a second for all else."""
MAX_UNSENT: Final = 1 << 20
"""Bytes that wait for an agent that stands still, above which it gets no more snapshots and figures: the next ones
make up for those."""
OOM_SCORE: Final = 500
"""Of -1000 to 1000: half of the machine's memory more than what the room has."""
GOODBYE_SECONDS: Final = 2.0
"""Time for the viewers' connections to say goodbye when the room ends."""


class AgentConnection:
    """The room's end of the control socket: hands the agent's messages to the room, and ends with it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, media: MediaSockets) -> None:
        self._reader = reader
        self._writer = writer
        self._media = media
        self._readable = folders.of_the_interpreter()
        self._room: RoomServer | None = None
        self._tasks = BackgroundTasks(logger)

    async def run(self) -> None:
        """Serve until the room is closed or the agent is gone."""
        self._send(Ready())
        await self._serve()
        self._tasks.cancel()

    async def _serve(self) -> None:
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
            self._dispatch(command)
            if self._room is not None and closed is None:
                closed = asyncio.create_task(self._room.closed.wait())
            message = asyncio.create_task(read_agent_message(self._reader))
        if self._room is not None:
            await self._room.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await self._room.closed.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await self._room.close_connections()

    def _dispatch(self, command: AgentMessage) -> None:
        if isinstance(command, Open):
            self._open(command)
        elif self._room is None:
            logger.warning("! %s came before the room was opened", type(command).__name__)
        else:
            self._dispatch_to_room(self._room, command)

    def _dispatch_to_room(self, room: RoomServer, command: AgentMessage) -> None:
        match command:
            case Enter():
                if addresses := self._media.receive():
                    limit_addresses(addresses)
                self._tasks.spawn(room.enter(command), f"enter {command.viewer}")
            case ChangeSeat():
                room.assign_seat(command.viewer, command.seat)
            case AddCandidate():
                self._tasks.spawn(room.add_candidate(command.viewer, command.candidate), "candidate")
            case Exit():
                self._tasks.spawn(room.exit(command.viewer), f"exit {command.viewer}")
            case Stored() | Fetched() | Listed() | Deleted() | StoreState():
                room.handle_store_answer(command)
            case FreezeGame() | ThawGame() | Close():
                self._dispatch_ending(room, command)

    def _dispatch_ending(self, room: RoomServer, command: FreezeGame | ThawGame | Close) -> None:
        match command:
            case FreezeGame():
                self._tasks.spawn(room.freeze(), "freeze")
            case ThawGame():
                room.thaw()
            case Close():
                self._tasks.spawn(room.close(), "close")

    def _open(self, order: Open) -> None:
        if self._room is not None:
            logger.warning("! a second open")
            return
        room = self._room = RoomServer(order, self._send)
        try:
            self._enter_sandbox(order)
        except sandbox.SandboxRefusedError as lacks:
            room.refuse("sandbox_missing", f"This server can't lock games in as its owner wants it: {lacks}.")
            return
        room.open()
        self._tasks.spawn(self._check(room), "check")

    def _enter_sandbox(self, order: Open) -> None:
        saves = Path(order.save_directory)
        with contextlib.suppress(OSError):  # said by the agent, or by the first game that wants to save
            saves.mkdir(parents=True, exist_ok=True)
        game = Path(order.game) if order.game is not None else None
        grants = folders.of_the_game(Path(order.core), game, Path(order.system_directory), saves)
        for lack in sandbox.enter(order.sandbox, [*self._readable, *grants]):
            logger.info("= not all of the sandbox: %s", lack)

    async def _check(self, room: RoomServer) -> None:
        """Have the room check its viewers and its game regularly, until it is closed."""
        checks = 0
        while not room.closed.is_set():
            await asyncio.sleep(1 / CHECKS_PER_SECOND)
            now = time.monotonic()
            room.check_viewers(now)
            checks += 1
            if checks % CHECKS_PER_SECOND == 0:
                room.check_game(now)

    def _send(self, message: RoomMessage) -> None:
        if self._writer.is_closing():  # as it is when the agent is gone
            return
        waiting = self._writer.transport.get_write_buffer_size()
        if waiting <= MAX_UNSENT or not isinstance(message, Snapshot | Figures):
            self._writer.write(frame(message))


async def serve(control: socket.socket, media: MediaSockets) -> None:
    """Run the room whose agent holds the other ends of these sockets."""
    reader, writer = await asyncio.open_connection(sock=control)
    await AgentConnection(reader, writer, media).run()
    writer.close()
    with contextlib.suppress(ConnectionError, TimeoutError):  # the last word may still be on its way
        async with asyncio.timeout(GOODBYE_SECONDS):
            await writer.wait_closed()


def die_with_parent() -> None:
    """Let the kernel end this process when the agent ends, however that happens (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def raise_oom_score() -> None:
    """Let the kernel, when memory runs out, end a room and not the agent, which all rooms need (Linux)."""
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
    raise_oom_score()
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
    # No runner, whose end would start the loop again, which takes a socket pair. The rest ends with the process: a
    # core may have left threads or locks behind that an ordinary exit would wait for.
    MediaLoop(sockets).run_until_complete(serve(control, sockets))
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
