"""CONTRACT: a page's requests to its room, over the ``room`` data channel (negotiated, id 1, reliable), as JSON texts.

Binary messages on the channel are the pieces of a file that an ``import`` announced (``transfers.py``). The answers are
in ``notices.py``: ``done`` for each request that saves, loads or transfers, ``playback`` for those that change how the
game runs. ``web/core/wire/room.js`` mirrors this.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from worker.messages.storing import AUTO_SLOT, SLOTS
from worker.room.errors import RequestError

MAX_REQUEST_BYTES: Final = 1024
"""The longest request, an ``import`` with a file's name, has a third of it."""
MAX_NAME: Final = 200
"""Characters of a file's name; it is shown, never opened."""
MAX_FILE_BYTES: Final = 64 << 20
"""The largest file that is taken in: the raw states of the largest known cores have some 10 MiB."""
REQUESTS_PER_SECOND: Final = 20
"""Several times what a hand on a keyboard does; holding rewind sends two requests."""

Slot = Annotated[int, Meta(ge=0, lt=SLOTS)]
"""0 is the quick save."""
AnySlot = Annotated[int, Meta(ge=0, le=AUTO_SLOT)]
"""With the one that the room fills by itself."""
Version = Annotated[str, Meta(max_length=100)]


class Pause(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="pause"):
    """Stop the game for all, or go on."""

    paused: bool


class Reset(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="reset"):
    """Press the console's reset button."""


class Speed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="speed"):
    """Run the game so many times as fast."""

    factor: Literal[1, 2, 4]


class Rewind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="rewind"):
    """Run the game backwards for as long as ``on``; play goes on from where it ends."""

    on: bool


class Save(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="save"):
    """Write the game's state into a slot. Answered by Done."""

    slot: Slot


class Load(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="load"):
    """Go on from a save: this version of the slot, or the newest. Answered by Done."""

    slot: AnySlot
    version: Version = ""


class ListSaves(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="list_saves"):
    """List what the viewer's profile has saved. Answered by Saves, or by Done with what is wrong."""


class DeleteSave(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="delete_save"):
    """Remove one version. Answered by Done."""

    slot: AnySlot
    version: Version


class Export(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="export"):
    """Send the game's state as it is now (or of a slot), or its battery memory, in the emulators' own format. Answered
    by File and the file's bytes in binary messages, then Done."""

    what: Literal["state", "battery"]
    slot: AnySlot | None = None


class Import(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="import"):
    """Take this in: a file of ``size`` bytes follows in binary messages. Answered by Done, when all of it was there or
    when it is refused; after a refusal the rest of the file is dropped."""

    what: Literal["state", "battery"]
    size: Annotated[int, Meta(ge=1)]
    name: Annotated[str, Meta(max_length=MAX_NAME)] = ""


Request = Pause | Reset | Speed | Rewind | Save | Load | ListSaves | DeleteSave | Export | Import

_decoder: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request, strict=True)


def decode(text: str) -> Request:
    """Read the request of one text message. Raises RequestError."""
    if len(text) > MAX_REQUEST_BYTES:
        raise RequestError("The page asked for something far too long. Reload the page.")
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise RequestError(f"The room doesn't understand this page: {error}. Reload the page.") from error


def kind(request: Request) -> str:
    """Return the request's ``type``, which its Done names."""
    return str(type(request).__struct_config__.tag)


class RequestRate:
    """A token bucket for one viewer's requests. No clock."""

    def __init__(self, now: float) -> None:
        self._tokens = float(REQUESTS_PER_SECOND)
        self._last = now

    def allow(self, now: float) -> bool:
        """Count a request at ``now`` (seconds); return False if there were too many."""
        self._tokens = min(REQUESTS_PER_SECOND, self._tokens + (now - self._last) * REQUESTS_PER_SECOND)
        self._last = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
