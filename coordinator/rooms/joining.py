"""The ways into a room and out of it: start one, join one, come back to one by page or by token, and leave.

Sans-I/O. What is done once inside is left to member_actions.py, the worker's answer to admission.py.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from coordinator.errors import DeniedError
from coordinator.fleet.regions import RegionPreference
from coordinator.fleet.router import Page, PageId
from coordinator.fleet.selection import PlaceRequest
from coordinator.limits.token_bucket import TokenBuckets
from coordinator.messages import Back, Candidate, Ended, Join, Leave, OpenRoom, Refused, Start, Trickle, ViewerCandidate
from coordinator.rooms.decisions import Decision, ToPage, ToWorker, refusal
from coordinator.rooms.phases import Phase
from coordinator.rooms.placement import call_to_reconnect
from coordinator.rooms.room import MAX_CANDIDATES, Room
from coordinator.rooms.room_table import Deadline, RoomTable, digest
from coordinator.rooms.seats import Member

logger = logging.getLogger(__name__)

EARLY_SECONDS = 12.0
"""After its start the coordinator waits so long for workers to bring their rooms, before it says that there is no such
room: a worker tries every few seconds to be back."""

ENTRIES_A_SECOND, ENTRIES_AT_ONCE = 0.5, 16
"""Rooms that may be started, or entered for the first time, from one address: each costs a process or a connection, and
the games beside it feel the cost. A person who looks through a shelf of games needs less."""

TOO_OFTEN = "Too many games were opened from your address just now. Wait some seconds, then try again."
UNKNOWN_ROOM = "This room does not exist any more. Start a game of your own, or ask for a new link."
FORGOTTEN = "You were away for too long, and the room has given up your place. Open its link to join again."
ELSEWHERE = "You play on in another tab or window."


@dataclass(slots=True)
class EarlyPage:
    """A page that wants to enter a room which no worker has brought yet."""

    page: Page
    message: Join | Back
    candidates: list[Candidate] = field(default_factory=list)


class Joining:
    """Let pages in, or refuse them in a sentence. Entering another room leaves the one before, even if refused."""

    def __init__(self, table: RoomTable, rooms_per_address: int, started_at: float) -> None:
        """Start with nobody waiting.

        ``rooms_per_address``: how many rooms may be open that were started from one address; 0 for any number, and for
        any rate of entries. ``started_at``: when the coordinator started, on the clock of ``now``.
        """
        self._table = table
        self._entries = TokenBuckets(ENTRIES_A_SECOND, ENTRIES_AT_ONCE)
        self._rooms_per_address = rooms_per_address
        self._early_until = started_at + EARLY_SECONDS
        self._early: dict[PageId, EarlyPage] = {}

    # ----- a new room

    def start(self, page: Page, message: Start, now: float) -> list[Decision]:
        """Leave the room before, and open a new one on the worker that the registry selects."""
        return self._leave_room(page.id) + _or_refusal(page, lambda: self._open(page, message, now))

    def _open(self, page: Page, message: Start, now: float) -> list[Decision]:
        table = self._table
        self._check_rooms(page.address)
        self._check_rate(page.address, now)
        preference = RegionPreference(message.region, message.delays)
        worker = table.registry.select_worker(PlaceRequest(message.game, preference))
        profile, token = digest(message.profile), table.new_id()
        room = Room(
            id=table.new_id(),
            game=worker.games[message.game],
            worker=worker,
            opened_at=now,
            scale=message.scale,
            profile=profile,
            listed=message.listed,
            address=page.address,
        )
        table.add_room(room)
        member = room.roster.add(digest(token), message.name, profile)
        member.delays = message.delays
        table.attach_page(room, member, page.id)
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

    def _check_rate(self, address: str, now: float) -> None:
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

    def join(self, page: Page, message: Join, now: float) -> list[Decision]:
        """Enter a room, or come back to it on a new media connection."""
        left = self._leave_other_room(page.id, message.room)
        return left + _or_refusal(page, lambda: self._enter(page, message, now))

    def _enter(self, page: Page, message: Join, now: float) -> list[Decision]:
        room = self._table.rooms.get(message.room)
        if room is None:
            return self._wait_for_room(page, message, now)
        member = self._find_member(room, page.id, message.token)
        if member is None:
            self._check_rate(page.address, now)
            token = self._table.new_id()
            member = room.roster.add(digest(token), message.name, digest(message.profile), message.watch)
            member.delays = message.delays
            self._table.attach_page(room, member, page.id)
            return self._connect(room, member, message.offer, token, now)
        return self._reenter(room, member, page.id, message, now)

    def _find_member(self, room: Room, page: PageId, token: str) -> Member | None:
        """Find the member that this page is, or that has this token."""
        here = self._table.pages.get(page)
        if here is not None and here[0] is room:
            return here[1]
        return room.roster.by_token(digest(token)) if token else None

    def _reenter(self, room: Room, member: Member, page: PageId, message: Join, now: float) -> list[Decision]:
        decisions = self._switch_page(room, member, page)
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

    def _switch_page(self, room: Room, member: Member, page: PageId) -> list[Decision]:
        """Attach the member to this page, and tell another page that it was on before."""
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

    def back(self, page: Page, message: Back, now: float) -> list[Decision]:
        """Come back on a new connection to the coordinator, while the media connection still stands."""
        left = self._leave_other_room(page.id, message.room)
        return left + _or_refusal(page, lambda: self._return(page, message, now))

    def _return(self, page: Page, message: Back, now: float) -> list[Decision]:
        room = self._table.rooms.get(message.room)
        if room is None:
            return self._wait_for_room(page, message, now)
        member = self._find_member(room, page.id, message.token)
        if member is None:
            raise DeniedError("forgotten", FORGOTTEN)
        decisions = self._switch_page(room, member, page.id)
        self._table.mark_changed(room)
        if room.roster.seat_if_free(member):
            decisions += self._table.announce_seat(room, member)
        if room.viewer_of(member) is None and room.phase in (Phase.OPEN, Phase.HOMELESS):
            decisions.append(ToPage(page.id, call_to_reconnect(room)))
        return decisions

    def trickle(self, page: Page, message: Trickle, _now: float) -> list[Decision]:
        """Pass a page's ICE candidate on, and keep it while another worker may have to answer."""
        early = self._early.get(page.id)
        if early is not None and len(early.candidates) < MAX_CANDIDATES:
            early.candidates.append(message.candidate)
        return self._pass_candidate(page.id, message.candidate)

    def _pass_candidate(self, page: PageId, candidate: Candidate) -> list[Decision]:
        if page not in self._table.pages:
            return []
        room, member = self._table.pages[page]
        viewer = room.viewer_of(member)
        if viewer is None:
            return []
        if not viewer.admitted and len(viewer.candidates) < MAX_CANDIDATES:
            viewer.candidates.append(candidate)
        if not viewer.sent or room.worker is None:
            return []
        return [ToWorker(room.worker.id, ViewerCandidate(room=room.id, viewer=viewer.id, candidate=candidate))]

    # ----- out of a room

    def leave(self, page: Page, _message: Leave, _now: float) -> list[Decision]:
        """Take the page's member out of its room for good."""
        return self._leave_room(page.id)

    def _leave_room(self, page: PageId) -> list[Decision]:
        self._end_early(page)
        here = self._table.pages.get(page)
        return [] if here is None else self._table.remove_member(*here)

    def _leave_other_room(self, page: PageId, room: str) -> list[Decision]:
        here = self._table.pages.get(page)
        return [] if here is not None and here[0].id == room else self._leave_room(page)

    def disconnect(self, page: PageId, now: float) -> list[Decision]:
        """Handle the end of a page's connection: the page may be gone, or only its network for a moment."""
        self._end_early(page)
        if page not in self._table.pages:
            return []
        room, member = self._table.pages[page]
        viewer = room.viewer_of(member)
        if not member.known:  # it could not come back
            return self._table.remove_member(room, member)
        decisions: list[Decision] = []
        if viewer is not None and not viewer.admitted:  # its answer has nowhere to go
            decisions = self._table.dismiss_viewer(room, member)
        self._table.detach_page(room, member)
        self._table.start_absence(room, member, now)
        return decisions

    # ----- rooms that a worker may still bring

    def _wait_for_room(self, page: Page, message: Join | Back, now: float) -> list[Decision]:
        """Keep the page waiting, shortly after the coordinator's start. Raises DeniedError later."""
        if now >= self._early_until:
            raise DeniedError("unknown_room", UNKNOWN_ROOM)
        self._early[page.id] = EarlyPage(page, message)
        self._table.deadlines.set(Deadline("early", subject=str(page.id)), self._early_until)
        return []

    def _end_early(self, page: PageId) -> bool:
        """Stop waiting; return whether the page waited."""
        self._table.deadlines.cancel(Deadline("early", subject=str(page)))
        return self._early.pop(page, None) is not None

    def enter_early_pages(self, room_id: str, now: float) -> list[Decision]:
        """Let everybody in who waits for this room, as a worker has brought it."""
        decisions: list[Decision] = []
        for page, early in tuple(self._early.items()):
            if early.message.room == room_id:
                self._end_early(page)
                decisions += self._enter_early(early, now)
        return decisions

    def _enter_early(self, early: EarlyPage, now: float) -> list[Decision]:
        page, message = early.page, early.message
        if isinstance(message, Back):
            return _or_refusal(page, lambda: self._return(page, message, now))
        try:
            decisions = self._enter(page, message, now)
        except DeniedError as denied:
            return [refusal(page.id, denied)]
        for candidate in early.candidates:
            decisions += self._pass_candidate(page.id, candidate)
        return decisions

    def end_room_wait(self, page: PageId) -> list[Decision]:
        """Refuse a page whose room no worker has brought in time."""
        waited = self._end_early(page)
        return [ToPage(page, Refused(code="unknown_room", message=UNKNOWN_ROOM))] if waited else []


def _or_refusal(page: Page, enter: Callable[[], list[Decision]]) -> list[Decision]:
    """Return what ``enter`` decides, or the refusal that it raises; what was decided before stands."""
    try:
        return enter()
    except DeniedError as denied:
        return [refusal(page.id, denied)]
