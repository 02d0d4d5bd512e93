"""A room as the agent holds it: its process, when it has one, what is kept for it, and who is in it."""

import asyncio
from dataclasses import dataclass, field

from coordinator.messages import Codec, Seat
from worker.messages.control import AgentMessage, Figures, Open
from worker.messages.storing import FinalSnapshot
from worker.processes.endings import Ending
from worker.processes.process import RoomProcess
from worker.store.keeper import Keeper


@dataclass(eq=False)
class HostedRoom:
    """A room of this worker, and all that the agent has of it.

    Its process is started while the store reads what its game begins with. Messages to it wait until both are done.
    """

    id: str
    game: str
    """Its title."""
    requested_at: float
    """When it was asked for, on the loop's clock."""
    epoch: int = 1
    """Which opening of the room this is, as the coordinator counts them."""
    keeper: Keeper = field(init=False)
    """Stores and reads for it."""
    viewers: dict[str, Seat | None] = field(default_factory=dict)
    """Each with its seat, None for who only watches."""
    codec: Codec = ""
    """What it encodes its picture with, once that is known."""
    figures: Figures | None = None
    process: RoomProcess | None = None
    """None until its process has started."""
    waiting: list[AgentMessage] = field(default_factory=list)
    """What is to be said to a process that has not started yet, or has not been told what to open."""
    pending_close: Ending | None = None
    """It is to end as soon as its process has started."""
    freezing: asyncio.Future[FinalSnapshot] | None = None
    """Its last snapshot, when it has been asked for one."""
    moved: bool = False
    """Its last snapshot is stored, and it goes on somewhere else."""
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    """What is done for it meanwhile; it ends with the process."""
    has_order: bool = False
    """Its process may be told what to open, and what comes after that."""

    @property
    def label(self) -> str:
        """Short, for logs and metrics: who has the whole id can enter the room."""
        return self.id[:8]

    def send(self, message: AgentMessage) -> None:
        """Send a message to the process, now or after the order to open."""
        self.waiting.append(message)
        self._flush()

    def open(self, opening: Open) -> None:
        """Send the order to open: the first message that the process gets."""
        self.has_order = True
        self.waiting.insert(0, opening)
        self._flush()

    def assign(self, process: RoomProcess) -> None:
        """Give the room its process, and send it what has waited."""
        process.log.name = self.label
        process.log.info("= opening %r", self.game)
        self.process = process
        if self.pending_close:
            process.close(self.pending_close)
        self._flush()

    def close(self, why: Ending) -> None:
        """Ask the room to end, as soon as it has a process."""
        if self.process:
            self.process.close(why)
        else:
            self.pending_close = why

    @property
    def continues(self) -> bool:
        """Whether it can be played, or is on its way to another worker: anything but told to end."""
        return self.moved or (self.pending_close is None and (self.process is None or not self.process.is_ending))

    def process_ended(self) -> None:
        """Cancel what is still being done for the room, as its process is gone."""
        for task in self.tasks:
            task.cancel()

    def _flush(self) -> None:
        if self.process and self.has_order:
            for message in self.waiting:
                self.process.send(message)
            self.waiting.clear()
