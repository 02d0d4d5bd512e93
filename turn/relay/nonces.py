"""Nonces that need no memory: a time and who asked for it, signed (RFC 8489 section 9.2).

All processes that share a port share the key, so each accepts the others' nonces.
"""

import base64
import binascii
import hmac
from typing import Final

COOKIE: Final = "obMatJos2"
"""How a nonce begins that carries feature bits (RFC 8489 section 9.2)."""

PASSWORD_ALGORITHMS: Final = 0x800000
USERNAME_ANONYMITY: Final = 0x400000
"""Feature bits 0 and 1, counted from the most significant of 24 (RFC 8489 section 18.1)."""

LIFETIME: Final = 3600.0
"""Seconds. After that a client is told 438 and goes on with a new one."""

MAX_SKEW: Final = 60.0
"""Seconds by which a nonce may come from the future: processes, or a clock that was set back."""

_SIGNATURE_SIZE: Final = 12
"""Bytes. The 401 that carries the nonce has to stay small, and nobody gets 2^64 tries within its lifetime."""

SIZE: Final = len(COOKIE) + 4 + 22
"""Characters: cookie, features, and 4 + 12 bytes of time and signature in base64 without padding."""


class Nonces:
    """Makes nonces and recognises them."""

    def __init__(self, key: bytes, lifetime: float = LIFETIME) -> None:
        if len(key) < 16:
            raise ValueError("the nonce key needs at least 16 bytes")
        self._key = key
        self._lifetime = lifetime

    def make(self, owner: str, features: int, unix_now: float) -> str:
        """A nonce for this owner. ``owner`` is whatever the nonce shall be of no use without: the client's address."""
        time = int(unix_now).to_bytes(5, "big")[1:]
        return self._made(time, owner, features)

    def is_valid(self, nonce: str, owner: str, features: int, unix_now: float) -> bool:
        """Whether the nonce was made here, for this owner, with these features, and not too long ago."""
        prefix = _prefix(features)
        if len(nonce) != SIZE or not nonce.startswith(prefix):
            return False
        try:
            data = _decode(nonce[len(prefix) :])
        except (binascii.Error, ValueError):
            return False
        time = data[:4]
        made = self._made(time, owner, features)  # compared as text: base64 has several texts for the same bytes
        if not hmac.compare_digest(nonce.encode(), made.encode()):
            return False
        age = unix_now - int.from_bytes(time, "big")
        return -MAX_SKEW <= age < self._lifetime

    def _made(self, time: bytes, owner: str, features: int) -> str:
        signed = time + features.to_bytes(3, "big") + owner.encode()
        return _prefix(features) + _encode(time + hmac.digest(self._key, signed, "sha256")[:_SIGNATURE_SIZE])


def _prefix(features: int) -> str:
    return COOKIE + base64.b64encode(features.to_bytes(3, "big")).decode()


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "==", validate=True)
