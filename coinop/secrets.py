"""``coinop secrets``: makes the secrets of an installation that are not there yet, for a stack that starts by itself.

What is there is never changed, so it may run before every start; none is shown. Reading them is ``coinop.settings``'s.
"""

import asyncio
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from worker.cluster.errors import ClusterError, NoClientError

MISUSED, FAILED = 2, 1

SHARED = WORKER_TOKEN, TURN_SECRET, ADMIN_TOKEN = "COINOP_WORKER_TOKEN", "COINOP_TURN_SECRET", "COINOP_ADMIN_TOKEN"
"""The variables that hold the secrets which programs share."""

STORE_OPTIONS = "COINOP_WORKER_STORE_OPTIONS"
ACCESS_KEY, SECRET_KEY = "STORE_ACCESS_KEY", "STORE_SECRET_KEY"
"""The same keys once more, for an S3 server that does not read JSON."""

READ_BY = {
    "coordinator": (WORKER_TOKEN, TURN_SECRET, ADMIN_TOKEN),
    "worker": (WORKER_TOKEN, TURN_SECRET, STORE_OPTIONS),
    "turn": (TURN_SECRET,),
    "store": (ACCESS_KEY, SECRET_KEY),
}
"""What each program reads; who takes one over has that, and no other's."""

BYTES = 24
"""192 random bits: as good in a thousand years."""

MODE = 0o440
"""For the owner and the group, which a stack's containers have in common."""


class SecretsError(Exception):
    """The secrets can't be made. Its text is a sentence for the person who wants them."""


class Config(BaseSettings):
    """Make the secrets that are missing. What is there stays, and none is shown."""

    model_config = SettingsConfigDict(env_prefix="COINOP_SECRETS_", frozen=True)

    folder: Path | None = Field(
        None,
        description="folder of the secrets, a file for each, named as its variable in small letters; the programs read"
        " them from there by the same variable",
    )
    copies: Path | None = Field(
        None,
        description="folder with a subfolder for each program (coordinator, worker, turn, store), which gets copies of"
        " the secrets in the other folder that this program reads: then it needs to see no more than these",
    )
    kubernetes: str = Field(
        "",
        max_length=253,
        pattern="^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$",
        description="instead of the folder, in a pod of Kubernetes: name of a Secret in its namespace, with a key for"
        " each variable; the service account needs get, create and patch on secrets",
    )
    store: str = Field("", description="URL of an own S3 server; keys for it are made too, with the workers' settings")

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        if (self.folder is None) == (not self.kubernetes):
            raise ValueError("set either --folder or --kubernetes: where the secrets are to be")
        if self.copies and self.folder is None:
            raise ValueError("--copies goes with --folder: in Kubernetes each pod names the keys that it reads")
        return self

    @field_validator("store")
    @classmethod
    def _is_a_url(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            usable = not url or (parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0)
        except ValueError:  # from urlsplit, or from the port
            usable, parts = False, urlsplit("")
        if not usable or parts.username or parts.password:
            raise ValueError("must be a URL such as http://store:7070, without user name and password")
        return url


async def serve(config: Config, _stop: asyncio.Event) -> int:
    """Make them, and say the names of those that are new. The exit code: after a sentence, 1 if that failed, and 2 if
    it can't be done here."""
    try:
        place, made = await _make(config)
    except (SecretsError, ClusterError) as error:
        print(f"coinop secrets: {error}", file=sys.stderr)  # noqa: T201
        return MISUSED if isinstance(error, ClusterError) else FAILED
    print(f"{place}: {'made ' + ', '.join(made) if made else 'all are there'}")  # noqa: T201
    return 0


async def _make(config: Config) -> tuple[str, list[str]]:
    """Where, and the names of those that are new. Raises SecretsError, ClusterError."""
    if config.folder is None:
        return f"Secret {config.kubernetes}", await _fill_secret(config.kubernetes, config.store)
    try:
        made = fill(config.folder, config.store)
        if config.copies:
            hand_out(config.folder, config.copies)
        return str(config.folder), made
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "a file that is there is no text"
        raise SecretsError(
            f"can't make them in {config.folder} ({why}): name a folder that this user may write to"
        ) from error


async def _fill_secret(name: str, store: str) -> list[str]:
    try:
        from coinop import cluster
    except ImportError as error:
        raise NoClientError("--kubernetes") from error
    try:
        return await cluster.fill(name, lambda present: missing(present, store))
    except cluster.SecretError as error:
        raise SecretsError(str(error)) from error


def missing(present: Mapping[str, str], store: str = "") -> dict[str, str]:
    """Make what is to be added to the secrets that are there."""
    values = {**fresh(), **(_store_keys() if store else {}), **present}
    if store and STORE_OPTIONS not in present:
        values[STORE_OPTIONS] = _store_options(store, values[ACCESS_KEY], values[SECRET_KEY])
    return {name: value for name, value in values.items() if name not in present}


def fresh() -> dict[str, str]:
    """Make a new secret for each of the shared variables."""
    return {name: token_urlsafe(BYTES) for name in SHARED}


def fill(folder: Path, store: str = "") -> list[str]:
    """Write what is missing in the folder, which is made if need be. The names of the new files. Raises OSError."""
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    made = _write(folder, fresh())
    if store:
        made += _write(folder, _store_keys())
        keys = (_file(folder, name).read_text(encoding="utf-8").strip() for name in (ACCESS_KEY, SECRET_KEY))
        made += _write(folder, {STORE_OPTIONS: _store_options(store, *keys)})
    return made


def hand_out(folder: Path, copies: Path) -> None:
    """Bring each program's copies up to date with the secrets that are in the folder. Raises OSError."""
    for program, names in READ_BY.items():
        own = copies / program
        own.mkdir(mode=0o750, parents=True, exist_ok=True)
        for source in (_file(folder, name) for name in names):
            if source.exists():
                with _draft(own / source.name, source.read_text(encoding="utf-8")) as draft:
                    draft.replace(own / source.name)


def _store_keys() -> dict[str, str]:
    return {ACCESS_KEY: token_hex(10), SECRET_KEY: token_urlsafe(BYTES)}


def _store_options(store: str, access: str, secret: str) -> str:
    """Write the options of the store that workers are told, as JSON."""
    keys = {"access_key_id": access, "secret_access_key": secret}
    return json.dumps({"endpoint": store, "region": "us-east-1", **keys})


def _write(folder: Path, values: Mapping[str, str]) -> list[str]:
    return [_file(folder, name).name for name, value in values.items() if _create(_file(folder, name), value)]


def _create(path: Path, value: str) -> bool:
    """Write a file that is not there, as a whole or not at all. Whether it was written."""
    if path.exists():
        return False
    with _draft(path, value) as draft:
        try:
            os.link(draft, path)  # unlike a rename, it replaces nothing
        except FileExistsError:  # somebody else was quicker
            return False
    return True


@contextmanager
def _draft(path: Path, value: str) -> Iterator[Path]:
    """Write a whole file beside the one that is to be, and remove it once that has its name."""
    draft = path.with_name(f".{path.name}.{token_hex(8)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), MODE)  # whatever the umask is
            file.write(value)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _file(folder: Path, name: str) -> Path:
    return folder / name.lower()
