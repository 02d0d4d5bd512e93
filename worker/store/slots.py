"""The save slots of a room's players: what they save, load, list and delete of this one game.

A room may touch the saves of those profiles alone that have entered it: its core is somebody else's native code.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from worker.formats.envelope import DamagedError
from worker.messages.storing import (
    Deleted,
    DeleteSave,
    Fetched,
    FetchSave,
    Listed,
    ListSaves,
    StoreAnswer,
    Stored,
    StoreSave,
)
from worker.runtime.tasks import BackgroundTasks
from worker.store.context import StoreContext
from worker.store.errors import StoreError
from worker.store.lineage import Lineage
from worker.store.naming import keys, records
from worker.store.naming.versions import History, Version, after
from worker.store.version_folder import VersionFolder, salt
from worker.store.write_queue import Job, WriteQueue

logger = logging.getLogger(__name__)

MAX_WAITING_SAVES = 8
"""Of one room: with a store that is down, more are refused at once."""

MAX_READS = 8
"""Lists, loads and deletions of one room at a time; a player makes one."""

Reading = FetchSave | ListSaves | DeleteSave

NO_PROFILE = "This browser keeps no data, so there is nowhere to save to. Allow it to, and reload the page."
BUSY = "The store is still busy with what you asked for before. Try again in a moment."


@dataclass(eq=False)
class Unstored:
    """A save on its way to the store; until it is there it is loaded from here."""

    record: bytes
    version: Version | None = None
    """Known from the first try on."""


@dataclass(eq=False)
class Player:
    """What is known of one profile's slots."""

    listing: asyncio.Task[None]
    """Reads what the slots hold as the profile enters."""
    lineages: dict[int, Lineage] = field(default_factory=dict)
    listed: bool = False
    unstored: dict[int, list[Unstored]] = field(default_factory=dict)


class Slots:
    """The slots of one room. Answers come by way of ``answer``."""

    def __init__(
        self,
        context: StoreContext,
        game: str,
        answer: Callable[[StoreAnswer], None],
        changed: Callable[[StoreError | None], None],
    ) -> None:
        self._objects = context.objects
        self._catalogue = context.catalogue
        self._full = context.full
        self._now = context.now
        self._game = game
        self._answer = answer
        self.queue = WriteQueue(context.timeouts, changed)
        self._players: dict[str, Player] = {}
        self._tasks = BackgroundTasks(logger)
        self._reads = 0

    def enter(self, profile: str) -> None:
        """Let this profile's player save from now on, and list what its slots hold."""
        if keys.is_profile(profile) and profile not in self._players:
            self._players[profile] = Player(self._tasks.spawn(self._list_at_entry(profile), "list of saves at entry"))

    # ----- what the room asks for

    def save(self, order: StoreSave) -> None:
        """Store a save as a new version of its slot. Answered by Stored."""
        if order.profile not in self._players:
            self._answer(Stored(request=order.request, error=NO_PROFILE))
        elif len(self.queue) >= MAX_WAITING_SAVES or self._full():
            sentence = "The save could not be stored: too many wait for the store already. Try again in a moment."
            self._answer(Stored(request=order.request, error=sentence))
        else:
            try:
                record = records.save(order.data, order.thumbnail, int(self._now()))
            except DamagedError as error:
                self._answer(Stored(request=order.request, error=f"The save could not be stored: {error}."))
            else:
                self._store(order, record)

    def fetch(self, order: FetchSave) -> None:
        """Read a version of a slot. Answered by Fetched."""
        self._read(order, Fetched, lambda: self._fetch(order))

    def list(self, order: ListSaves) -> None:
        """List a profile's saves. Answered by Listed."""
        self._read(order, Listed, lambda: self._list(order))

    def delete(self, order: DeleteSave) -> None:
        """Delete a version. Answered by Deleted."""
        self._read(order, Deleted, lambda: self._delete(order))

    # ----- how it is done

    def _folder(self, profile: str, slot: int) -> VersionFolder:
        return VersionFolder(self._objects, keys.slot(profile, self._game, slot))

    def _store(self, order: StoreSave, record: bytes) -> None:
        player = self._players[order.profile]
        folder = self._folder(order.profile, order.slot)
        unstored = Unstored(record)
        waiting = player.unstored.setdefault(order.slot, [])
        waiting.append(unstored)

        async def write() -> None:
            if unstored.version is None:  # with the first try: whatever becomes of it, the next one is on top of it
                unstored.version = await self._next_version(player, order, folder)
            await folder.add(unstored.version, record)

        def stored() -> None:
            waiting.remove(unstored)
            self._answer(Stored(request=order.request, version=str(unstored.version)))
            self._tasks.spawn(folder.tidy(), "deletion of old saves")

        def on_delayed(error: StoreError) -> None:
            sentence = f"The save could not be stored yet: {error}. It is kept, and tried again while the room is open."
            self._answer(Stored(request=order.request, error=sentence, waiting=True))

        self.queue.add(Job(len(record), write, stored, on_delayed))

    async def _next_version(self, player: Player, order: StoreSave, folder: VersionFolder) -> Version:
        await asyncio.wait((player.listing,))
        lineage = player.lineages.setdefault(order.slot, Lineage())
        if not (player.listed or order.based_on or lineage.own):
            lineage.listed(await folder.history())
        parent = lineage.parent(order.based_on)
        version = after(parent, int(self._now() * 1000), salt())
        lineage.saved(version, parent)
        return version

    async def _fetch(self, order: FetchSave) -> StoreAnswer:
        waiting = self._players[order.profile].unstored.get(order.slot, [])
        fitting = [unstored for unstored in waiting if order.version in ("", str(unstored.version))]
        if fitting:
            version, state = str(fitting[-1].version or ""), records.state_of(fitting[-1].record)
            return Fetched(request=order.request, version=version, data=state)
        return await self._find(order)

    async def _find(self, order: FetchSave) -> StoreAnswer:
        """Read versions, the best first, until one of them is whole."""
        folder = self._folder(order.profile, order.slot)
        error = ""
        for version in (await folder.history()).find(order.version):
            record = await folder.read(version)
            try:
                if record is not None:
                    return Fetched(request=order.request, version=str(version), data=records.state_of(record))
            except DamagedError as damage:
                logger.warning("! a save can't be used: %s", damage)
                error = f"The save can't be used: {damage}. Load another one."
        return Fetched(request=order.request, error=error)

    async def _list(self, order: ListSaves) -> StoreAnswer:
        histories, saves = await self._catalogue.list_saves(order.profile, self._game)
        self._update_lineages(order.profile, histories)
        return Listed(request=order.request, saves=saves)

    async def settled(self) -> None:
        """Wait until all is stored, and old versions are deleted."""
        await self.queue.empty()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def abandon(self) -> None:
        """Give up what is not stored yet."""
        self.queue.abandon()
        self._tasks.cancel()

    async def _list_at_entry(self, profile: str) -> None:
        try:
            self._update_lineages(profile, await self._catalogue.histories(profile, self._game))
        except StoreError as error:
            logger.info("! a player's saves can't be listed: %s (%s)", error, error.detail)

    def _update_lineages(self, profile: str, histories: Mapping[int, History]) -> None:
        player = self._players[profile]
        player.listed = True
        for slot, history in histories.items():
            player.lineages.setdefault(slot, Lineage()).listed(history)

    async def _delete(self, order: DeleteSave) -> StoreAnswer:
        folder = self._folder(order.profile, order.slot)
        found = (await folder.history()).find(order.version) if order.version else []
        if not found:
            return Deleted(request=order.request, error="This save is gone already.")
        await folder.delete(found[0])
        return Deleted(request=order.request)

    def _read(
        self, order: Reading, answer: Callable[..., StoreAnswer], work: Callable[[], Coroutine[Any, Any, StoreAnswer]]
    ) -> None:
        if order.profile not in self._players:
            self._answer(answer(request=order.request, error=NO_PROFILE))
        elif self._reads >= MAX_READS:
            self._answer(answer(request=order.request, error=BUSY))
        else:
            self._reads += 1
            self._tasks.spawn(self._answer_with(order, answer, work), type(order).__name__)

    async def _answer_with(
        self, order: Reading, answer: Callable[..., StoreAnswer], work: Callable[[], Coroutine[Any, Any, StoreAnswer]]
    ) -> None:
        try:
            self._answer(await work())
        except StoreError as error:
            sentence = f"Your saves can't be reached: {error}. Try again in a moment."
            self._answer(answer(request=order.request, error=sentence))
        finally:
            self._reads -= 1
