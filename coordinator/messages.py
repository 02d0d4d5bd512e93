"""CONTRACT: the signalling messages between browser, coordinator and worker.

Each message is one JSON object in one WebSocket text frame; its ``type`` field names the struct. Four unions say who
may send what. ``web/wire.js`` mirrors the two that a browser speaks, and ``tests/wire/vectors.json`` ties both
together. Unknown fields are ignored, so a newer peer may add some; a missing or ill-typed field is an error.
"""

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

MAX_MESSAGE_BYTES = 256 * 1024
"""The longest frame that is read. An SDP offer is 3 to 10 KB and a library of 1,000 games about 150 KB."""

MAX_DETAIL = 200
"""How much of the decoder's complaint is kept: it quotes the peer's text, which then goes into logs and refusals."""

Name = Annotated[str, Meta(min_length=1, max_length=128)]
"""An id or a title: short, and never used as a file name."""
Sdp = Annotated[str, Meta(min_length=1, max_length=64 * 1024)]
Sentence = Annotated[str, Meta(max_length=2048)]
"""Plain words for a person: what is wrong and what to do."""
Count = Annotated[int, Meta(ge=0, le=100_000)]


_T = TypeVar("_T")


_HOST_PORT = r"([A-Za-z0-9._-]{1,200}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?"
GATEWAY_URL = rf"^(stun:{_HOST_PORT}|turns?:{_HOST_PORT}(\?transport=(udp|tcp))?)$"
GatewayUrl = Annotated[str, Meta(max_length=256, pattern=GATEWAY_URL)]
"""An ICE URL (RFC 7064, RFC 7065), such as ``turn:gateway.example:3478?transport=udp``."""


class MessageError(ValueError):
    """The peer sent something that is not one of the messages it may send."""


class Game(Struct, frozen=True, kw_only=True):
    """One game of the library, as pages show it. ``id`` is a hash of the content, so workers agree on it."""

    id: Name
    title: Name
    system: Name


class IceServer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An ``RTCIceServer`` for the browser."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = ""


class Candidate(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An ``RTCIceCandidateInit``; an empty ``candidate`` ends the candidates."""

    candidate: Annotated[str, Meta(max_length=1024)]
    sdpMid: Annotated[str, Meta(max_length=64)] | None = None  # noqa: N815 (the field's name in the standard)
    sdpMLineIndex: Annotated[int, Meta(ge=0, le=64)] | None = None  # noqa: N815


# ----- browser -> coordinator


class Start(Struct, frozen=True, kw_only=True, tag="start", omit_defaults=True):
    """Open a room with this game. Carries the offer, so that click to picture is one round trip."""

    game: Name
    offer: Sdp
    scale: Annotated[int, Meta(ge=1, le=4)] = 1
    """Integer upscaling before encoding: more bits for crisper pixels."""


class Join(Struct, frozen=True, kw_only=True, tag="join"):
    """Enter a room that exists: in its first free seat, or as a spectator."""

    room: Name
    offer: Sdp


class Trickle(Struct, frozen=True, kw_only=True, tag="candidate"):
    """A browser's ICE candidate for the room it started or joined."""

    candidate: Candidate


class Leave(Struct, frozen=True, kw_only=True, tag="leave"):
    """Leave the room."""


PlayerMessage = Start | Join | Trickle | Leave

# ----- coordinator -> browser


class Welcome(Struct, frozen=True, kw_only=True, tag="welcome"):
    """The first message on a connection."""

    version: str
    games: tuple[Game, ...]
    ice_servers: tuple[IceServer, ...] = ()
    relay_only: bool = False
    """Whether media must go through a gateway (``iceTransportPolicy: "relay"``)."""


class IceServers(Struct, frozen=True, kw_only=True, tag="ice_servers"):
    """The gateways again: they changed, or their credentials were about to end. For connections made from now on."""

    ice_servers: tuple[IceServer, ...]
    relay_only: bool = False


class Library(Struct, frozen=True, kw_only=True, tag="library"):
    """The whole library again, because it changed. Also worker -> coordinator."""

    games: tuple[Game, ...]


class Started(Struct, frozen=True, kw_only=True, tag="started"):
    """The room is running and this is its answer. ``seat`` is 0 to 3, or None for a spectator."""

    room: Name
    seat: int | None
    game: Game
    answer: Sdp


class Refused(Struct, frozen=True, kw_only=True, tag="refused"):
    """A ``start`` or ``join`` (to a browser) or a registration (to a worker) failed. ``code`` is for programs."""

    code: Name
    message: Sentence


class Ended(Struct, frozen=True, kw_only=True, tag="ended"):
    """The room that this browser was in is gone, or its media connection to it is."""

    code: Name
    message: Sentence


PlayerEvent = Welcome | IceServers | Library | Started | Refused | Ended

# ----- worker -> coordinator (the token travels in the upgrade request's Authorization header)


class Register(Struct, frozen=True, kw_only=True, tag="register"):
    """The first message of a worker: what it is called, how many rooms it takes, and its games."""

    name: Name
    capacity: Annotated[int, Meta(ge=1, le=10_000)]
    games: tuple[Game, ...]
    region: Annotated[str, Meta(max_length=64)] = ""
    gateways: Annotated[tuple[GatewayUrl, ...], Meta(max_length=16)] = ()
    """ICE URLs of the gateway in front of this worker, by which browsers reach its rooms."""


class Admitted(Struct, frozen=True, kw_only=True, tag="admitted"):
    """The viewer's answer: its room is running and waits for it."""

    room: Name
    viewer: Name
    answer: Sdp


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
    """The room is gone, and its place is free."""

    room: Name
    code: Name
    message: Sentence


WorkerMessage = Register | Library | Admitted | Rejected | ViewerLeft | RoomClosed

# ----- coordinator -> worker


class Registered(Struct, frozen=True, kw_only=True, tag="registered"):
    """The worker is in the registry under this id."""

    worker: Name


class OpenRoom(Struct, frozen=True, kw_only=True, tag="open_room"):
    """Open a room and admit its first viewer, whose offer decides the room's codec."""

    room: Name
    game: Name
    viewer: Name
    seat: Annotated[int, Meta(ge=0, le=3)]
    offer: Sdp
    scale: Annotated[int, Meta(ge=1, le=4)] = 1


class Admit(Struct, frozen=True, kw_only=True, tag="admit"):
    """Admit one more viewer to a room."""

    room: Name
    viewer: Name
    seat: Annotated[int, Meta(ge=0, le=3)] | None
    offer: Sdp


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


WorkerCommand = Registered | Refused | OpenRoom | Admit | ViewerCandidate | Dismiss | CloseRoom

_encoder = msgspec.json.Encoder()
_player_message: msgspec.json.Decoder[PlayerMessage] = msgspec.json.Decoder(PlayerMessage)
_player_event: msgspec.json.Decoder[PlayerEvent] = msgspec.json.Decoder(PlayerEvent)
_worker_message: msgspec.json.Decoder[WorkerMessage] = msgspec.json.Decoder(WorkerMessage)
_worker_command: msgspec.json.Decoder[WorkerCommand] = msgspec.json.Decoder(WorkerCommand)


def encode(message: Struct) -> str:
    """The message as the text of one frame."""
    return _encoder.encode(message).decode()


def decode_player_message(text: str | bytes) -> PlayerMessage:
    """Read a frame from a browser. Raises MessageError."""
    return _decode(_player_message, text)


def decode_player_event(text: str | bytes) -> PlayerEvent:
    """Read a frame to a browser, as tests and benchmarks do. Raises MessageError."""
    return _decode(_player_event, text)


def decode_worker_message(text: str | bytes) -> WorkerMessage:
    """Read a frame from a worker. Raises MessageError."""
    return _decode(_worker_message, text)


def decode_worker_command(text: str | bytes) -> WorkerCommand:
    """Read a frame to a worker. Raises MessageError."""
    return _decode(_worker_command, text)


def _decode(decoder: msgspec.json.Decoder[_T], text: str | bytes) -> _T:
    if len(text) > MAX_MESSAGE_BYTES:
        raise MessageError(f"the message is longer than {MAX_MESSAGE_BYTES} bytes")
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        detail = str(error)[:MAX_DETAIL]
        raise MessageError(f"not a message that may be sent here: {detail}") from error
