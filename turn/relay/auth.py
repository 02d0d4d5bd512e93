"""Who sends a request: long-term credentials (RFC 8489 section 9.2), static and time-limited.

Users and secrets can be exchanged while running. An allocation keeps the key that it was made with, so that neither
such a change nor the end of a time-limited name cuts off a game that is being played. What a user may have is left to
requests/, how a time-limited password is made to credentials.py.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from turn.relay.allocation import Client, Grant
from turn.relay.nonces import LIFETIME, PASSWORD_ALGORITHMS, USERNAME_ANONYMITY, Nonces
from turn.wire import attributes as attribute
from turn.wire.credentials import MAX_USERNAME, expiry_of, password_for, user_of
from turn.wire.errors import Refused
from turn.wire.stun import ALLOCATE, Message

MAX_REALM: Final = 64
"""Bytes. The realm is part of an answer that has to be small, because anybody gets it; STUN would allow 763."""

MAX_NONCE: Final = 763
"""Bytes of a nonce in STUN (RFC 8489 section 14.10)."""

ALGORITHMS: Final = (attribute.SHA256, attribute.MD5)
"""Offered in this order."""

_NOBODY = b"\0" * 16
"""A key that is checked in vain for a user that is not known, so that the time taken says nothing."""


class Auth:
    """Users, secrets, and what a stranger is told to show."""

    def __init__(
        self,
        realm: str,
        *,
        users: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
        nonce_key: bytes,
        nonce_lifetime: float = LIFETIME,
        epoch: float = 0.0,
    ) -> None:
        """users: passwords by user name. secrets: of time-limited credentials; each of them is good, so that one can be
        replaced without a gap. nonce_key: random, at least 16 bytes, the same in all processes of a port.
        """
        if not 0 < len(realm.encode()) <= MAX_REALM:
            raise ValueError(f"the realm has to have 1 to {MAX_REALM} bytes")
        self.realm = realm
        self.epoch = epoch
        """Unix time when the gateway's clock showed 0: ``time.time() - loop.time()``. To be set anew now and then."""
        self._nonces = Nonces(nonce_key, nonce_lifetime)
        self.replace(users or {}, secrets)

    def replace(self, users: Mapping[str, str], secrets: Iterable[str]) -> None:
        """These users and secrets from now on. Allocations that exist are not touched."""
        self._users = {opaque(name): opaque(password) for name, password in users.items()}
        self._secrets = tuple(secret for secret in secrets if secret)
        self._by_hash = {userhash(name, self.realm): name for name in self._users}

    @property
    def features(self) -> int:
        """The nonce's feature bits. A hashed user name can't be found among time-limited ones, so it is not asked for
        where there are any."""
        return PASSWORD_ALGORITHMS if self._secrets else PASSWORD_ALGORITHMS | USERNAME_ANONYMITY

    def challenge(self, client: Client, now: float) -> tuple[tuple[int, bytes], ...]:
        """The attributes that a 401 or 438 has, for this client alone."""
        nonce = self._nonces.make(_owner(client), self.features, self.epoch + now)
        return (
            (attribute.REALM, self.realm.encode()),
            (attribute.NONCE, nonce.encode()),
            (attribute.PASSWORD_ALGORITHMS, _OFFER),
        )

    def check(self, message: Message, client: Client, now: float) -> Grant:
        """Who sends this request. Raises ``Refused`` with 400, 401, 438, or 441 for another user's allocation.

        Whoever asks for an allocation where another user has one is told so as everybody, by 437 (RFC 8656 section 5):
        browsers try again from another port then. It is what a page finds that got its predecessor's.
        """
        if not message.has_integrity:
            raise Refused(401, "no integrity", self.challenge(client, now))
        name, nonce = message.get(attribute.USERNAME), message.get(attribute.NONCE)
        hashed = message.get(attribute.USERHASH)
        if (name is None and hashed is None) or nonce is None or message.get(attribute.REALM) is None:
            raise Refused(400, "integrity without user name, realm or nonce")
        algorithm = _algorithm(message)
        if not self._nonces.is_valid(
            attribute.decode_text(nonce, MAX_NONCE), _owner(client), self.features, self.epoch + now
        ):
            raise Refused(438, "stale or foreign nonce", self.challenge(client, now))
        username = attribute.decode_text(name, MAX_USERNAME) if name is not None else self._unhash(hashed, client)
        return self._prove(message, client, username, algorithm, now)

    def _unhash(self, hashed: bytes | None, client: Client) -> str:
        """The user name that a USERHASH stands for; one that nobody has if it is not known."""
        if client.allocation is not None and hashed == userhash(client.allocation.username, self.realm):
            return client.allocation.username
        return self._by_hash.get(hashed or b"", "")

    def _prove(self, message: Message, client: Client, username: str, algorithm: int, now: float) -> Grant:
        holder = client.allocation.grant if client.allocation is not None else None
        if holder and (holder.username, holder.algorithm) == (username, algorithm) and message.is_by(holder.key):
            return holder
        for user, password in self._passwords(username, now):
            key = long_term_key(username, self.realm, password, algorithm)
            if message.is_by(key):
                if holder and holder.username != username and message.method != ALLOCATE:
                    raise Refused(441, "the allocation is another user's")
                return Grant(username, user, algorithm, key)
        message.is_by(_NOBODY)
        raise Refused(401, "unknown user, expired user name or wrong password", self.challenge(client, now))

    def _passwords(self, username: str, now: float) -> Iterator[tuple[str, str]]:
        """User and password, for each password that is good for the user name at present."""
        name = opaque(username)
        if name in self._users:
            yield name, self._users[name]
        expiry = expiry_of(username)
        if expiry is not None and self.epoch + now < expiry:
            for secret in self._secrets:
                yield user_of(username), password_for(secret, username)


_OFFER: Final = attribute.encode_algorithms(ALGORITHMS)


def _algorithm(message: Message) -> int:
    """How the request's key is made. Raises ``Refused`` if the client was misled about what it may choose from."""
    offer, choice = message.get(attribute.PASSWORD_ALGORITHMS), message.get(attribute.PASSWORD_ALGORITHM)
    if offer is None and choice is None:
        return attribute.MD5
    if offer != _OFFER or choice is None:  # RFC 8489 section 9.2.4: somebody may have taken the better ones away
        raise Refused(400, "the list of password algorithms is not the one that was sent")
    algorithm = attribute.decode_algorithm(choice)
    if algorithm not in ALGORITHMS:
        raise Refused(400, "a password algorithm that was not offered")
    return algorithm


def _owner(client: Client) -> str:
    """What a nonce is tied to: a captured request is of no use from another address."""
    return f"{client.protocol} {client.address[0]} {client.address[1]}"


def opaque(text: str) -> str:
    """User name or password in the form in which they are compared: OpaqueString of RFC 8265, without its refusals."""
    if text.isascii():
        return text
    spaced = "".join(" " if unicodedata.category(character) == "Zs" else character for character in text)
    return unicodedata.normalize("NFC", spaced)


def long_term_key(username: str, realm: str, password: str, algorithm: int) -> bytes:
    """The key of MESSAGE-INTEGRITY (RFC 8489 section 18.5.1): 16 bytes with MD5, 32 with SHA-256."""
    text = f"{username}:{realm}:{password}".encode()
    # MD5 is what RFC 8489 prescribes here; the key is never sent.
    return (
        hashlib.sha256(text).digest()
        if algorithm == attribute.SHA256
        else hashlib.md5(text, usedforsecurity=False).digest()
    )


def userhash(username: str, realm: str) -> bytes:
    """USERHASH: a user name that is not to be read on the wire (RFC 8489 section 14.4)."""
    return hashlib.sha256(f"{username}:{realm}".encode()).digest()
