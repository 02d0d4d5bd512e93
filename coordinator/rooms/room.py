"""One room: its game, its worker, the phase of its life, its members, and their media connections.

Plain data. What happens to it is decided in the files beside this one, by the steps of room_table.py.
"""

from dataclasses import dataclass, field

from coordinator.fleet.regions import RegionPreference, worst_delays
from coordinator.fleet.worker import Worker
from coordinator.messages import Candidate, Game, ListedRoom, Person, RoomFigures
from coordinator.messages.fields import Codec
from coordinator.rooms import phases
from coordinator.rooms.phases import Event, Phase
from coordinator.rooms.seats import Member, Roster, seats_taken

MAX_CANDIDATES = 64
"""ICE candidates that are kept for a viewer whose answer is not there yet; a browser has 10 to 30."""


@dataclass(slots=True, eq=False)
class Viewer:
    """One media connection of a member. A new one after each reconnect, so that late answers can't be mistaken."""

    id: str
    member: Member
    offer: str
    """Kept until the answer, because another worker may have to give it."""
    token: str
    """The member's secret, to be told with the answer, and forgotten then."""
    asked_at: float
    opens_room: bool = False
    candidates: list[Candidate] = field(default_factory=list)
    """Kept as long as the offer."""
    sent: bool = False
    """Whether the room's worker has been told of it."""
    admitted: bool = False

    def admit(self) -> None:
        """Note the answer: what was kept for another worker is not needed any more."""
        self.admitted = True
        self.offer = self.token = ""
        self.candidates.clear()


@dataclass(slots=True, eq=False)
class Room:
    """A game that goes on as long as somebody may come back to it."""

    id: str
    game: Game
    worker: Worker | None
    """Where it has a place; None while it is astray or homeless."""
    opened_at: float
    """When a worker was last told to open it."""
    last_region: str = ""
    """The region that it had its last place in."""
    scale: int = 1
    profile: str = ""
    """The hash of the profile whose battery saves the game uses: that of the player who started it."""
    listed: bool = False
    address: str = ""
    """The client that started it, for the limit on rooms of one address."""
    roster: Roster = field(default_factory=Roster)
    viewers: dict[str, Viewer] = field(default_factory=dict)
    """By id; one at most of each member."""
    viewers_so_far: int = 0
    phase: Phase = Phase.STARTING
    epoch: int = 1
    """Counts the openings. Of two copies, the one of the higher epoch is the room."""
    codec: Codec = ""
    target: Worker | None = None
    """Where a place is held for it while it freezes."""
    origin: Worker | None = None
    """Which draining worker it has just been moved away from; None once it is played again."""
    early_deaths: int = 0
    """How often in a row it died soon after it was opened."""
    trouble: tuple[str, str] = ("", "")
    """Code and sentence of what its players are told while it comes back."""
    troubled_at: float | None = None
    """Since when it is not to be played; None if nothing is wrong."""
    figures: RoomFigures | None = None
    """How it does, in its worker's last words; None if that has not said."""

    @property
    def label(self) -> str:
        """The id's beginning, for logs: enough to find the room by, not enough to enter it."""
        return self.id[:6]

    @property
    def region(self) -> str:
        """The region that it is in, or was in when it had a place."""
        return self.last_region if self.worker is None else self.worker.region

    @property
    def region_preference(self) -> RegionPreference:
        """How well each region suits it: best the one it is in, then those close to its players. Spectators count only
        without players."""
        members = self.roster.members.values()
        players = [member for member in members if member.seat is not None] or members
        return RegionPreference(self.region, worst_delays(member.delays for member in players))

    def apply(self, event: Event) -> None:
        """Step to the phase that follows an event. Raises WrongPhaseError."""
        self.phase = phases.after(self.phase, event)

    def viewer_of(self, member: Member) -> Viewer | None:
        """Find the member's media connection; None if it has none."""
        return next((viewer for viewer in self.viewers.values() if viewer.member is member), None)

    @property
    def people(self) -> tuple[Person, ...]:
        """The members, as pages see them."""
        return tuple(
            Person(id=member.id, name=member.name, seat=member.seat, here=member.page is not None)
            for member in self.roster.members.values()
        )

    @property
    def in_lobby(self) -> ListedRoom | None:
        """The room as the lobby shows it; None if it is not shown."""
        if not self.listed or self.roster.locked or self.phase in (Phase.STARTING, Phase.ENDED):
            return None
        members = self.roster.members.values()
        players = seats_taken(members)
        return ListedRoom(
            room=self.id,
            game=self.game,
            players=players,
            watching=len(members) - players,
            free_seats=len(self.roster.free_seats),
        )
