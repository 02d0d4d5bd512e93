"""CONTRACT: a room's notices to a page, over the ``room`` data channel (negotiated, id 1, reliable), as JSON texts."""

import msgspec
from msgspec import Struct


class Picture(Struct, frozen=True, kw_only=True, tag="picture"):
    """The picture's size in the core's pixels, and the shape it is meant to have on a screen (width / height)."""

    width: int
    height: int
    aspect: float


class Message(Struct, frozen=True, kw_only=True, tag="message"):
    """Words to show for a while: the core's own, or the room's."""

    text: str
    seconds: float = 4.0


class Rumble(Struct, frozen=True, kw_only=True, tag="rumble"):
    """The strengths of this seat's two motors, 0 to 65535."""

    strong: int
    weak: int


class Controls(Struct, frozen=True, kw_only=True, tag="controls"):
    """The game's names of this seat's buttons: libretro button number (as text) -> name."""

    buttons: dict[str, str]


class Playback(Struct, frozen=True, kw_only=True, tag="playback"):
    """The way the game runs; sent when a viewer enters, and on each change."""

    paused: bool
    by: str = ""
    """The player that changed it last, as the others are told ("Player 2"); empty if nobody did."""
    speed: int = 1
    """1, 2 or 4 times."""
    rewinding: bool = False


class Save(Struct, frozen=True, kw_only=True):
    """One version of a slot."""

    slot: int
    """0 is the quick save, 1 to 9 are the player's, and 10 is what the room saves by itself."""
    version: str
    time: int
    """Unix seconds."""
    core: str
    """Name and version of the core that made it."""
    thumbnail: str = ""
    """A ``data:`` URL of a small picture, or nothing."""
    conflict: bool = False
    """Two rooms saved into this slot without knowing of each other; both versions are kept."""


class Saves(Struct, frozen=True, kw_only=True, tag="saves"):
    """The saves of this game in this viewer's profile, by slot and the newest first. Answers ``list_saves``, and
    follows the Done of each save and delete of the viewer's own."""

    slots: tuple[Save, ...]
    store: str = ""
    """The store's trouble now, as a sentence; nothing if all is well."""


class Done(Struct, frozen=True, kw_only=True, tag="done"):
    """A request is carried out, or failed."""

    request: str
    """The request's type."""
    ok: bool
    slot: int | None = None
    message: str = ""
    """A sentence: what failed and what to do, or what is good to know. It may be empty if all went well."""


class File(Struct, frozen=True, kw_only=True, tag="file"):
    """A file of so many bytes follows in binary messages of at most 16 KiB, in order."""

    name: str
    size: int


class PathEnds(Struct, frozen=True, kw_only=True, tag="path_ends"):
    """The gateway that this viewer comes by is about to end: be on another one before."""


class Ended(Struct, frozen=True, kw_only=True, tag="ended"):
    """The room ends."""

    code: str
    message: str


Notice = Picture | Message | Rumble | Controls | Playback | Saves | Done | File | PathEnds | Ended

_encoder = msgspec.json.Encoder()


def encode(notice: Notice) -> str:
    """Write the notice as the text of one message."""
    return _encoder.encode(notice).decode()
