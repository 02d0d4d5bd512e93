"""The record of a room that its worker keeps for the coordinator, which may be another one later: writing and reading.

Only coordinators read it. It holds no token, but the hash that a token is checked against.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from coordinator.fleet.worker import Worker
from coordinator.messages import Game
from coordinator.messages.fields import Codec, Count, Label, Name, ProfileHash, Scale, Seat
from coordinator.rooms.phases import Phase
from coordinator.rooms.room import Room
from coordinator.rooms.seats import MAX_BANNED, MAX_MEMBERS, Member, Roster

Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class MemberRecord(Struct, frozen=True, kw_only=True):
    """A member, without its connections."""

    id: Name
    name: Name
    token_hash: Hash
    profile: ProfileHash
    seat: Seat | None
    wants_seat: bool
    seated: Count
    viewer: Label
    """Its media connection; empty if it has none."""


class Record(Struct, frozen=True, kw_only=True):
    """A room, without its worker."""

    epoch: Count
    game: Game
    scale: Scale
    profile: ProfileHash
    codec: Codec
    listed: bool
    locked: bool
    address: Label
    host: Label
    members: Annotated[tuple[MemberRecord, ...], Meta(max_length=MAX_MEMBERS)]
    banned: Annotated[tuple[Hash, ...], Meta(max_length=MAX_BANNED)]
    members_so_far: Count
    sittings: Count
    viewers_so_far: Count


_decoder = msgspec.json.Decoder(Record)


def write(room: Room) -> str:
    """Write a room as the record that its worker keeps."""
    roster = room.roster
    viewers = {viewer.member.id: viewer.id for viewer in room.viewers.values()}
    record = Record(
        epoch=room.epoch,
        game=room.game,
        scale=room.scale,
        profile=room.profile,
        codec=room.codec,
        listed=room.listed,
        locked=roster.locked,
        address=room.address,
        host=roster.host,
        members=tuple(_record_of(member, viewers.get(member.id, "")) for member in roster.members.values()),
        banned=tuple(sorted(roster.banned)),
        members_so_far=roster.so_far,
        sittings=roster.sittings,
        viewers_so_far=room.viewers_so_far,
    )
    return msgspec.json.encode(record).decode()


def _record_of(member: Member, viewer: str) -> MemberRecord:
    return MemberRecord(
        id=member.id,
        name=member.name,
        token_hash=member.token_hash,
        profile=member.profile,
        seat=member.seat,
        wants_seat=member.wants_seat,
        seated=member.seated,
        viewer=viewer,
    )


def read(text: str) -> Record | None:
    """Read a record; None if no coordinator of this release wrote it."""
    try:
        record = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    seats = [member.seat for member in record.members if member.seat is not None]
    ids = {member.id for member in record.members}
    sound = len(seats) == len(set(seats)) and len(ids) == len(record.members) > 0 and record.host in ids
    return record if sound else None


def room_of(room_id: str, record: Record, worker: Worker, now: float) -> Room:
    """Make the room of a record, open on this worker, with nobody connected."""
    members = {
        kept.id: Member(
            id=kept.id,
            name=kept.name,
            token_hash=kept.token_hash,
            profile=kept.profile,
            seat=kept.seat,
            wants_seat=kept.wants_seat,
            seated=kept.seated,
            known=True,
        )
        for kept in record.members
    }
    roster = Roster(
        members=members,
        host=record.host,
        locked=record.locked,
        banned=set(record.banned),
        so_far=record.members_so_far,
        sittings=record.sittings,
    )
    return Room(
        id=room_id,
        game=record.game,
        worker=worker,
        opened_at=now,
        scale=record.scale,
        profile=record.profile,
        listed=record.listed,
        address=record.address,
        roster=roster,
        viewers_so_far=record.viewers_so_far,
        phase=Phase.OPEN,
        epoch=record.epoch,
        codec=record.codec,
    )
