"""CONTRACT: the signalling messages between browser, coordinator and worker.

Each message is one JSON object in one WebSocket text frame; its ``type`` field names the struct. Four unions, one for
each direction, say which may be sent: two in ``pages.py``, two in ``workers.py``. ``web/core/wire/coordinator.js``
mirrors those that a browser speaks, and ``tests/wire/vectors.json`` ties both together. Unknown fields are ignored, so
a newer peer may add some; a missing or ill-typed field is an error.
"""

from typing import TypeVar

import msgspec
from msgspec import Struct

from coordinator.errors import MessageError
from coordinator.messages.fields import (
    GATEWAY_URL,
    MAX_GAMES,
    OPEN_HOST,
    SEATS,
    TURN_SECRET,
    VIDEO_CODECS,
    Codec,
    Name,
    Sdp,
    Seat,
    VideoCodec,
)
from coordinator.messages.pages import (
    Back,
    Ended,
    GiveSeat,
    IceServers,
    Join,
    Leave,
    MakeHost,
    Measured,
    PlayerEvent,
    PlayerMessage,
    Reconnect,
    Regions,
    Remove,
    Rename,
    Rooms,
    RoomState,
    SetRoom,
    Start,
    Started,
    TakeSeat,
    Trickle,
    Welcome,
)
from coordinator.messages.values import (
    Candidate,
    Game,
    IceServer,
    Library,
    ListedRoom,
    Person,
    Refused,
    Region,
)
from coordinator.messages.workers import (
    MAX_FIGURES,
    Admit,
    Admitted,
    CloseRoom,
    Dismiss,
    Draining,
    Figures,
    Freeze,
    Frozen,
    Gateways,
    Holding,
    Keep,
    OpenRoom,
    Prepare,
    Prepared,
    Register,
    Registered,
    Rejected,
    RoomClosed,
    RoomFigures,
    SeatViewer,
    Thawed,
    ViewerCandidate,
    ViewerLeft,
    WorkerCommand,
    WorkerMessage,
)

__all__ = [
    "GATEWAY_URL",
    "MAX_DETAIL",
    "MAX_FIGURES",
    "MAX_GAMES",
    "MAX_MESSAGE_BYTES",
    "OPEN_HOST",
    "SEATS",
    "TURN_SECRET",
    "VIDEO_CODECS",
    "Admit",
    "Admitted",
    "Back",
    "Candidate",
    "CloseRoom",
    "Codec",
    "Dismiss",
    "Draining",
    "Ended",
    "Figures",
    "Freeze",
    "Frozen",
    "Game",
    "Gateways",
    "GiveSeat",
    "Holding",
    "IceServer",
    "IceServers",
    "Join",
    "Keep",
    "Leave",
    "Library",
    "ListedRoom",
    "MakeHost",
    "Measured",
    "MessageError",
    "Name",
    "OpenRoom",
    "Person",
    "PlayerEvent",
    "PlayerMessage",
    "Prepare",
    "Prepared",
    "Reconnect",
    "Refused",
    "Region",
    "Regions",
    "Register",
    "Registered",
    "Rejected",
    "Remove",
    "Rename",
    "RoomClosed",
    "RoomFigures",
    "RoomState",
    "Rooms",
    "Sdp",
    "Seat",
    "SeatViewer",
    "SetRoom",
    "Start",
    "Started",
    "TakeSeat",
    "Thawed",
    "Trickle",
    "VideoCodec",
    "ViewerCandidate",
    "ViewerLeft",
    "Welcome",
    "WorkerCommand",
    "WorkerMessage",
    "decode_player_event",
    "decode_player_message",
    "decode_worker_command",
    "decode_worker_message",
    "encode",
]

MAX_MESSAGE_BYTES = 256 * 1024
"""The longest frame that is read. An SDP offer is 3 to 10 KB and a library of 1,000 games about 150 KB."""

MAX_DETAIL = 200
"""Characters of the decoder's complaint that are kept: it quotes the peer's text, which goes into logs and refusals."""

_T = TypeVar("_T")


_encoder = msgspec.json.Encoder()
_player_message: msgspec.json.Decoder[PlayerMessage] = msgspec.json.Decoder(PlayerMessage)
_player_event: msgspec.json.Decoder[PlayerEvent] = msgspec.json.Decoder(PlayerEvent)
_worker_message: msgspec.json.Decoder[WorkerMessage] = msgspec.json.Decoder(WorkerMessage)
_worker_command: msgspec.json.Decoder[WorkerCommand] = msgspec.json.Decoder(WorkerCommand)


def encode(message: Struct) -> str:
    """Write a message as the text of one frame."""
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
