"""The room's errors: a code for programs, and a sentence for the player.

Imports nothing of the room. The errors of a core (``worker.libretro.CoreError``) are not the room's own; they bring a
reason, of which ``as_sentence`` makes what a player reads.

    RoomError
     +- OfferError        an offer can't be answered
     +- InputError        a datagram is none of the input contract's
     +- RequestError      a text is none of the requests' contract
     +- DeniedError       the viewer may not ask for this, or not now
     +- TransferError     a file can't be taken
     +- SlotError         a save can't be made or used
     +- StorageError      the store has not done it
"""


class RoomError(Exception):
    """The base of all. ``str()`` is the sentence: what is wrong, and what to do where that helps."""

    code = "room_failed"

    def __init__(self, sentence: str, *, code: str = "") -> None:
        super().__init__(code, sentence)
        self.sentence = sentence
        if code:
            self.code = code

    def __str__(self) -> str:
        return self.sentence


class OfferError(RoomError):
    """An offer that can't be answered: unreadable, or without a codec of the room's."""

    code = "bad_offer"


class InputError(RoomError):
    """A datagram that is none of the contract's; ``expected`` is the rule that it breaks."""

    code = "bad_input"

    def __init__(self, expected: str) -> None:
        super().__init__(f"The room can't read this page's input: {expected}. Reload the page.")


class RequestError(RoomError):
    """A text that is none of the contract's."""

    code = "bad_request"


class DeniedError(RoomError):
    """A request that the viewer may not make, or not now."""

    code = "denied"


class TransferError(RoomError):
    """A file that can't be taken."""

    code = "bad_file"


class SlotError(RoomError):
    """A save that can't be made or used."""

    code = "bad_save"


class StorageError(RoomError):
    """The store has not done it."""

    code = "store_failed"


def as_sentence(reason: str) -> str:
    """Return the reason with a capital letter and a full stop, as a player reads it."""
    return reason[:1].upper() + reason[1:] + ("" if reason.endswith((".", "!", "?")) else ".")
