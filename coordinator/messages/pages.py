"""CONTRACT: the messages between a browser's page and the coordinator. ``web/core/wire/coordinator.js`` mirrors it."""

from msgspec import Struct, field

from coordinator.messages.fields import (
    Delays,
    Label,
    Name,
    Nickname,
    Profile,
    RegionLabel,
    Scale,
    Sdp,
    Seat,
    Sentence,
)
from coordinator.messages.values import Candidate, Game, IceServer, Library, ListedRoom, Person, Refused, Region

# ----- browser -> coordinator


class Start(Struct, frozen=True, kw_only=True, tag="start", omit_defaults=True):
    """Open a room with this game. Carries the offer, so that click to picture is one round trip."""

    game: Name
    offer: Sdp
    scale: Scale = 1
    profile: Profile = ""
    name: Nickname = ""
    listed: bool = False
    """Whether the lobby shows the room; otherwise only its link leads to it."""
    region: RegionLabel = ""
    """The region that the player wants; empty for the closest."""
    delays: Delays = field(default_factory=dict)
    """The regions that the page has measured so far."""


class Join(Struct, frozen=True, kw_only=True, tag="join", omit_defaults=True):
    """Enter a room that exists: in its first free seat, or as a spectator.

    With the token of a ``started``, that member comes back to its own seat, on a new media connection.
    """

    room: Name
    offer: Sdp
    token: Label = ""
    profile: Profile = ""
    name: Nickname = ""
    watch: bool = False
    """Only watch, even if a seat is free."""
    delays: Delays = field(default_factory=dict)
    """As in ``start``: for where the room goes if it loses its place."""


class Back(Struct, frozen=True, kw_only=True, tag="back"):
    """The page has lost this connection but not its game. Answered by ``room_state``, ``reconnect`` or ``refused``."""

    room: Name
    token: Name


class Measured(Struct, frozen=True, kw_only=True, tag="measured"):
    """The page has measured the regions again, or had not when it started or joined."""

    delays: Delays


class Trickle(Struct, frozen=True, kw_only=True, tag="candidate"):
    """A browser's ICE candidate for the room it started or joined."""

    candidate: Candidate


class Leave(Struct, frozen=True, kw_only=True, tag="leave"):
    """Leave the room for good: seat and token are gone."""


class TakeSeat(Struct, frozen=True, kw_only=True, tag="take_seat"):
    """Sit down in this free seat, or with None get up and only watch."""

    seat: Seat | None


class GiveSeat(Struct, frozen=True, kw_only=True, tag="give_seat"):
    """Give the own seat to this member: to a spectator at once. To a seated one it is an offer to swap, carried out
    when that member gives its seat in return; giving it to oneself takes the offer back."""

    member: Name


class Remove(Struct, frozen=True, kw_only=True, tag="remove"):
    """The host sends a member away."""

    member: Name


class SetRoom(Struct, frozen=True, kw_only=True, tag="set_room", omit_defaults=True):
    """The host locks the room (nobody new comes in), or shows it in the lobby. None leaves as it is."""

    locked: bool | None = None
    listed: bool | None = None


class MakeHost(Struct, frozen=True, kw_only=True, tag="make_host"):
    """The host hands over to this member."""

    member: Name


class Rename(Struct, frozen=True, kw_only=True, tag="rename"):
    """Change the own name."""

    name: Nickname


PlayerMessage = (
    Start | Join | Back | Measured | Trickle | Leave | TakeSeat | GiveSeat | Remove | SetRoom | MakeHost | Rename
)

# ----- coordinator -> browser


class Welcome(Struct, frozen=True, kw_only=True, tag="welcome"):
    """The first message on a connection."""

    version: str
    games: tuple[Game, ...]
    ice_servers: tuple[IceServer, ...] = ()
    relay_only: bool = False
    """Whether media must go through a gateway (``iceTransportPolicy: "relay"``)."""
    rooms: tuple[ListedRoom, ...] = ()
    regions: tuple[Region, ...] = ()
    """The regions to choose between: none, or two at least."""


class IceServers(Struct, frozen=True, kw_only=True, tag="ice_servers"):
    """The gateways again: they changed, or their credentials were about to end. For connections made from now on."""

    ice_servers: tuple[IceServer, ...]
    relay_only: bool = False


class Rooms(Struct, frozen=True, kw_only=True, tag="rooms"):
    """All listed rooms again, because some changed."""

    rooms: tuple[ListedRoom, ...]


class Regions(Struct, frozen=True, kw_only=True, tag="regions"):
    """All regions again, because some changed."""

    regions: tuple[Region, ...]


class Started(Struct, frozen=True, kw_only=True, tag="started"):
    """The room is running and this is its answer. ``seat`` is 0 to 3, or None for a spectator."""

    room: Name
    seat: Seat | None
    game: Game
    answer: Sdp
    member: Name
    token: Name
    """The member's secret, good for ``join`` and ``back`` as long as the room has not forgotten it."""
    region: RegionLabel = ""
    """The region that the room is in."""


class RoomState(Struct, frozen=True, kw_only=True, tag="room_state"):
    """The members of the room and its settings, after each change."""

    room: Name
    you: Name
    members: tuple[Person, ...]
    """In the order of their coming."""
    host: Name
    locked: bool
    listed: bool
    offers: tuple[tuple[Name, Name], ...] = ()
    """Seats that are offered for a swap: from which member, to which."""


class Reconnect(Struct, frozen=True, kw_only=True, tag="reconnect"):
    """The room goes on, but on another media connection: make a new one and ``join`` with the token, without a click.

    The message is to be shown meanwhile.
    """

    room: Name
    code: Name
    message: Sentence
    ready: bool = True
    """False: the room has no place yet. Drop the old connection, wait, and ``join`` at the next ``reconnect``."""


class Ended(Struct, frozen=True, kw_only=True, tag="ended"):
    """The room that this browser was in is gone, or its media connection to it is."""

    code: Name
    message: Sentence


PlayerEvent = Welcome | IceServers | Library | Rooms | Regions | Started | RoomState | Reconnect | Refused | Ended
