"""One room process, as the agent holds it: start it, talk to it, notice when it is silent, and see it end.

Whether it is a spare or somebody's room, and what its messages mean, is the supervisor's business.
"""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import Any

from worker.messages.control import (
    CONTROL_FD_VARIABLE,
    MAX_CONTROL_BYTES,
    MEDIA_FD_VARIABLE,
    AgentMessage,
    Answer,
    Close,
    Closed,
    Enter,
    Figures,
    Left,
    Open,
    Opened,
    Ready,
    RoomMessage,
    TurnedAway,
    frame,
    read_room_message,
)
from worker.messages.storing import (
    DeleteSave,
    FetchSave,
    FinalSnapshot,
    ListSaves,
    Snapshot,
    StoreAnswer,
    StoreBattery,
    StoreSave,
)
from worker.processes import endings
from worker.processes.control_writer import ControlWriter
from worker.processes.endings import Ending
from worker.processes.lifecycle import Event, Lifecycle, State, TimeLimits, UnexpectedEventError
from worker.processes.log_lines import LogLines
from worker.processes.media_sockets import MediaSocketSender
from worker.runtime.tasks import BackgroundTasks

logger = logging.getLogger(__name__)

MAX_UNREAD_BYTES = 2 * MAX_CONTROL_BYTES
"""What may wait for a room that doesn't read: a snapshot to go on from, a save and offers. One that lets more pile up
is as good as dead."""

LINGER_SECONDS = 1.0
"""Seconds to read what a process has written before its end, and for one that has closed its socket to end."""

STALL_SECONDS = 1.0
"""Seconds after a deadline: if we notice it only then, the whole machine stood still, as one does that is moved. Then
the rooms are heard for as long before one of them is taken to hang."""

INHERITED_PREFIXES = ("DYLD_", "HOME", "LANG", "LC_", "LD_", "MALLOC_", "PATH", "PYTHON", "TMPDIR", "TZ")
"""Variables that begin with these are all that a room gets of the worker's: what its interpreter and libraries need. A
list of those that may be secret would never be done."""

_OUTPUT_CHUNK = 1 << 16

_EVENTS: dict[type[RoomMessage], Event] = {
    Ready: Event.READY,
    Opened: Event.OPENED,
    Figures: Event.FIGURES,
    Answer: Event.VIEWER,
    TurnedAway: Event.VIEWER,
    Left: Event.VIEWER,
    Snapshot: Event.STORE,
    FinalSnapshot: Event.STORE,
    StoreSave: Event.STORE,
    FetchSave: Event.STORE,
    ListSaves: Event.STORE,
    DeleteSave: Event.STORE,
    StoreBattery: Event.STORE,
    Closed: Event.CLOSED,
}

_LEVELS = {name: getattr(logging, name) for name in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")}
"""A room's own log lines begin with their level; what its core prints counts as information."""

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""For libraries that start threads when they are imported: those would stay outside of the room's sandbox."""

OnMessage = Callable[[RoomMessage], None]


class RoomLog(logging.LoggerAdapter[logging.Logger]):
    """Puts the name of the room, or the number of its process, before each line."""

    name = ""

    def process(self, msg: Any, kwargs: Any) -> tuple[Any, Any]:
        """Put the name before the message, as logging asks for it."""
        return f"[{self.name}] {msg}", kwargs


class RoomProcess:
    """A running room process. ``run`` owns it and returns when all of it is gone."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        control: tuple[asyncio.StreamReader, asyncio.StreamWriter, ControlWriter],
        output: tuple[asyncio.StreamReader, asyncio.ReadTransport],
        media_sockets: MediaSocketSender,
        time_limits: TimeLimits,
    ) -> None:
        self.pid = process.pid
        self.log = RoomLog(logger, {})
        self.log.name = f"process {process.pid}"
        self.ready = asyncio.Event()
        """Set when its imports are done, or when it is gone."""
        self.settled = asyncio.Event()
        """Set when its game runs, or when it is gone."""
        self._process = process
        self._reader, self._reading_end, self._writer = control
        self._output, self._output_transport = output
        self._media_sockets = media_sockets
        self._loop = asyncio.get_running_loop()
        self._lifecycle = Lifecycle(time_limits, self._loop.time())
        self._timer: asyncio.TimerHandle | None = None
        self._ending: Ending | None = None

    @classmethod
    async def start(
        cls, command: Sequence[str], time_limits: TimeLimits, addresses: Sequence[str] = ()
    ) -> "RoomProcess":
        """Start a room process, with media sockets on these addresses, or on all of the machine's.

        Raises OSError when the system has no more processes or file handles.
        """
        with ExitStack() as ours, ExitStack() as theirs:
            near, far = socket.socketpair()
            ours.callback(near.close)
            theirs.callback(far.close)
            media_sockets = MediaSocketSender(addresses)
            ours.callback(media_sockets.close)
            theirs.callback(media_sockets.room_end.close)
            output, their_output = os.pipe()
            pipe = ours.enter_context(os.fdopen(output, "rb", buffering=0))
            theirs.callback(os.close, their_output)
            # The output has a pipe of our own: with asyncio's, a program that the core started and that keeps the
            # pipe open would keep `wait()` from returning.
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=their_output,
                stderr=their_output,
                pass_fds=(far.fileno(), media_sockets.room_end.fileno()),
                env=_environment(far.fileno(), media_sockets.room_end.fileno()),
                start_new_session=True,  # a Ctrl-C at the terminal is for the agent alone
            )
            theirs.close()
            reader = asyncio.StreamReader()
            protocol = asyncio.StreamReaderProtocol(reader)
            transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
            writer = ControlWriter(near)
            ours.callback(writer.close)
            control = await asyncio.open_connection(sock=near)
            ours.pop_all()
        return cls(process, (*control, writer), (reader, transport), media_sockets, time_limits)

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return self._lifecycle.state

    @property
    def is_ending(self) -> bool:
        """Whether it has been told to end, or says that it does."""
        return self.state in (State.CLOSING, State.GONE)

    def send(self, message: AgentMessage) -> None:
        """Write a message to the room; one that is ending gets nothing but the answer to its last save.

        A room that lets more than MAX_UNREAD_BYTES pile up is killed.
        """
        if self.is_ending and not isinstance(message, StoreAnswer):
            return
        if isinstance(message, Open):
            self._step(Event.OPEN_SENT)
        if isinstance(message, Enter):
            self._media_sockets.send()
        self.log.debug("> %s", type(message).__name__)
        self._writer.write(frame(message))
        if self._writer.unsent > MAX_UNREAD_BYTES:
            self.kill(endings.HUNG)

    def close(self, why: Ending = endings.CLOSED) -> None:
        """Ask the room to save and end; a process that has nothing to save yet is killed."""
        if self.state in (State.STARTING, State.SPARE):
            self.kill(why)
        elif self.state in (State.OPENING, State.OPEN):
            self._ending = self._ending or why
            self.send(Close())
            self._step(Event.CLOSE_SENT)

    def kill(self, why: Ending) -> None:
        """Kill the process and all that it has started."""
        self._ending = self._ending or why
        if self._process.returncode is None:
            self._kill_group()

    async def run(self, on_message: OnMessage) -> Ending:
        """Pass the messages on to ``on_message`` until process, messages and output have ended, and say how it ended.

        Cancelling kills the process.
        """
        self._set_timer()
        tasks = BackgroundTasks(self.log)
        tasks.spawn(self._read(on_message), "reading its messages")
        tasks.spawn(self._log_output(), "reading its output")
        try:
            exit_code = await self._process.wait()
            if tasks:
                await asyncio.wait(tasks, timeout=LINGER_SECONDS)
            if tasks:  # kept open by a program that the core started
                self._kill_group()
        finally:
            if self._process.returncode is None:
                self.kill(endings.CLOSED)
            await tasks.close()
            self._release()
        why = self._ending or endings.from_exit_code(exit_code)
        self.log.debug("= gone, exit code %d: %s", exit_code, why.code)
        return why

    def _release(self) -> None:
        self._step(Event.ENDED)
        self._writer.close()
        self._media_sockets.close()
        self._reading_end.close()
        self._output_transport.close()
        self.ready.set()
        self.settled.set()

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    # ----- the room's side: feed, dispatch, arm

    async def _read(self, on_message: OnMessage) -> None:
        try:
            while (message := await read_room_message(self._reader)) is not None:
                self.log.debug("< %s", type(message).__name__)
                self._step(_EVENTS[type(message)])
                self._record(message)
                on_message(message)
        except (ValueError, UnexpectedEventError) as error:
            self.log.warning("! ended because it broke the protocol: %s", error)
            self.kill(endings.GARBLED)
        # It has hung up, so it is about to end; nothing that it could still do concerns anybody.
        self._loop.call_later(LINGER_SECONDS, self._kill_if_running)

    def _record(self, message: RoomMessage) -> None:
        if isinstance(message, Ready):
            self.ready.set()
        elif isinstance(message, Opened):
            self.settled.set()
        elif isinstance(message, Closed):
            self._ending = self._ending or endings.from_room(message)

    def _step(self, event: Event) -> None:
        self._lifecycle.step(event, self._loop.time())
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        deadline = self._lifecycle.deadline
        self._timer = self._loop.call_at(deadline, self._deadline_passed, deadline) if deadline is not None else None

    def _deadline_passed(self, deadline: float) -> None:
        if self._loop.time() - deadline > STALL_SECONDS:
            again = self._loop.time() + STALL_SECONDS
            self._timer = self._loop.call_at(again, self._deadline_passed, again)
            return
        self.log.warning("! killed: it said nothing for too long in state %s", self.state.name)
        self.kill(endings.HUNG)

    def _kill_if_running(self) -> None:
        if self.state is not State.GONE and self._process.returncode is None:
            self.kill(endings.GARBLED)

    async def _log_output(self) -> None:
        lines = LogLines(self._loop.time())
        while data := await self._output.read(_OUTPUT_CHUNK):
            self._log_lines(lines.feed(data, self._loop.time()))
        self._log_lines(lines.finish())

    def _log_lines(self, lines: list[str]) -> None:
        for line in lines:
            level = _LEVELS.get(line.partition(" ")[0], logging.INFO)
            self.log.log(level, "%s", line)


def _environment(control: int, media: int) -> dict[str, str]:
    """Pick the environment of a room: a core is somebody else's native code, so tokens and credentials stay here."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(INHERITED_PREFIXES)}
    own = {CONTROL_FD_VARIABLE: str(control), MEDIA_FD_VARIABLE: str(media), "PYTHONUNBUFFERED": "1"}
    return {**kept, **own, **ONE_THREAD}
