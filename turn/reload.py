"""The settings that may change while the gateway runs: peers, users and secrets in a file, and certificates.

Reading them anew, and watching the files. What a change does to relay and listeners is left to node.py, the addresses
of names to resolver.py.
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
from turn.errors import OperatorError
from turn.gateway.dtls import Identity
from turn.relay import peer_rules
from turn.relay.peer_rules import Name
from turn.relay.policy import Rule

logger = logging.getLogger(__name__)

SETTLE_MS: Final = 200
"""Time within which changes are one: certificate and key are two files."""

POLL_MS: Final = 5000
"""Time between two looks at files whose folders have not changed."""

RETRY_SECONDS: Final = 5.0
"""Time until a folder that can't be watched is tried again."""


class UnusableFileError(OperatorError):
    """A file can't be used. The sentence is for the person who wrote it; no secret is in it."""

    def __init__(self, sentence: str) -> None:
        super().__init__("unusable_file", sentence)


class FileSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings that a file may hold. Those that it does not name are as the environment has them."""

    peers: list[str] | None = None
    users: dict[str, str] | None = None
    secrets: list[str] | None = None


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """The peers that may be reached, and the users that may ask."""

    written: tuple[str, ...]
    """The peers as the operator has written them."""
    peers: tuple[Rule | Name, ...]
    users: dict[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


def read_settings(config: Config) -> LiveSettings:
    """Read environment and file as they are now. Raises UnusableFileError."""
    found = _read_file(config.file) if config.file else FileSettings()
    users = {name: password.get_secret_value() for name, password in config.users.items()}
    users = users if found.users is None else found.users
    if not all(name and password for name, password in users.items()):
        raise UnusableFileError(f"{config.file}: a user has to have a name and a password")
    secrets = config.secrets if found.secrets is None else tuple(found.secrets)
    if any(len(secret) < MIN_SECRET_LENGTH for secret in secrets):
        raise UnusableFileError(f"{config.file}: a secret has to have {MIN_SECRET_LENGTH} characters at least")
    written = config.peers if found.peers is None else tuple(found.peers)
    try:
        parsed = tuple(map(peer_rules.parse, written))
    except ValueError as error:
        raise UnusableFileError(f"{config.file}: {error}") from error
    return LiveSettings(written, parsed, users, secrets)


def _read_file(path: Path) -> FileSettings:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnusableFileError(f"{path} can't be read: {error.strerror}") from error
    try:
        return parse_settings(content, json=path.suffix == ".json")
    except UnusableFileError as error:
        raise UnusableFileError(f"{path}: {error}") from error


def parse_settings(content: bytes, *, json: bool) -> FileSettings:
    """Read the content of a file: JSON, or else TOML. Raises UnusableFileError."""
    try:
        if json:
            return msgspec.json.decode(content, type=FileSettings)
        return msgspec.convert(tomllib.loads(content.decode()), FileSettings)
    except UnicodeDecodeError as error:
        raise UnusableFileError("it is no UTF-8 text") from error
    except msgspec.ValidationError as error:
        raise UnusableFileError(f"{error}; it may hold peers, users and secrets") from error
    except tomllib.TOMLDecodeError as error:
        raise UnusableFileError(f"it can't be read: {error}") from error
    except msgspec.DecodeError as error:
        raise UnusableFileError("it can't be read: it is no JSON") from error
    except RecursionError as error:
        raise UnusableFileError("it can't be read: it is nested too deeply") from error


class Certificates:
    """The certificate that TLS and DTLS show."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Load certificate and key, both PEM files. Raises UnusableFileError."""
        self.certificate, self.key = certificate, key
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.identity = Identity()
        self.load()

    def load(self) -> None:
        """Read the files, and use what they hold for connections from now on.

        Raises UnusableFileError; then nothing has changed.
        """
        try:
            trial = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            trial.load_cert_chain(self.certificate, self.key, self._pass_phrase)
            self.identity.load(self.certificate, self.key)
            self.context.load_cert_chain(self.certificate, self.key, self._pass_phrase)
        except (OSError, SSL.Error) as error:  # ssl's own errors are OSErrors
            raise UnusableFileError(f"{self.certificate} and {self.key} can't be used: {_why(error)}") from error

    def _pass_phrase(self) -> str:
        """Refuse to give one. Without this, OpenSSL asks for it at the terminal, and everything waits for an answer."""
        raise UnusableFileError(
            f"{self.key} is encrypted, which nobody is here to open: give the gateway a key that is not"
        )


def _why(error: OSError | SSL.Error) -> str:
    """Say in a few words what is wrong with a certificate or its key."""
    if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
        return "the key is another certificate's"
    if isinstance(error, ssl.SSLError | SSL.Error):
        return "they are not a certificate and its key as PEM"
    return error.strerror or str(error)


async def follow(paths: list[Path], changed: Callable[[], Awaitable[None]]) -> None:
    """Call ``changed`` whenever one of the files has become another, until cancelled.

    Folders are watched, not files: Kubernetes exchanges a link beside them, and editors write a new file. Now and then
    the files are polled anyway, for file systems without notices, and for changes before the watch has begun.
    """
    if not paths:
        return
    folders = sorted({path.absolute().parent for path in paths})
    seen: object = None
    while True:
        try:
            async with aclosing(_notices(folders, POLL_MS if seen else SETTLE_MS)) as notices:
                async for _ in notices:
                    now = await asyncio.to_thread(_identities, paths)
                    first, seen, before = seen is None, now, seen
                    if now != before:
                        await changed()
                    if first:
                        break  # the first notice comes soon; from here on they are rare
        except OSError as error:
            logger.warning("! %s can't be watched: %s", ", ".join(map(str, folders)), error)
            await asyncio.sleep(RETRY_SECONDS)


def _notices(folders: list[Path], every_ms: int) -> AsyncGenerator[object, None]:
    """Yield whenever a folder has changed or so many milliseconds are over."""
    return awatch(
        *folders, debounce=SETTLE_MS, step=SETTLE_MS, rust_timeout=every_ms, yield_on_timeout=True, recursive=False
    )


def _identities(paths: list[Path]) -> list[tuple[int, int, int] | None]:
    """Return of each file what changes when it does: inode, time in ns and size; None if it is not there."""
    found: list[tuple[int, int, int] | None] = []
    for path in paths:
        try:
            stat = path.stat()
            found.append((stat.st_ino, stat.st_mtime_ns, stat.st_size))
        except OSError:
            found.append(None)
    return found
