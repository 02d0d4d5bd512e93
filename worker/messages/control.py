"""CONTRACT: what the agent and a room process say to each other, over a socket pair.

MessagePack, each message after its length as four big-endian bytes. Both ends run the same release, so the frames need
no versions; they are still read strictly, because a crashing core may have written over the room's memory. What a room
wants stored or read is in ``storing.py``.
"""

import asyncio
from typing import TypeVar

import msgspec
from msgspec import Struct

from coordinator.messages import Candidate, Codec
from worker.messages.storing import MAX_BATTERY_BYTES, MAX_STATE_BYTES, BatteryMemory, State, StoreAnswer, StoreRequest
from worker.runtime.errors import WorkerError
from worker.sandbox import Mode

MAX_CONTROL_BYTES = MAX_STATE_BYTES + MAX_BATTERY_BYTES + (1 << 20)
"""The longest control message: an Open with snapshot, battery memory and an offer of 64 KB, with room to spare."""

CONTROL_FD_VARIABLE = "COINOP_ROOM_FD"
"""The environment variable that tells a room process the number of its end of the socket pair."""

MEDIA_FD_VARIABLE = "COINOP_ROOM_MEDIA_FD"
"""The same for another socket pair: over it the agent passes bound UDP sockets, one for each address that viewers may
reach, before each ``Enter``."""

_T = TypeVar("_T")


class ControlMessageError(WorkerError, ValueError):
    """The other side sent something that is not one of the messages that it may send."""

    code = "control_message"


# ----- agent -> room


class Open(Struct, frozen=True, kw_only=True, tag="open"):
    """Load this core and game. Answered by Opened or Closed. Sent once; until then the process is a warm spare."""

    room: str
    core: str
    """Path of the core's shared library."""
    game: str | None
    """Path of the game file; None for a core that needs none."""
    system_directory: str
    save_directory: str
    options: dict[str, str] = {}
    """Core options that differ from the core's defaults."""
    offer: str = ""
    """The first viewer's offer, which decides the codec; without one, ``codec`` says it."""
    codec: Codec = ""
    """What to encode; empty if the offer shall decide."""
    scale: int = 1
    max_kbps: int = 6000
    sandbox: Mode = Mode.AUTO
    """What to keep the core from, before it is loaded."""
    profile: str = ""
    """Whose battery memory this is; that of everybody without a profile if empty."""
    snapshot: State | None = None
    """Where to go on; None for a new game."""
    battery: BatteryMemory | None = None
    """The battery memory as last stored; None before the first time."""
    words: str = ""
    """What the players are to know of how the game begins."""


class Enter(Struct, frozen=True, kw_only=True, tag="enter"):
    """A viewer with its offer. Answered by Answer or Turned away."""

    viewer: str
    seat: int | None
    offer: str
    profile: str = ""
    """Whose saves this viewer may list, load and write; none if empty."""


class ChangeSeat(Struct, frozen=True, kw_only=True, tag="seat_viewer"):
    """The viewer changes to this seat, or from now on only watches."""

    viewer: str
    seat: int | None


class AddCandidate(Struct, frozen=True, kw_only=True, tag="add_candidate"):
    viewer: str
    candidate: Candidate


class Exit(Struct, frozen=True, kw_only=True, tag="exit"):
    """The viewer is gone; close its connection."""

    viewer: str


class Close(Struct, frozen=True, kw_only=True, tag="close"):
    """End the room: write the battery save and end the process."""


class FreezeGame(Struct, frozen=True, kw_only=True, tag="freeze"):
    """Pause the game, to move it. Answered by FinalSnapshot; then comes Close, or ThawGame if that can't be stored."""


class ThawGame(Struct, frozen=True, kw_only=True, tag="thaw"):
    """The room stays: go on where FreezeGame stopped the game."""


AgentMessage = Open | Enter | ChangeSeat | AddCandidate | Exit | Close | FreezeGame | ThawGame | StoreAnswer

# ----- room -> agent


class Ready(Struct, frozen=True, kw_only=True, tag="ready"):
    """The imports are done: this process can open a room at once."""


class Opened(Struct, frozen=True, kw_only=True, tag="opened"):
    codec: str


class Answer(Struct, frozen=True, kw_only=True, tag="answer"):
    viewer: str
    answer: str


class TurnedAway(Struct, frozen=True, kw_only=True, tag="turned_away"):
    """This viewer can't be let in; the room goes on."""

    viewer: str
    code: str
    message: str


class Left(Struct, frozen=True, kw_only=True, tag="left"):
    viewer: str


class Closed(Struct, frozen=True, kw_only=True, tag="closed"):
    """The room ends: a sentence for its players. The process exits after it."""

    code: str
    message: str


class ViewerFigures(Struct, frozen=True, kw_only=True):
    viewer: str
    rtt_seconds: float | None = None
    loss: float | None = None
    """The share of packets lost, 0 to 1, as the viewer last reported it."""


class Figures(Struct, frozen=True, kw_only=True, tag="figures"):
    """Once a second: what the metrics show. Counters run from the room's start."""

    frames: int
    late_frames: int
    """Frames that began more than half a frame after their deadline."""
    run_seconds: float
    """Time spent in ``retro_run``."""
    encode_seconds: float
    """Time spent converting and encoding pictures."""
    video_bytes: int
    audio_bytes: int
    keyframes: int
    fps: float
    """Of the last second."""
    bitrate: float
    """Bits per second sent to one viewer, picture and sound, in the last second."""
    viewers: tuple[ViewerFigures, ...] = ()


RoomMessage = Ready | Opened | Answer | TurnedAway | Left | Closed | Figures | StoreRequest

_encoder = msgspec.msgpack.Encoder()
_agent_message = msgspec.msgpack.Decoder(AgentMessage)
_room_message = msgspec.msgpack.Decoder(RoomMessage)


def frame(message: AgentMessage | RoomMessage) -> bytes:
    """Encode a message with its length before it, ready to be written."""
    body = _encoder.encode(message)
    return len(body).to_bytes(4, "big") + body


async def read_agent_message(reader: asyncio.StreamReader) -> AgentMessage | None:
    """Read the next message from the agent, None at the end of the stream. Raises ControlMessageError."""
    return await _read(reader, _agent_message)


async def read_room_message(reader: asyncio.StreamReader) -> RoomMessage | None:
    """Read the next message from the room, None at the end of the stream. Raises ControlMessageError."""
    return await _read(reader, _room_message)


async def _read(reader: asyncio.StreamReader, decoder: msgspec.msgpack.Decoder[_T]) -> _T | None:
    try:
        length = int.from_bytes(await reader.readexactly(4), "big")
        if length > MAX_CONTROL_BYTES:
            raise ControlMessageError(f"a control message of {length} bytes is longer than {MAX_CONTROL_BYTES}")
        return decoder.decode(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except msgspec.DecodeError as error:
        raise ControlMessageError(f"not a control message: {error}") from error
