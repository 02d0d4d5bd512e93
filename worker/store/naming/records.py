"""What an object of the store holds: a header that a list can show without reading the rest, then the data."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from worker.formats import savestate
from worker.formats.envelope import MAX_HEAD_BYTES, DamagedError, Envelope, Header
from worker.messages.storing import MAX_BATTERY_BYTES, MAX_STATE_BYTES, Thumbnail
from worker.store.naming.versions import Base, parse

_Name = Annotated[str, Meta(max_length=128)]


class SaveHeader(Header, frozen=True, kw_only=True):
    """Of a save slot's version. The data is a packed savestate."""

    time: int
    """When it was made, in Unix seconds."""
    core: _Name
    core_version: _Name
    thumbnail: Thumbnail = b""


class BatteryHeader(Header, frozen=True, kw_only=True):
    """Of a battery memory. The data is what the core gave."""

    time: int


class SnapshotHeader(Header, frozen=True, kw_only=True):
    """Of a room's snapshot. The data is a packed savestate."""

    time: int
    game: _Name
    frame: int
    battery: _Name = ""
    """The version of the battery memory that the room's next one is on top of; empty if there is none."""
    blind: bool = False
    """The room could not read what there was."""


@dataclass(frozen=True)
class Backup:
    """What a snapshot's record holds for the room that goes on from it."""

    state: bytes
    """A packed savestate."""
    base: Base
    """What its battery memory is on top of: others may have written since."""


HEAD_BYTES = MAX_HEAD_BYTES

SAVES = Envelope(b"cSV1", SaveHeader)
BATTERIES = Envelope(b"cBT1", BatteryHeader)
SNAPSHOTS = Envelope(b"cSN1", SnapshotHeader)

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF")


def save(state: bytes, thumbnail: bytes, seconds: int) -> bytes:
    """Make the record of a savestate for a slot; a thumbnail that is none is left out.

    Raises DamagedError if it is no savestate.
    """
    label = savestate.label(state)
    header = SaveHeader(
        time=seconds,
        core=label.core,
        core_version=label.core_version,
        thumbnail=thumbnail if thumbnail.startswith(_PICTURES) else b"",
    )
    return SAVES.seal(header, state)


def battery(memory: bytes, seconds: int) -> bytes:
    """Make the record of a battery memory."""
    return BATTERIES.seal(BatteryHeader(time=seconds), memory)


def snapshot(backup: Backup, game: str, frame: int, seconds: int) -> bytes:
    """Make the record of a room's snapshot. Raises DamagedError if it is no savestate."""
    savestate.label(backup.state)
    battery = str(backup.base.version or "")
    header = SnapshotHeader(time=seconds, game=game, frame=frame, battery=battery, blind=backup.base.blind)
    return SNAPSHOTS.seal(header, backup.state)


def state_of(record: bytes) -> bytes:
    """Read the packed savestate of a save. Raises DamagedError."""
    _, state = SAVES.open(record)
    if len(state) > MAX_STATE_BYTES:
        raise DamagedError("it is too large")
    return state


def memory_of(record: bytes) -> bytes:
    """Read the battery memory. Raises DamagedError."""
    _, memory = BATTERIES.open(record)
    if len(memory) > MAX_BATTERY_BYTES:
        raise DamagedError("it is too large")
    return memory


def snapshot_of(record: bytes, game: str) -> Backup:
    """Read what a snapshot of this game holds. Raises DamagedError, for another game's too."""
    header, state = SNAPSHOTS.open(record)
    if header.game != game or not 0 < len(state) <= MAX_STATE_BYTES:
        raise DamagedError("it is of another game" if header.game != game else "it has no state")
    return Backup(state, Base(parse(header.battery), header.blind))
