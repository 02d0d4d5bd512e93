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
    Frozen,
    ListSaves,
    Snapshot,
    StoreAnswer,
    StoreBattery,
    StoreSave,
)
from worker.processes import endings
from worker.processes.control_writer import Outbox
from worker.processes.endings import Ending
from worker.processes.lifecycle import Event, Life, Patience, State, UnexpectedEventError
from worker.processes.log_lines import OutputLines
from worker.processes.media_sockets import Handover

logger = logging.getLogger(__name__)

MAX_UNREAD_BYTES = 2 * MAX_CONTROL_BYTES
"""What may wait for a room that doesn't read: a snapshot to go on from, a save and offers. One that lets more pile up
is as good as dead."""

LAST_WORDS = 1.0
"""Seconds for what a process has written before its end, and for a process that has hung up to end."""

HELD_UP = 1.0
"""Seconds after a deadline: if we notice it only then, the whole machine stood still, as one does that is moved. Then
the rooms are heard for as long before one of them is taken to hang."""

PASSED_ON = ("DYLD_", "HOME", "LANG", "LC_", "LD_", "MALLOC_", "PATH", "PYTHON", "TMPDIR", "TZ")
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
    Frozen: Event.STORE,
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
        """Called by logging."""
        return f"[{self.name}] {msg}", kwargs


class Child:
    """A running room process. ``run`` owns it and returns when all of it is gone."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        control: tuple[asyncio.StreamReader, asyncio.StreamWriter, Outbox],
        output: tuple[asyncio.StreamReader, asyncio.ReadTransport],
        handover: Handover,
        patience: Patience,
    ) -> None:
        self.pid = process.pid
        self.log = RoomLog(logger, {})
        self.log.name = f"process {process.pid}"
        self.ready = asyncio.Event()
        """Set when its imports are done, or when it is gone."""
        self.settled = asyncio.Event()
        """Set when its game runs, or when it is gone."""
        self._process = process
        self._reader, self._reading_end, self._outbox = control
        self._output, self._output_transport = output
        self._handover = handover
        self._loop = asyncio.get_running_loop()
        self._life = Life(patience, self._loop.time())
        self._timer: asyncio.TimerHandle | None = None
        self._ending: Ending | None = None

    @classmethod
    async def start(cls, command: Sequence[str], patience: Patience, addresses: Sequence[str] = ()) -> "Child":
        """Start a room process, with media sockets on these addresses, or on all of the machine's.

        Raises OSError when the system has no more processes or file handles.
        """
        with ExitStack() as ours, ExitStack() as theirs:
            near, far = socket.socketpair()
            ours.callback(near.close)
            theirs.callback(far.close)
            handover = Handover(addresses)
            ours.callback(handover.close)
            theirs.callback(handover.room_end.close)
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
                pass_fds=(far.fileno(), handover.room_end.fileno()),
                env=_environment(far.fileno(), handover.room_end.fileno()),
                start_new_session=True,  # a Ctrl-C at the terminal is for the agent alone
            )
            theirs.close()
            reader = asyncio.StreamReader()
            protocol = asyncio.StreamReaderProtocol(reader)
            transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
            outbox = Outbox(near)
            ours.callback(outbox.close)
            control = await asyncio.open_connection(sock=near)
            ours.pop_all()
        return cls(process, (*control, outbox), (reader, transport), handover, patience)

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return self._life.state

    @property
    def is_ending(self) -> bool:
        """Whether it has been told to end, or says that it does."""
        return self.state in (State.CLOSING, State.GONE)

    def send(self, message: AgentMessage) -> None:
        """Write to the room. Nothing is said to one that is ending, but what became of its last save."""
        if self.is_ending and not isinstance(message, StoreAnswer):
            return
        if isinstance(message, Open):
            self._step(Event.OPEN_SENT)
        if isinstance(message, Enter):
            self._handover.send()
        self.log.debug("> %s", type(message).__name__)
        self._outbox.write(frame(message))
        if self._outbox.unsent > MAX_UNREAD_BYTES:
            self.kill(endings.HUNG)

    def close(self, why: Ending = endings.CLOSED) -> None:
        """Ask it to end; a spare, that has nothing to save, just ends."""
        if self.state in (State.STARTING, State.SPARE):
            self.kill(why)
        elif self.state in (State.OPENING, State.OPEN):
            self._ending = self._ending or why
            self.send(Close())
            self._step(Event.CLOSE_SENT)

    def kill(self, why: Ending) -> None:
        """End it and what it has started, now."""
        self._ending = self._ending or why
        if self._process.returncode is None:
            self._kill_group()

    async def run(self, on_message: OnMessage) -> Ending:
        """Pass its messages on until it is gone: process, messages and output. Cancelling kills it."""
        self._arm()
        reading = asyncio.create_task(self._read(on_message), name=f"{self.log.name} messages")
        logging_output = asyncio.create_task(self._log_output(), name=f"{self.log.name} output")
        try:
            exit_code = await self._process.wait()
            _, held_open = await asyncio.wait((reading, logging_output), timeout=LAST_WORDS)
            if held_open:  # by a program that the core started
                self._kill_group()
        finally:
            if self._process.returncode is None:
                self.kill(endings.CLOSED)
            await self._let_go(reading, logging_output)
        why = self._ending or endings.explain(exit_code)
        self.log.debug("= gone, exit code %d: %s", exit_code, why.code)
        return why

    async def _let_go(self, *tasks: asyncio.Task[None]) -> None:
        for task in tasks:
            task.cancel()
        for failure in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(failure, Exception):
                self.log.error("! reading from it failed", exc_info=failure)
        self._step(Event.ENDED)
        self._outbox.close()
        self._handover.close()
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
                self._note(message)
                on_message(message)
        except (ValueError, UnexpectedEventError) as error:
            self.log.warning("! ended because it broke the protocol: %s", error)
            self.kill(endings.GARBLED)
        # It has hung up, so it is about to end; nothing that it could still do concerns anybody.
        self._loop.call_later(LAST_WORDS, self._end_silent)

    def _note(self, message: RoomMessage) -> None:
        if isinstance(message, Ready):
            self.ready.set()
        elif isinstance(message, Opened):
            self.settled.set()
        elif isinstance(message, Closed):
            self._ending = self._ending or endings.said(message)

    def _step(self, event: Event) -> None:
        self._life.step(event, self._loop.time())
        self._arm()

    def _arm(self) -> None:
        if self._timer:
            self._timer.cancel()
        deadline = self._life.deadline
        self._timer = self._loop.call_at(deadline, self._overdue, deadline) if deadline is not None else None

    def _overdue(self, deadline: float) -> None:
        if self._loop.time() - deadline > HELD_UP:
            again = self._loop.time() + HELD_UP
            self._timer = self._loop.call_at(again, self._overdue, again)
            return
        self.log.warning("! killed: it said nothing for too long in state %s", self.state.name)
        self.kill(endings.HUNG)

    def _end_silent(self) -> None:
        if self.state is not State.GONE and self._process.returncode is None:
            self.kill(endings.GARBLED)

    async def _log_output(self) -> None:
        lines = OutputLines(self._loop.time())
        while data := await self._output.read(_OUTPUT_CHUNK):
            self._log_lines(lines.feed(data, self._loop.time()))
        self._log_lines(lines.finish())

    def _log_lines(self, lines: list[str]) -> None:
        for line in lines:
            level = _LEVELS.get(line.partition(" ")[0], logging.INFO)
            self.log.log(level, "%s", line)


def _environment(control: int, media: int) -> dict[str, str]:
    """A core is somebody else's native code: tokens and credentials are not for it."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
    own = {CONTROL_FD_VARIABLE: str(control), MEDIA_FD_VARIABLE: str(media), "PYTHONUNBUFFERED": "1"}
    return {**kept, **own, **ONE_THREAD}
