"""The two ways in which a peer goes wrong: bytes that make no message, and a message that is refused by a code.

Misuse of these classes by the program itself raises ``ValueError`` or ``KeyError`` as everywhere.
"""

from typing import Final

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


class Malformed(ValueError):  # noqa: N818  (it names what came in, as h11's errors do)
    """What came in is no message. It is dropped without an answer; on a stream the connection ends."""


class Refused(Exception):  # noqa: N818
    """The request is well formed, and is answered by an error.

    ``code`` is the error's number; ``why`` goes into the log; ``attributes`` are added to the answer.
    """

    def __init__(self, code: int, why: str, attributes: tuple[tuple[int, bytes], ...] = ()) -> None:
        super().__init__(code, why, attributes)
        self.code = code
        self.why = why
        self.attributes = attributes

    def __str__(self) -> str:
        return f"{self.code} {REASONS[self.code]}: {self.why}"
