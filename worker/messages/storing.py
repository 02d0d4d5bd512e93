"""CONTRACT: what a room asks the agent to store and to read, and the answers. Part of ``control.py``'s stream.

The room itself opens no store and no file: the agent does, for the room's own game and its viewers' profiles alone.
``request`` is any number of the room's, and comes back with the answer.
"""

from typing import Annotated

from msgspec import Meta, Struct

MAX_STATE_BYTES = 32 << 20
"""The largest compressed savestate that is kept: that of a 16-bit machine has 10 to 100 KB, the largest known 10 MB."""

MAX_BATTERY_BYTES = 8 << 20
"""The largest battery memory that is kept: cartridges have 128 KB at the most, some cores' memory cards a few MB."""

MAX_THUMBNAIL_BYTES = 24 << 10
"""The largest small picture of a save: it stands before the data, and is read for every save in a list."""

SLOTS = 10
"""Save slots that a player fills: 0 for the quick save, and 1 to 9."""

AUTO_SLOT = 10
"""The slot that the room fills by itself."""

State = Annotated[bytes, Meta(min_length=1, max_length=MAX_STATE_BYTES)]
"""A savestate as ``worker.formats.savestate.pack`` makes it: compressed, with core, version and checksum in its
header."""

BatteryMemory = Annotated[bytes, Meta(max_length=MAX_BATTERY_BYTES)]
"""A cartridge's battery memory as it is."""

Thumbnail = Annotated[bytes, Meta(max_length=MAX_THUMBNAIL_BYTES)]
"""A small PNG, JPEG or WebP file; empty if there is none."""

Slot = Annotated[int, Meta(ge=0, le=AUTO_SLOT)]

# ----- room -> agent


class Snapshot(Struct, frozen=True, kw_only=True, tag="snapshot"):
    """The game as it is now, every few seconds: where a room that was lost goes on. The newest is kept."""

    data: State
    frame: int
    """Frames since the game began, in this process or before."""


class FinalSnapshot(Struct, frozen=True, kw_only=True, tag="frozen"):
    """The answer to FreezeGame: the game is paused, and this is its last snapshot."""

    data: State
    frame: int


class StoreSave(Struct, frozen=True, kw_only=True, tag="store_save"):
    """Write a new version of a slot. Answered by Stored."""

    request: int
    profile: str
    slot: Slot
    data: State
    thumbnail: Thumbnail = b""
    based_on: str = ""
    """The version that the player knew as the slot's newest when saving; empty if none. The room's own unanswered
    saves need not be known: those of one profile and slot follow each other in any case."""


class FetchSave(Struct, frozen=True, kw_only=True, tag="fetch_save"):
    """Read a version of a slot, or the newest. Answered by Fetched."""

    request: int
    profile: str
    slot: Slot
    version: str = ""


class ListSaves(Struct, frozen=True, kw_only=True, tag="list_saves"):
    """List what a profile has saved of this game. Answered by Listed."""

    request: int
    profile: str


class DeleteSave(Struct, frozen=True, kw_only=True, tag="delete_save"):
    """Delete one version. Answered by Deleted."""

    request: int
    profile: str
    slot: Slot
    version: str


class StoreBattery(Struct, frozen=True, kw_only=True, tag="store_battery"):
    """Write the battery memory for ``Open.profile``. Answered by Stored; a newer one that comes while it waits replaces
    it, and both are answered then. A last one just before Closed is written too."""

    request: int
    data: BatteryMemory


StoreRequest = Snapshot | FinalSnapshot | StoreSave | FetchSave | ListSaves | DeleteSave | StoreBattery

# ----- agent -> room


class Stored(Struct, frozen=True, kw_only=True, tag="stored"):
    """What became of a StoreSave or StoreBattery. A version means that the store has acknowledged it."""

    request: int
    version: str = ""
    error: str = ""
    """A sentence for the player if there is no version."""
    waiting: bool = False
    """With an error: the data is kept and tried again, and another Stored follows."""


class Fetched(Struct, frozen=True, kw_only=True, tag="fetched"):
    """The answer to a FetchSave. Without data and error, there is no such save."""

    request: int
    version: str = ""
    data: State | None = None
    error: str = ""
    """A sentence for the player."""


class Save(Struct, frozen=True, kw_only=True):
    """One version of a slot, as a list shows it."""

    slot: Slot
    version: str
    """Opaque, and sortable by age within its slot."""
    time: int
    """When it was made, in Unix seconds."""
    core: str
    core_version: str
    thumbnail: Thumbnail = b""
    head: bool = True
    """Nothing was saved on top of it: it is the slot's newest, or the newest of another room's line."""
    conflict: bool = False
    """Two rooms saved into this slot without knowing of each other, and this is the newest of one of them."""


class Listed(Struct, frozen=True, kw_only=True, tag="listed"):
    """The answer to a ListSaves: a profile's saves of this game by slot, the newest of each slot first."""

    request: int
    saves: tuple[Save, ...] = ()
    error: str = ""
    """A sentence for the player if the store can't be read."""


class Deleted(Struct, frozen=True, kw_only=True, tag="deleted"):
    """The answer to a DeleteSave."""

    request: int
    error: str = ""


class StoreState(Struct, frozen=True, kw_only=True, tag="store_state"):
    """How the store does, said when it changes: nothing if all is well, or a sentence for the players."""

    message: str


StoreAnswer = Stored | Fetched | Listed | Deleted | StoreState
