"""CONTRACT: what a room tells a page over the ``room`` data channel (negotiated, id 1, reliable), as JSON texts."""

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
    """What the game calls this seat's buttons: libretro button number (as text) -> name."""

    buttons: dict[str, str]


class Ended(Struct, frozen=True, kw_only=True, tag="ended"):
    """The room ends."""

    code: str
    message: str


Notice = Picture | Message | Rumble | Controls | Ended

_encoder = msgspec.json.Encoder()


def encode(notice: Notice) -> str:
    """The notice as the text of one message."""
    return _encoder.encode(notice).decode()
