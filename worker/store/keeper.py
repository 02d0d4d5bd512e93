"""What the agent keeps for one room: its snapshots, its battery memory, and its players' save slots.

It takes what the room asks for, and answers. Everything it does for the room costs the room no time.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from worker.messages.storing import (
    DeleteSave,
    FetchSave,
    Frozen,
    ListSaves,
    Snapshot,
    StoreAnswer,
    StoreBattery,
    StoreRequest,
    StoreSave,
    StoreState,
)
from worker.store.backups import Backups
from worker.store.battery import BatteryBook
from worker.store.context import Owner, Shared
from worker.store.errors import StoreError
from worker.store.slots import Slots

logger = logging.getLogger(__name__)

NO_SNAPSHOT = "The game begins anew: no snapshot is left from which it could go on."
NO_BATTERY = (
    "What the game itself has saved can't be read at the moment, so it begins without. It is kept: start the game again"
    " later to have it."
)


@dataclass(frozen=True)
class Beginning:
    """What a game begins with."""

    snapshot: bytes | None
    battery: bytes | None
    words: str = ""
    """What its players are to know of it."""


class Keeper:
    """Keeps one room's things, from before its game begins until after its end."""

    def __init__(self, shared: Shared, owner: Owner, answer: Callable[[StoreAnswer], None]) -> None:
        self._answer = answer
        self._label = owner.label
        self._troubles: dict[str, StoreError] = {}
        self._said = ""
        self._backups = Backups(shared, owner, self._watch("backups"))
        self._battery = BatteryBook(shared, owner, answer, self._watch("battery"))
        self._slots = Slots(shared, owner.game, answer, self._watch("saves"))
        self.enter(owner.profile)

    @property
    def size(self) -> int:
        """Bytes that the store does not have yet."""
        return self._backups.lane.size + self._battery.lane.size + self._slots.lane.size

    async def begin(self, *, resume: bool) -> Beginning:
        """What to open the game with. Raises StoreError if it is to go on, and the store can't tell from where."""
        backup = self._backups.resume() if resume else _nothing()
        found, battery = await asyncio.gather(backup, self._open_battery())
        if found is not None:  # it has its battery memory in it, whatever others have written since
            self._battery.base = found.base
            return Beginning(found.state, battery)
        words = [NO_SNAPSHOT] if resume else []
        words += [NO_BATTERY] if self._battery.base.blind else []
        return Beginning(None, battery, " ".join(words))

    async def _open_battery(self) -> bytes | None:
        try:
            return await self._battery.open()
        except StoreError as error:
            logger.warning("[%s] ! it begins without its battery memory: %s (%s)", self._label, error, error.detail)
            return None

    def enter(self, profile: str) -> None:
        """A player with this profile is in the room."""
        self._slots.enter(profile)

    def handle(self, request: StoreRequest) -> None:
        """Do what the room asks for. The answer comes by itself."""
        match request:
            case Snapshot() | Frozen():
                self._backups.add(request, self._battery.base)
            case StoreBattery():
                self._battery.store(request)
            case StoreSave():
                self._slots.save(request)
            case FetchSave():
                self._slots.fetch(request)
            case ListSaves():
                self._slots.list(request)
            case DeleteSave():
                self._slots.delete(request)

    async def freeze(self, last: Frozen) -> bool:
        """Store the last snapshot of a room that moves. False if that takes too long: then it has to stay."""
        self._backups.add(last, self._battery.base)
        return await self._backups.settle()

    def moved(self) -> None:
        """The room goes on elsewhere."""
        self._backups.moved()

    async def settle(self, *, over: bool) -> None:
        """After the room's end: wait until all is stored. ``over``: nobody will go on with this game."""
        if over:
            await self._backups.over()
        await asyncio.gather(self._backups.lane.empty(), self._battery.settled(), self._slots.settled())

    def abandon(self) -> None:
        """Give up what is not stored yet."""
        self._backups.lane.abandon()
        self._battery.lane.abandon()
        self._slots.abandon()

    def _watch(self, kind: str) -> Callable[[StoreError | None], None]:
        def changed(error: StoreError | None) -> None:
            self._troubles.pop(kind, None)
            if error is not None:
                self._troubles[kind] = error
            self._say_state()

        return changed

    def _say_state(self) -> None:
        error = next(iter(self._troubles.values()), None)
        sentence = f"Nothing can be saved at the moment: {error}. The game goes on, and what is to be saved waits."
        message = sentence if error else ""
        if message == self._said:
            return
        self._said = message
        if error:
            logger.warning("[%s] ! not stored yet: %s (%s)", self._label, error, error.detail)
        else:
            logger.info("[%s] = all is stored again", self._label)
        self._answer(StoreState(message=message))


async def _nothing() -> None:
    return None
