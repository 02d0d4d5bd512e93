"""``coinop secrets``: makes the secrets of an installation that are not there yet, for a stack that starts by itself.

What is there is never changed, so it may run before every start; none is shown. Reading them is ``coinop.settings``'s.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex, token_urlsafe
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SHARED = ("COINOP_WORKER_TOKEN", "COINOP_TURN_SECRET", "COINOP_ADMIN_TOKEN")
"""The variables that hold the secrets which programs share."""

STORE_OPTIONS = "COINOP_WORKER_STORE_OPTIONS"
ACCESS_KEY, SECRET_KEY = "STORE_ACCESS_KEY", "STORE_SECRET_KEY"
"""The same keys once more, for an S3 server that does not read JSON."""

BYTES = 24
"""192 random bits: as good in a thousand years."""

MODE = 0o440
"""For the owner and the group, which a stack's containers have in common."""


class Config(BaseSettings):
    """Make the secrets that are missing. What is there stays, and none is shown."""

    model_config = SettingsConfigDict(env_prefix="COINOP_SECRETS_", frozen=True)

    folder: Path = Field(
        description="folder of the secrets, a file for each, named as its variable in small letters; the programs read"
        " them from there by the same variable"
    )
    store: str = Field("", description="URL of an own S3 server; keys for it are made too, with the workers' settings")

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
    """Make them, and say the names of those that are new. The exit code: 1 after a sentence if that failed."""
    try:
        made = fill(config.folder, config.store)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "a file that is there is no text"
        print(  # noqa: T201
            f"coinop secrets: can't make them in {config.folder} ({why}): name a folder that this user may write to",
            file=sys.stderr,
        )
        return 1
    print(f"{config.folder}: {'made ' + ', '.join(made) if made else 'all are there'}")  # noqa: T201
    return 0


def fresh() -> dict[str, str]:
    """A new secret for each of the shared variables."""
    return {name: token_urlsafe(BYTES) for name in SHARED}


def fill(folder: Path, store: str = "") -> list[str]:
    """Write what is missing in the folder, which is made if need be. The names of the new files. Raises OSError."""
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    made = _write(folder, fresh())
    if store:
        made += _write(folder, {ACCESS_KEY: token_hex(10), SECRET_KEY: token_urlsafe(BYTES)})
        made += _write(folder, {STORE_OPTIONS: _store_options(folder, store)})
    return made


def _store_options(folder: Path, store: str) -> str:
    """What the workers are told, with the keys that the folder has."""
    access, secret = (_file(folder, name).read_text(encoding="utf-8").strip() for name in (ACCESS_KEY, SECRET_KEY))
    keys = {"access_key_id": access, "secret_access_key": secret}
    return json.dumps({"endpoint": store, "region": "us-east-1", **keys})


def _write(folder: Path, values: Mapping[str, str]) -> list[str]:
    return [_file(folder, name).name for name, value in values.items() if _create(_file(folder, name), value)]


def _create(path: Path, value: str) -> bool:
    """Write a file that is not there, as a whole or not at all. Whether it was written."""
    if path.exists():
        return False
    draft = path.with_name(f".{path.name}.{token_hex(8)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), MODE)  # whatever the umask is
            file.write(value)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # unlike a rename, it replaces nothing
    except FileExistsError:  # somebody else was quicker
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True


def _file(folder: Path, name: str) -> Path:
    return folder / name.lower()
