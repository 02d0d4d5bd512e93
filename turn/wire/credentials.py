"""Time-limited credentials: CONTRACT between the coordinator, which issues them, and the gateway, which checks them.

The form is that of draft-uberti-behave-turn-rest: the user name holds the time at which it ends, the password is an
HMAC of the name under a secret that both share. Nothing about a user is stored anywhere.
"""

import base64
import hmac
from dataclasses import dataclass, field
from typing import Final

MAX_EXPIRY_DIGITS: Final = 12
"""A longer number is no time in seconds; years with five digits are served."""

MAX_USERNAME: Final = 508
"""Bytes of a user name in STUN (RFC 8489 section 14.3)."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a browser's ICE server entry holds."""

    username: str
    password: str = field(repr=False)


def issue(secret: str, user_id: str, ttl: float, now: float) -> Credentials:
    """Credentials for this user that may be used for ``ttl`` seconds from ``now``, a time in Unix seconds.

    Allocations that were made in time are served on after it. Raises ``ValueError`` for an empty secret, and for a user
    id that is too long, as nobody could use such credentials.
    """
    username = f"{int(now + ttl)}:{user_id}"
    if len(username.encode()) > MAX_USERNAME:
        raise ValueError(f"a user name has at most {MAX_USERNAME} bytes: shorten the user id")
    return Credentials(username, password_for(secret, username))


def password_for(secret: str, username: str) -> str:
    """base64(HMAC-SHA1(secret, username))."""
    if not secret:
        raise ValueError("an empty secret protects nothing")
    return base64.b64encode(hmac.digest(secret.encode(), username.encode(), "sha1")).decode()


def expiry_of(username: str) -> int | None:
    """The Unix time in a user name: its first ``:``-separated part that is a number. None if there is none.

    So ``<time>:<id>``, ``<id>:<time>`` and ``<time>`` alone are all understood.
    """
    return next((int(part) for part in username.split(":") if _is_time(part)), None)


def user_of(username: str) -> str:
    """Who it is, whenever it ends: the user name without its time. That is what quotas count."""
    parts = username.split(":")
    times = [index for index, part in enumerate(parts) if _is_time(part)]
    if times:
        del parts[times[0]]
    return ":".join(parts)


def _is_time(part: str) -> bool:
    return part.isascii() and part.isdigit() and len(part) <= MAX_EXPIRY_DIGITS
