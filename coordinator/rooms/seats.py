"""The members of one room: their seats, the host, and what they may do to each other.

Sans-I/O, and without messages: telling pages and workers is left to member_actions.py and room_table.py. An action
that can't be done raises DeniedError, with a sentence.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from coordinator.errors import DeniedError
from coordinator.fleet.router import PageId
from coordinator.messages.fields import SEATS

MAX_SPECTATORS = 12
"""Viewers beyond the seats. Each costs its worker the room's whole bitrate once more."""

MAX_MEMBERS = SEATS + MAX_SPECTATORS

MAX_BANNED = 64
"""Profiles that a room remembers to keep out. A host who removes more people should lock the room."""


@dataclass(slots=True, eq=False)
class Member:
    """A person in a room, over all connections of its page."""

    id: str
    name: str
    token_hash: str
    """SHA-256 of the secret by which it comes back."""
    profile: str = ""
    """The hash of its browser's profile; empty without one."""
    seat: int | None = None
    """0 to 3; None for a spectator."""
    wants_seat: bool = True
    """Whether it is to sit again when it comes back and a seat is free."""
    seated: int = 0
    """The number of its last sitting down in this room: the lowest has sat longest."""
    page: PageId | None = None
    """Its page's connection; None while it has none."""
    delays: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds from its page to the regions, as it measured them last."""
    known: bool = False
    """Whether it has been told its token: before that, it can't come back."""


@dataclass(slots=True, eq=False)
class Roster:
    """The members of a room, in the order of their coming."""

    members: dict[str, Member] = field(default_factory=dict)
    host: str = ""
    locked: bool = False
    offers: dict[str, str] = field(default_factory=dict)
    """Seats offered for a swap: from which member, to which."""
    banned: set[str] = field(default_factory=set)
    """Profiles that the host has removed."""
    so_far: int = 0
    sittings: int = 0

    # ----- in and out

    def add(self, token_hash: str, name: str = "", profile: str = "", watch: bool = False) -> Member:
        """Add a member, in the first free seat unless it only wants to watch. Raises DeniedError."""
        self._check_entry(profile)
        self.so_far += 1
        member = Member(f"m{self.so_far}", name_of(name, self.so_far), token_hash, profile, wants_seat=not watch)
        self.members[member.id] = member
        self.host = self.host or member.id
        self.seat_if_free(member)
        return member

    def _check_entry(self, profile: str) -> None:
        if self.locked:
            raise DeniedError("room_locked", "This room is locked. Ask its host to unlock it, or start your own game.")
        if profile and profile in self.banned:
            raise DeniedError("removed", "The host of this room has removed you. Start a game of your own.")
        if len(self.members) >= MAX_MEMBERS:
            raise DeniedError("room_full", "This room is full: neither a seat nor a place to watch is free.")

    def remove(self, member: Member) -> None:
        """Remove a member for good; a host's rights pass on."""
        self.unseat(member)
        del self.members[member.id]
        if self.host == member.id:
            self.host = self._next_host()

    def ban(self, by: Member, target: str) -> Member:
        """Keep a member's profile out from now on, as the host asks, and return the member. Raises DeniedError."""
        self.check_host(by)
        member = self._find(target)
        if member is by:
            raise DeniedError("not_yourself", "To go, leave the room; to keep others out, lock it.")
        if member.profile and len(self.banned) < MAX_BANNED:
            self.banned.add(member.profile)
        return member

    def by_token(self, token_hash: str) -> Member | None:
        """Find the member with this secret; None if there is none."""
        return next((member for member in self.members.values() if member.token_hash == token_hash), None)

    # ----- seats. Each returns the members whose seat is another one now.

    @property
    def free_seats(self) -> list[int]:
        """The seats with nobody in them, lowest first; that of somebody who is away for a moment is taken."""
        taken = {member.seat for member in self.members.values()}
        return [seat for seat in range(SEATS) if seat not in taken]

    def seat_if_free(self, member: Member) -> bool:
        """Put a member that came back into a free seat, if it wants one; return whether it sits elsewhere now."""
        if member.seat is None and member.wants_seat and self.free_seats:
            self._seat(member, self.free_seats[0])
            return True
        return False

    def take_seat(self, member: Member, seat: int | None) -> list[Member]:
        """Sit down, or get up with None. Raises DeniedError."""
        if seat == member.seat:
            return []
        if seat is not None and seat not in self.free_seats:
            raise DeniedError("seat_taken", "Somebody sits there already. Take a free seat, or ask for this one.")
        member.wants_seat = seat is not None
        self._seat(member, seat)
        return [member]

    def give_seat(self, member: Member, target: str) -> list[Member]:
        """Give the seat to a spectator, offer it to a player for a swap, or take the offer back. Raises DeniedError."""
        other = self._find(target)
        if other is member:
            self.offers.pop(member.id, None)
            return []
        if member.seat is None:
            raise DeniedError("no_seat", "You have no seat to give: you are watching.")
        if other.seat is not None and self.offers.get(other.id) != member.id:
            self.offers[member.id] = other.id
            return []
        mine, theirs = member.seat, other.seat
        self._seat(member, theirs)
        self._seat(other, mine)
        member.wants_seat, other.wants_seat = theirs is not None, True
        return [member, other]

    def _seat(self, member: Member, seat: int | None) -> None:
        """Seat a member, or None to watch. An offer to swap stands only while both sit where they sat."""
        self.unseat(member)
        if seat is not None:
            self.sittings += 1
            member.seat, member.seated = seat, self.sittings

    def unseat(self, member: Member) -> None:
        """Free the member's seat, if it has one, and void the offers to swap that it is in."""
        member.seat = None
        self.offers = {giver: taker for giver, taker in self.offers.items() if member.id not in (giver, taker)}

    # ----- the host

    def make_host(self, by: Member, target: str) -> None:
        """Make another member the host, as the host asks. Raises DeniedError."""
        self.check_host(by)
        self.host = self._find(target).id

    def check_host(self, member: Member) -> None:
        """Raise DeniedError for anybody else than the host."""
        if member.id != self.host:
            raise DeniedError("not_host", "Only the host of the room can do that.")

    def _find(self, target: str) -> Member:
        member = self.members.get(target)
        if member is None:
            raise DeniedError("unknown_member", "This player is not in the room any more.")
        return member

    def _next_host(self) -> str:
        """Choose the next host: of the members that are here, the one who has sat longest, or else watched longest."""
        return min(self.members.values(), key=_host_rank).id if self.members else ""


_JOINERS = "\u200c\u200d"
"""Not seen, but missed: they make one emoji of several, and part the letters of some scripts."""


def name_of(wish: str, number: int) -> str:
    """Make a member's name: its wish on one line, without what can't be seen, or else its number."""
    kept = (c if c in _JOINERS or unicodedata.category(c)[0] in "LMNPSZ" else " " for c in wish)
    name = " ".join("".join(kept).split())
    return name if name.strip(f" {_JOINERS}") else f"Player {number}"


def _host_rank(member: Member) -> tuple[bool, bool, int]:
    return member.page is None, member.seat is None, member.seated


def seats_taken(members: Iterable[Member]) -> int:
    """Count the members that sit."""
    return sum(member.seat is not None for member in members)
