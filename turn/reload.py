"""What may change while the gateway runs: peers, users and secrets in a file, certificates, and names' addresses.

A change that makes no sense is logged and changes nothing. No allocation is touched by one that does.
"""

import asyncio
import logging
import ssl
import tomllib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
from OpenSSL import SSL
from watchfiles import awatch

from turn.config import MIN_SECRET_LENGTH, Config
from turn.gateway.dtls import Identity
from turn.relay import peer_rules
from turn.relay.peer_rules import Name
from turn.relay.policy import Rule

logger = logging.getLogger(__name__)

SETTLE_MS: Final = 200
"""Changes that follow each other so soon are one: certificate and key are two files."""

LOOK_MS: Final = 5000
"""Between two looks at files whose folders have not changed."""

RETRY_SECONDS: Final = 5.0
"""Until a folder that can't be watched is tried again."""


class Unusable(Exception):  # noqa: N818
    """A file can't be used. Its text is a sentence for the person who wrote it; it has no secret in it."""


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file may hold. What it does not name is as the settings have it."""

    peers: list[str] | None = None
    users: dict[str, str] | None = None
    secrets: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Changeable:
    """Who may be reached, and who may ask."""

    written: tuple[str, ...]
    """The peers as somebody wrote them."""
    peers: tuple[Rule | Name, ...]
    users: dict[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


def read(config: Config) -> Changeable:
    """Settings and file as they are now. Raises Unusable."""
    listed = _read_file(config.file) if config.file else Listed()
    users = {name: password.get_secret_value() for name, password in config.users.items()}
    users = users if listed.users is None else listed.users
    if not all(name and password for name, password in users.items()):
        raise Unusable(f"{config.file}: a user has to have a name and a password")
    secrets = config.secrets if listed.secrets is None else tuple(listed.secrets)
    if any(len(secret) < MIN_SECRET_LENGTH for secret in secrets):
        raise Unusable(f"{config.file}: a secret has to have {MIN_SECRET_LENGTH} characters at least")
    written = config.peers if listed.peers is None else tuple(listed.peers)
    try:
        parsed = tuple(map(peer_rules.parse, written))
    except ValueError as error:
        raise Unusable(f"{config.file}: {error}") from error
    return Changeable(written, parsed, users, secrets)


def _read_file(path: Path) -> Listed:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Unusable(f"{path} can't be read: {error.strerror}") from error
    try:
        return listed(content, json=path.suffix == ".json")
    except Unusable as error:
        raise Unusable(f"{path}: {error}") from error


def listed(content: bytes, *, json: bool) -> Listed:
    """What a file holds: JSON, or else TOML. Raises Unusable."""
    try:
        if json:
            return msgspec.json.decode(content, type=Listed)
        return msgspec.convert(tomllib.loads(content.decode()), Listed)
    except UnicodeDecodeError as error:
        raise Unusable("it is no UTF-8 text") from error
    except msgspec.ValidationError as error:
        raise Unusable(f"{error}; it may hold peers, users and secrets") from error
    except tomllib.TOMLDecodeError as error:
        raise Unusable(f"it can't be read: {error}") from error
    except msgspec.DecodeError as error:
        raise Unusable("it can't be read: it is no JSON") from error
    except RecursionError as error:
        raise Unusable("it can't be read: it is nested too deeply") from error


class Certificates:
    """What TLS and DTLS show."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Raises Unusable."""
        self.certificate, self.key = certificate, key
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.identity = Identity()
        self.load()

    def load(self) -> None:
        """Read the files: connections from now on get what is in them. Raises Unusable; then nothing has changed."""
        try:
            trial = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            trial.load_cert_chain(self.certificate, self.key, self._pass_phrase)
            self.identity.load(self.certificate, self.key)
            self.context.load_cert_chain(self.certificate, self.key, self._pass_phrase)
        except (OSError, SSL.Error) as error:  # ssl's own errors are OSErrors
            raise Unusable(f"{self.certificate} and {self.key} can't be used: {_why(error)}") from error

    def _pass_phrase(self) -> str:
        """Or OpenSSL asks for it at the terminal, and all stands still until somebody answers."""
        raise Unusable(f"{self.key} is encrypted, which nobody is here to open: give the gateway a key that is not")


def _why(error: OSError | SSL.Error) -> str:
    if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
        return "the key is another certificate's"
    if isinstance(error, ssl.SSLError | SSL.Error):
        return "they are not a certificate and its key as PEM"
    return error.strerror or str(error)


async def follow(paths: list[Path], changed: Callable[[], Awaitable[None]]) -> None:
    """Call ``changed`` whenever one of the files has become another, until cancelled.

    Folders are watched, not files: Kubernetes exchanges a link beside them, and editors write a new file. Now and then
    the files are looked at anyway, for file systems that tell nobody, and for changes before the watch has begun.
    """
    if not paths:
        return
    folders = sorted({path.absolute().parent for path in paths})
    seen: object = None
    while True:
        try:
            async with aclosing(_looks(folders, LOOK_MS if seen else SETTLE_MS)) as looks:
                async for _ in looks:
                    now = await asyncio.to_thread(_identities, paths)
                    first, seen, before = seen is None, now, seen
                    if now != before:
                        await changed()
                    if first:
                        break  # the first look comes soon; from here on they are rare
        except OSError as error:
            logger.warning("! %s can't be watched: %s", ", ".join(map(str, folders)), error)
            await asyncio.sleep(RETRY_SECONDS)


def _looks(folders: list[Path], every: int) -> AsyncGenerator[object, None]:
    """Something, whenever a folder has changed or so many milliseconds are over."""
    return awatch(
        *folders, debounce=SETTLE_MS, step=SETTLE_MS, rust_timeout=every, yield_on_timeout=True, recursive=False
    )


def _identities(paths: list[Path]) -> list[tuple[int, int, int] | None]:
    """What tells a file from what it was before."""
    found: list[tuple[int, int, int] | None] = []
    for path in paths:
        try:
            stat = path.stat()
            found.append((stat.st_ino, stat.st_mtime_ns, stat.st_size))
        except OSError:
            found.append(None)
    return found
