"""A room as the agent holds it: its process, when it has one, what is kept for it, and who is in it."""

import asyncio
from dataclasses import dataclass, field

from coordinator.messages import Codec, Seat
from worker.messages.control import AgentMessage, Figures, Open
from worker.messages.storing import Frozen
from worker.processes.endings import Ending
from worker.processes.process import Child
from worker.store.keeper import Keeper


@dataclass(eq=False)
class Room:
    """A room and what is known of it.

    Its process is started, and what its game begins with is read, at the same time. What is said to it meanwhile waits.
    """

    id: str
    game: str
    """Its title."""
    asked: float
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
    child: Child | None = None
    """None until its process has started."""
    waiting: list[AgentMessage] = field(default_factory=list)
    """What is to be said to a process that has not started yet, or has not been told what to open."""
    doomed: Ending | None = None
    """It is to end as soon as its process has started."""
    freezing: asyncio.Future[Frozen] | None = None
    """Its last snapshot, when it has been asked for one."""
    moved: bool = False
    """Its last snapshot is stored, and it goes on somewhere else."""
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    """What is done for it meanwhile; it ends with the process."""
    told: bool = False
    """Its process may be told what to open, and what comes after that."""

    @property
    def label(self) -> str:
        """Short, for logs and metrics: who has the whole id can enter the room."""
        return self.id[:8]

    def send(self, message: AgentMessage) -> None:
        """Say it to the process, now or when it knows what to open."""
        self.waiting.append(message)
        self._say()

    def open(self, opening: Open) -> None:
        """Say what to open: the first thing that the process hears."""
        self.told = True
        self.waiting.insert(0, opening)
        self._say()

    def assign(self, child: Child) -> None:
        """This is its process."""
        child.log.name = self.label
        child.log.info("= opening %r", self.game)
        self.child = child
        if self.doomed:
            child.close(self.doomed)
        self._say()

    def close(self, why: Ending) -> None:
        """Ask it to end."""
        if self.child:
            self.child.close(why)
        else:
            self.doomed = why

    @property
    def goes_on(self) -> bool:
        """Whether it can be played, or is on its way to another worker: anything but told to end."""
        return self.moved or (self.doomed is None and (self.child is None or not self.child.is_ending))

    def gone(self) -> None:
        """Its process is gone."""
        for task in self.tasks:
            task.cancel()

    def _say(self) -> None:
        if self.child and self.told:
            for message in self.waiting:
                self.child.send(message)
            self.waiting.clear()
