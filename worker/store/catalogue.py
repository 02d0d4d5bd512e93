"""What a profile has saved of a game, as a list shows it: one look at the names, and a small read for what is new.

Versions never change, so what was read of one stays true; it is remembered for all rooms of this worker.
"""

import asyncio
import logging
from collections import OrderedDict, defaultdict

from worker.formats.envelope import DamagedError
from worker.messages.storing import AUTO_SLOT, Save
from worker.store.naming import keys, records
from worker.store.naming.records import SaveHeader
from worker.store.naming.versions import History, Version, parse
from worker.store.objects import Entry, Objects

logger = logging.getLogger(__name__)

MAX_REMEMBERED = 500
"""Headers, of up to 32 KB each."""

_READS_AT_ONCE = 8


class Catalogue:
    """Lists saves."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._headers: OrderedDict[str, SaveHeader] = OrderedDict()

    async def histories(self, profile: str, game: str) -> dict[int, History]:
        """Read the versions of each slot that has some. Raises StoreError."""
        return {slot: History(entries) for slot, entries in (await self._list_versions(profile, game)).items()}

    async def list_saves(self, profile: str, game: str) -> tuple[dict[int, History], tuple[Save, ...]]:
        """Read the versions, and what a list shows of them: slot by slot, the newest first. Raises StoreError."""
        slots = await self._list_versions(profile, game)
        histories = {slot: History(entries) for slot, entries in slots.items()}
        wanted = [(slot, version) for slot in sorted(slots) for version in reversed(histories[slot].versions)]
        gate = asyncio.Semaphore(_READS_AT_ONCE)
        headers = await asyncio.gather(*(self._header(gate, slots[slot][version]) for slot, version in wanted))
        saves = (
            _shown(slot, histories[slot], version, header)
            for (slot, version), header in zip(wanted, headers, strict=True)
            if header is not None
        )
        return histories, tuple(saves)

    async def _list_versions(self, profile: str, game: str) -> dict[int, dict[Version, Entry]]:
        folder = keys.saves(profile, game)
        slots: dict[int, dict[Version, Entry]] = defaultdict(dict)
        for entry in await self._objects.list(folder):
            slot, _, name = entry.name.removeprefix(folder).partition("/")
            version = parse(name)
            if version is not None and slot.isdecimal() and int(slot) <= AUTO_SLOT:
                slots[int(slot)][version] = entry
        return slots

    async def _header(self, gate: asyncio.Semaphore, entry: Entry) -> SaveHeader | None:
        known = self._headers.get(entry.name)
        if known is not None:
            self._headers.move_to_end(entry.name)
            return known
        async with gate:
            head = await self._objects.read_head(entry, records.HEAD_BYTES)
        if head is None:
            return None
        try:
            header = records.SAVES.header(head)
        except DamagedError as error:
            logger.warning("! a save is not listed: %s", error)
            return None
        self._headers[entry.name] = header
        while len(self._headers) > MAX_REMEMBERED:
            self._headers.popitem(last=False)
        return header


def _shown(slot: int, history: History, version: Version, header: SaveHeader) -> Save:
    head = version in history.heads
    return Save(
        slot=slot,
        version=str(version),
        time=header.time,
        core=header.core,
        core_version=header.core_version,
        thumbnail=header.thumbnail,
        head=head,
        conflict=head and len(history.heads) > 1,
    )
