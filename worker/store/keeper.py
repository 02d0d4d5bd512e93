"""The keeper of one room: stores its snapshots, its battery memory, and its players' save slots.

Requests return at once and are answered later, so the room never waits for the store.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from worker.messages.storing import (
    DeleteSave,
    FetchSave,
    FinalSnapshot,
    ListSaves,
    Snapshot,
    StoreAnswer,
    StoreBattery,
    StoreRequest,
    StoreSave,
    StoreState,
)
from worker.store.backups import Backups
from worker.store.battery import BatterySaves
from worker.store.context import Owner, StoreContext
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
    """Stores and reads for one room, from before its game begins until after its end."""

    def __init__(self, context: StoreContext, owner: Owner, answer: Callable[[StoreAnswer], None]) -> None:
        self._answer = answer
        self._label = owner.label
        self._troubles: dict[str, StoreError] = {}
        self._said = ""
        self._backups = Backups(context, owner, self._watch("backups"))
        self._battery = BatterySaves(context, owner, answer, self._watch("battery"))
        self._slots = Slots(context, owner.game, answer, self._watch("saves"))
        self.enter(owner.profile)

    @property
    def size(self) -> int:
        """Bytes that the store does not have yet."""
        return self._backups.queue.size + self._battery.queue.size + self._slots.queue.size

    async def begin(self, *, resume: bool) -> Beginning:
        """Read what to open the game with.

        Raises StoreError if the game is to go on, and the store can't tell from where.
        """
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
        """Allow access to this profile's saves, because its player is in the room."""
        self._slots.enter(profile)

    def handle(self, request: StoreRequest) -> None:
        """Start what the room asks for. The answer comes by itself."""
        match request:
            case Snapshot() | FinalSnapshot():
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

    async def freeze(self, last: FinalSnapshot) -> bool:
        """Store the last snapshot of a room that moves, and return whether that was in time: else it has to stay."""
        self._backups.add(last, self._battery.base)
        return await self._backups.settle()

    def moved(self) -> None:
        """Forget the room's snapshots here, as it goes on elsewhere."""
        self._backups.moved()

    async def settle(self, *, over: bool) -> None:
        """Wait after the room's end until all is stored; delete its snapshots if nobody will go on (``over``)."""
        if over:
            await self._backups.over()
        await asyncio.gather(self._backups.queue.empty(), self._battery.settled(), self._slots.settled())

    def abandon(self) -> None:
        """Give up what is not stored yet."""
        self._backups.queue.abandon()
        self._battery.queue.abandon()
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
