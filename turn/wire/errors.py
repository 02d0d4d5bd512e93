"""The two ways in which a peer goes wrong: bytes that make no message, and a request that is refused by a code.

The whole tree of the gateway's errors is in turn/errors.py.
"""

from typing import Final

from turn.errors import ProtocolError

REASONS: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    420: "Unknown Attribute",
    437: "Allocation Mismatch",
    438: "Stale Nonce",
    440: "Address Family not Supported",
    441: "Wrong Credentials",
    442: "Unsupported Transport",
    443: "Peer Address Family Mismatch",
    486: "Allocation Quota Reached",
    500: "Server Error",
    508: "Insufficient Capacity",
}
"""The phrases of RFC 8489 and RFC 8656. Details go into the log: a stranger learns nothing, and answers stay small."""

BAD_REQUEST: Final = 400


class MalformedError(ProtocolError):
    """Bytes that are no message. They are dropped without an answer; on a stream the connection ends.

    A request whose sender is known is answered by 400.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(BAD_REQUEST, sentence)


class RefusedError(ProtocolError):
    """A request is well formed, and is answered by an error of this ``code``.

    ``sentence`` goes into the log; ``attributes`` are added to the answer.
    """

    def __init__(self, code: int, sentence: str, attributes: tuple[tuple[int, bytes], ...] = ()) -> None:
        super().__init__(code, sentence)
        self.attributes = attributes

    def __str__(self) -> str:
        return f"{self.code} {REASONS[self.code]}: {self.sentence}"
