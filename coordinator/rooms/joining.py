"""The ways into a room: start one, join one, and come back to one, by page or by token.

Sans-I/O. What is done once inside is rooms.py's business.
"""

import logging
from dataclasses import dataclass, field

from coordinator.errors import DeniedError
from coordinator.fleet.regions import Wish
from coordinator.limits.token_bucket import TokenBuckets
from coordinator.messages import Back, Candidate, Ended, Join, OpenRoom, Refused, Start, ViewerCandidate
from coordinator.rooms.decisions import Decision, ToPage, ToWorker
from coordinator.rooms.phases import Phase
from coordinator.rooms.placement import call_to_reconnect
from coordinator.rooms.room import MAX_CANDIDATES, Room
from coordinator.rooms.room_table import Deadline, RoomTable, digest
from coordinator.rooms.seats import Member, PageId

logger = logging.getLogger(__name__)

EARLY_SECONDS = 12.0
"""After its start the coordinator waits so long for workers to bring their rooms, before it says that there is no such
room: a worker tries every few seconds to be back."""

ENTRIES_A_SECOND, ENTRIES_AT_ONCE = 0.5, 16
"""Rooms that may be started, or entered for the first time, from one address: each costs a process or a connection, and
the games beside it feel how that is made. A person who looks through a shelf of games needs less."""

TOO_OFTEN = "Too many games were opened from your address just now. Wait some seconds, then try again."
UNKNOWN_ROOM = "This room does not exist any more. Start a game of your own, or ask for a new link."
FORGOTTEN = "You were away for too long, and the room has given up your place. Open its link to join again."
ELSEWHERE = "You play on in another tab or window."


@dataclass(slots=True)
class Early:
    """A page that wants to enter a room which no worker has brought yet."""

    message: Join | Back
    address: str
    candidates: list[Candidate] = field(default_factory=list)


class Joining:
    """Lets pages in, or says in a sentence why not. Leaving another room before is left to the caller."""

    def __init__(self, table: RoomTable, rooms_per_address: int, started_at: float) -> None:
        """``rooms_per_address``: how many rooms may be open that were started from one address; 0 for any number, and
        for as many entries as anybody wants."""
        self._table = table
        self._entries = TokenBuckets(ENTRIES_A_SECOND, ENTRIES_AT_ONCE)
        self._rooms_per_address = rooms_per_address
        self._patient_until = started_at + EARLY_SECONDS
        self._early: dict[PageId, Early] = {}

    # ----- a new room

    def start(self, page: PageId, message: Start, address: str, now: float) -> list[Decision]:
        """Open a room on the worker that the registry picks. Raises DeniedError."""
        table = self._table
        self._check_rooms(address)
        self._check_haste(address, now)
        worker = table.registry.place_for(message.game, Wish(message.region, message.delays))
        if isinstance(worker, Refused):
            raise DeniedError(worker.code, worker.message)
        profile, token = digest(message.profile), table.new_id()
        room = Room(
            id=table.new_id(),
            game=worker.games[message.game],
            worker=worker,
            opened_at=now,
            scale=message.scale,
            profile=profile,
            listed=message.listed,
            address=address,
        )
        table.rooms[room.id] = room
        worker.rooms.add(room.id)
        member = room.roster.add(digest(token), message.name, profile)
        member.delays = message.delays
        table.attach_page(room, member, page)
        viewer = table.add_viewer(room, member, message.offer, token, now)
        viewer.opens_room = True
        table.await_answer(room, viewer, now)
        logger.info("= room %s opens on worker %s", room.label, worker.id)
        opening = OpenRoom(
            room=room.id,
            game=room.game.id,
            viewer=viewer.id,
            seat=member.seat,
            offer=message.offer,
            scale=message.scale,
            profile=profile,
            epoch=room.epoch,
        )
        return [ToWorker(worker.id, opening)]

    def _check_haste(self, address: str, now: float) -> None:
        if address and self._rooms_per_address and not self._entries.take(address, now):
            raise DeniedError("too_many_entries", TOO_OFTEN)

    def _check_rooms(self, address: str) -> None:
        if not (address and self._rooms_per_address):
            return
        if sum(room.address == address for room in self._table.rooms.values()) >= self._rooms_per_address:
            sentence = (
                f"{self._rooms_per_address} games run from your address already. End one of them, then try again."
            )
            raise DeniedError("too_many_rooms", sentence)

    # ----- a room that is there

    def join(self, page: PageId, message: Join, address: str, now: float) -> list[Decision]:
        """Enter a room, or come back to it on a new media connection. Raises DeniedError."""
        room = self._table.rooms.get(message.room)
        if room is None:
            return self._be_patient(page, message, address, now)
        member = self._known(room, page, message.token)
        if member is None:
            self._check_haste(address, now)
            token = self._table.new_id()
            member = room.roster.add(digest(token), message.name, digest(message.profile), message.watch)
            member.delays = message.delays
            self._table.attach_page(room, member, page)
            return self._connect(room, member, message.offer, token, now)
        return self._come_again(room, member, page, message, now)

    def _known(self, room: Room, page: PageId, token: str) -> Member | None:
        """The member that this page is, or that has this token."""
        here = self._table.pages.get(page)
        if here is not None and here[0] is room:
            return here[1]
        return room.roster.by_token(digest(token)) if token else None

    def _come_again(self, room: Room, member: Member, page: PageId, message: Join, now: float) -> list[Decision]:
        decisions = self._take_over(room, member, page)
        member.delays = message.delays or member.delays
        if room.phase is Phase.HOMELESS and member.known:
            return [*decisions, ToPage(page, call_to_reconnect(room))]
        decisions += self._table.dismiss_viewer(room, member)
        room.roster.seat_if_free(member)
        token = message.token
        if digest(token) != member.token_hash:  # the page that it was on all the time, without showing it
            token = self._table.new_id()
            member.token_hash = digest(token)
        return [*decisions, *self._connect(room, member, message.offer, token, now)]

    def _take_over(self, room: Room, member: Member, page: PageId) -> list[Decision]:
        """The member is on this page now; another one that it was on is told so."""
        before = member.page
        if before == page:
            return []
        self._table.detach_page(room, member)
        self._table.attach_page(room, member, page)
        return [] if before is None else [ToPage(before, Ended(code="elsewhere", message=ELSEWHERE))]

    def _connect(self, room: Room, member: Member, offer: str, token: str, now: float) -> list[Decision]:
        viewer = self._table.add_viewer(room, member, offer, token, now)
        self._table.mark_changed(room)
        return self._table.send_viewer(room, viewer, now)

    def back(self, page: PageId, message: Back, now: float) -> list[Decision]:
        """The page's connection is a new one, its media connection still stands. Raises DeniedError."""
        room = self._table.rooms.get(message.room)
        if room is None:
            return self._be_patient(page, message, "", now)
        member = self._known(room, page, message.token)
        if member is None:
            raise DeniedError("forgotten", FORGOTTEN)
        decisions = self._take_over(room, member, page)
        self._table.mark_changed(room)
        if room.roster.seat_if_free(member):
            decisions += self._table.announce_seat(room, member)
        if room.viewer_of(member) is None and room.phase in (Phase.OPEN, Phase.HOMELESS):
            decisions.append(ToPage(page, call_to_reconnect(room)))
        return decisions

    # ----- rooms that may still come

    def _be_patient(self, page: PageId, message: Join | Back, address: str, now: float) -> list[Decision]:
        if now >= self._patient_until:
            raise DeniedError("unknown_room", UNKNOWN_ROOM)
        self._early[page] = Early(message, address)
        self._table.deadlines.set(Deadline("early", who=str(page)), self._patient_until)
        return []

    def trickle_early(self, page: PageId, candidate: Candidate) -> None:
        """A candidate of a page that waits."""
        early = self._early.get(page)
        if early is not None and len(early.candidates) < MAX_CANDIDATES:
            early.candidates.append(candidate)

    def forget_early(self, page: PageId) -> bool:
        """The page does not wait any more; whether it did."""
        self._table.deadlines.cancel(Deadline("early", who=str(page)))
        return self._early.pop(page, None) is not None

    def room_came(self, room_id: str, now: float) -> list[Decision]:
        """A worker has brought this room: let in who waits for it."""
        decisions: list[Decision] = []
        for page, early in tuple(self._early.items()):
            if early.message.room == room_id:
                self.forget_early(page)
                decisions += self._enter_early(page, early, now)
        return decisions

    def _enter_early(self, page: PageId, early: Early, now: float) -> list[Decision]:
        try:
            if isinstance(early.message, Back):
                return self.back(page, early.message, now)
            decisions = self.join(page, early.message, early.address, now)
        except DeniedError as denied:
            return [ToPage(page, Refused(code=denied.code, message=denied.sentence))]
        for candidate in early.candidates:
            decisions += trickle(self._table, page, candidate)
        return decisions

    def no_room_came(self, page: PageId) -> list[Decision]:
        """It has waited long enough."""
        waited = self.forget_early(page)
        return [ToPage(page, Refused(code="unknown_room", message=UNKNOWN_ROOM))] if waited else []


def trickle(table: RoomTable, page: PageId, candidate: Candidate) -> list[Decision]:
    """Pass a candidate on, and keep it while another worker may have to answer."""
    if page not in table.pages:
        return []
    room, member = table.pages[page]
    viewer = room.viewer_of(member)
    if viewer is None:
        return []
    if not viewer.admitted and len(viewer.candidates) < MAX_CANDIDATES:
        viewer.candidates.append(candidate)
    if not viewer.sent or room.worker is None:
        return []
    return [ToWorker(room.worker.id, ViewerCandidate(room=room.id, viewer=viewer.id, candidate=candidate))]
