"""CONTRACT: the messages between a worker and the coordinator."""

from typing import Annotated

from msgspec import Meta, Struct

from coordinator.messages.fields import (
    Codec,
    Count,
    Delay,
    GatewayUrls,
    Label,
    MaybeSdp,
    Name,
    ProfileHash,
    Record,
    RegionLabel,
    Scale,
    Sdp,
    Seat,
    Sentence,
    Share,
    TurnSecret,
)
from coordinator.messages.values import Candidate, Game, Library, Refused

# ----- worker -> coordinator (the token travels in the upgrade request's Authorization header)


class Register(Struct, frozen=True, kw_only=True, tag="register"):
    """The first message of a worker: its name, how many rooms it takes, and its games."""

    name: Name
    capacity: Annotated[int, Meta(ge=1, le=10_000)]
    games: tuple[Game, ...]
    more: Count = 0
    """Games of a long library that follow in ``library`` messages."""
    region: RegionLabel = ""
    gateways: GatewayUrls = ()
    """ICE URLs of the gateway in front of this worker, by which browsers reach its rooms."""
    turn_secret: TurnSecret = ""
    """That gateway's, to make players' credentials for it; without one, the coordinator's own counts."""
    holding: Count = 0
    """How many rooms it brings along, each in a ``holding`` that comes next: it had lost its coordinator."""

    def __repr__(self) -> str:
        return f"Register({self.name!r})"  # without the secret


class Gateways(Struct, frozen=True, kw_only=True, tag="gateways"):
    """The gateway in front of this worker is another one now, or is reached otherwise: instead of the registration's.

    A cloud's load balancer has its address some minutes after the worker has started.
    """

    gateways: GatewayUrls
    turn_secret: TurnSecret = ""

    def __repr__(self) -> str:
        return f"Gateways({self.gateways!r})"  # without the secret


class Holding(Struct, frozen=True, kw_only=True, tag="holding"):
    """A room that went on without a coordinator, with the record that the last one had asked to ``keep``."""

    room: Name
    record: Record
    viewers: Annotated[tuple[Name, ...], Meta(max_length=64)] = ()
    """Those whose media connections stand."""


class Admitted(Struct, frozen=True, kw_only=True, tag="admitted"):
    """The viewer's answer: its room is running and waits for it."""

    room: Name
    viewer: Name
    answer: Sdp
    codec: Codec = ""
    """The room's, to open it with again."""


class Rejected(Struct, frozen=True, kw_only=True, tag="rejected"):
    """This viewer can't be let in; the room itself goes on if it was running."""

    room: Name
    viewer: Name
    code: Name
    message: Sentence


class ViewerLeft(Struct, frozen=True, kw_only=True, tag="viewer_left"):
    """The viewer's peer connection ended."""

    room: Name
    viewer: Name


class RoomClosed(Struct, frozen=True, kw_only=True, tag="room_closed"):
    """The room is gone, and its place is free. The code says whether it can go on from its last snapshot."""

    room: Name
    code: Name
    message: Sentence
    epoch: Count = 0
    """Which opening of it ended; 0 for whichever there was."""


class Frozen(Struct, frozen=True, kw_only=True, tag="frozen"):
    """The room has stored its last snapshot and is gone, as ``freeze`` asked. Its place is free."""

    room: Name


class Thawed(Struct, frozen=True, kw_only=True, tag="thawed"):
    """The room could not be frozen, because its snapshot can't be stored, and goes on."""

    room: Name
    code: Name
    message: Sentence


class Prepared(Struct, frozen=True, kw_only=True, tag="prepared"):
    """A process is ready for the room, as ``prepare`` asked, or will not be for a while: it may be moved."""

    room: Name


class Draining(Struct, frozen=True, kw_only=True, tag="draining"):
    """The worker is going to end: no new rooms, and its rooms are to be moved away."""


MAX_FIGURES = 1000
"""Rooms of one ``figures``: they take some 120 KB, of the 256 that are read."""


class RoomFigures(Struct, frozen=True, kw_only=True):
    """How a room does: the last second's frames, and what happened since the report before."""

    room: Name
    fps: Annotated[float, Meta(ge=0, le=1000)]
    late: Share = 0.0
    """Of the frames: those that began more than half a frame after their deadline."""
    encode_ms: Delay = 0.0
    """For a frame, to convert and encode it."""
    rtt_ms: Delay | None = None
    """To the farthest viewer and back; None as long as none has said."""
    loss: Share | None = None
    """Of the packets to the viewer who loses most."""


class Figures(Struct, frozen=True, kw_only=True, tag="figures"):
    """Every few seconds: how the rooms do, for the operator to see."""

    rooms: Annotated[tuple[RoomFigures, ...], Meta(max_length=MAX_FIGURES)]


WorkerMessage = (
    Register
    | Gateways
    | Holding
    | Library
    | Admitted
    | Rejected
    | ViewerLeft
    | RoomClosed
    | Frozen
    | Thawed
    | Prepared
    | Draining
    | Figures
)

# ----- coordinator -> worker


class Registered(Struct, frozen=True, kw_only=True, tag="registered"):
    """The worker is in the registry under this id."""

    worker: Name
    room_grace: Annotated[float, Meta(ge=0)] = 120.0
    """Seconds that a room without viewers is kept; the worker sees to it while it has no coordinator."""


class OpenRoom(Struct, frozen=True, kw_only=True, tag="open_room"):
    """Open a room, and admit its first viewer, whose offer decides the room's codec.

    A room that goes on after a move or a crash is opened without a viewer: viewer, seat and offer are left out.
    """

    room: Name
    game: Name
    viewer: Label = ""
    seat: Seat | None = None
    offer: MaybeSdp = ""
    scale: Scale = 1
    profile: ProfileHash = ""
    """That of the player who started the room, and whose battery saves are used."""
    resume: bool = False
    """Go on from the last snapshot in the store."""
    epoch: Count = 1
    """Counts the openings of the room. Two copies may run while a worker is out of reach: the higher one counts, and
    a snapshot of the lower one must not replace one of the higher."""
    codec: Codec = ""
    """The codec to encode with if no offer decides it."""


class Admit(Struct, frozen=True, kw_only=True, tag="admit"):
    """Admit one more viewer to a room."""

    room: Name
    viewer: Name
    seat: Seat | None
    offer: Sdp
    profile: ProfileHash = ""


class SeatViewer(Struct, frozen=True, kw_only=True, tag="seat_viewer"):
    """A viewer sits elsewhere now, or only watches; its media connection stays."""

    room: Name
    viewer: Name
    seat: Seat | None


class ViewerCandidate(Struct, frozen=True, kw_only=True, tag="viewer_candidate"):
    """A viewer's ICE candidate."""

    room: Name
    viewer: Name
    candidate: Candidate


class Dismiss(Struct, frozen=True, kw_only=True, tag="dismiss"):
    """The viewer left, or its page is gone."""

    room: Name
    viewer: Name


class CloseRoom(Struct, frozen=True, kw_only=True, tag="close_room"):
    """End the room: nobody is in it. Its place counts as free from here on, so an ``open_room`` may follow at once."""

    room: Name
    superseded: bool = False
    """It goes on as another copy, and needs its snapshots: leave them in the store."""


class Keep(Struct, frozen=True, kw_only=True, tag="keep"):
    """Keep this for the coordinator, and hand it back in ``holding``. Not to be read: it is the coordinator's own."""

    room: Name
    record: Record


class Prepare(Struct, frozen=True, kw_only=True, tag="prepare"):
    """A room is to be moved here: have a process ready before it is frozen where it is. Answered by ``prepared``."""

    room: Name


class Freeze(Struct, frozen=True, kw_only=True, tag="freeze"):
    """Stop the game, store a last snapshot, and end. Answered by ``frozen``, ``thawed`` or ``room_closed``."""

    room: Name


WorkerCommand = (
    Registered
    | Refused
    | OpenRoom
    | Admit
    | SeatViewer
    | ViewerCandidate
    | Dismiss
    | CloseRoom
    | Keep
    | Prepare
    | Freeze
)
