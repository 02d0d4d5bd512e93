"""Actions of members in their room: taking and giving seats, names, and those of the host alone.

Sans-I/O. The rights are checked in seats.py; coming and leaving are left to joining.py.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from msgspec import Struct

from coordinator.errors import DeniedError
from coordinator.fleet.router import Page
from coordinator.messages import Ended, GiveSeat, MakeHost, Measured, Remove, Rename, SetRoom, TakeSeat
from coordinator.rooms.decisions import Decision, ToPage, refusal
from coordinator.rooms.room import Room
from coordinator.rooms.room_table import RoomTable
from coordinator.rooms.seats import Member, name_of

REMOVED = "The host of the room has removed you. Choose a game of your own."
NO_ROOM = "You are in no room. Start a game, or open the link of one."

M = TypeVar("M", bound=Struct)


class MemberActions:
    """Carry out what members ask for; each action raises DeniedError if it may not be done."""

    def __init__(self, table: RoomTable) -> None:
        self._table = table

    def by_page(
        self, action: Callable[[Room, Member, M], list[Decision]]
    ) -> Callable[[Page, M, float], list[Decision]]:
        """Make a handler of a page's message from a member's action.

        The handler finds the page's room and member, and turns a DeniedError into a refusal.
        """

        def handle(page: Page, message: M, _now: float) -> list[Decision]:
            try:
                room, member = self._member_on(page)
                self._table.mark_changed(room)
                return action(room, member, message)
            except DeniedError as denied:
                return [refusal(page.id, denied)]

        return handle

    def _member_on(self, page: Page) -> tuple[Room, Member]:
        found = self._table.pages.get(page.id)
        if found is None:
            raise DeniedError("no_room", NO_ROOM)
        return found

    # ----- seats

    def take_seat(self, room: Room, member: Member, message: TakeSeat) -> list[Decision]:
        """Sit down in a free seat, or get up and watch."""
        return self._announce_seats(room, room.roster.take_seat(member, message.seat))

    def give_seat(self, room: Room, member: Member, message: GiveSeat) -> list[Decision]:
        """Give the seat to another member, or offer it for a swap."""
        return self._announce_seats(room, room.roster.give_seat(member, message.member))

    def _announce_seats(self, room: Room, moved: Iterable[Member]) -> list[Decision]:
        return [decision for member in moved for decision in self._table.announce_seat(room, member)]

    def rename(self, room: Room, member: Member, message: Rename) -> list[Decision]:
        """Change the member's own name."""
        member.name = name_of(message.name, int(member.id[1:]))
        return []

    # ----- the host's

    def make_host(self, room: Room, member: Member, message: MakeHost) -> list[Decision]:
        """Hand the host's rights over to another member."""
        room.roster.make_host(member, message.member)
        return []

    def set_room(self, room: Room, member: Member, message: SetRoom) -> list[Decision]:
        """Lock the room, or show it in the lobby."""
        room.roster.check_host(member)
        room.roster.locked = room.roster.locked if message.locked is None else message.locked
        room.listed = room.listed if message.listed is None else message.listed
        return []

    def remove(self, room: Room, member: Member, message: Remove) -> list[Decision]:
        """Send another member away, whose profile can't come back."""
        removed = room.roster.ban(member, message.member)
        page = removed.page
        decisions = self._table.remove_member(room, removed)
        return decisions if page is None else [*decisions, ToPage(page, Ended(code="removed", message=REMOVED))]

    # ----- for any page, in a room or not

    def measured(self, page: Page, message: Measured, _now: float) -> list[Decision]:
        """Note how far the regions are, for when the room needs a place; a page in no room says it again later."""
        if page.id in self._table.pages:
            _, member = self._table.pages[page.id]
            member.delays = message.delays
        return []
