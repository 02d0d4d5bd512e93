"""The object store itself: objects that are created once, read, listed and deleted. Nothing else opens it.

Each operation ends within a time, is counted, and fails as a StoreError. What is stored under which name, and what is
tried again, is decided elsewhere.
"""

import asyncio
import atexit
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    GenericError,
    NotSupportedError,
    UnknownConfigurationKeyError,
)
from obstore.store import LocalStore, from_url

from worker.messages.storing import MAX_STATE_BYTES
from worker.runtime.errors import StartupError
from worker.store.errors import FAILED, StoreError, explain, is_missing

if TYPE_CHECKING:
    from obstore.store import ObjectStore

logger = logging.getLogger(__name__)

OPERATION_SECONDS = 10.0
"""An operation that takes longer has failed. A store that takes 2 s for each does its work."""

CONNECT_SECONDS = 4.0

MAX_OBJECT_BYTES = MAX_STATE_BYTES + (1 << 20)
"""The largest object that is read: somebody else's, in the wrong place, may be of any size."""

PUT_TRIES = 5
"""In a folder: another worker may delete the empty folders that are just being created."""

RETRY = {
    "max_retries": 2,
    "retry_timeout": timedelta(seconds=5),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1), "base": 2},
}
"""For hiccups of the network; a store that is down is tried again by who wants something of it."""

SETTLE_SECONDS = 0.1
"""Between the last operation and the end of the interpreter: a thread of the library's that is just handing over its
result would abort the process."""

Count = Callable[[str, str, float], None]
"""Gets the kind of an operation, ``ok`` or ``failed``, and its seconds."""


class StoreSettingsError(StartupError):
    """The store can't be opened with these settings."""

    code = "store_settings"


@dataclass(frozen=True)
class Entry:
    """An object in a list."""

    name: str
    size: int
    modified: datetime


def open_store(url: str, options: dict[str, str], *, plain_http: bool = False) -> "ObjectStore":
    """Open the store at this URL. Raises StoreSettingsError."""
    _settle_at_exit()
    local = urlsplit(url).scheme == "file"
    try:
        if local:
            return LocalStore.from_url(url, automatic_cleanup=True, mkdir=True)
        if obstore.parse_scheme(url) == "memory":
            return from_url(url)
        client = {
            "allow_http": plain_http,
            "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
            "timeout": timedelta(seconds=OPERATION_SECONDS),
        }
        arguments: dict[str, Any] = {"config": options, "client_options": client, "retry_config": RETRY}
        return from_url(url, **arguments)
    except (BaseError, OSError, ValueError, TypeError) as error:
        # The library's message may quote an option's value; that of an unknown key begins with the key's name.
        unknown = isinstance(error, UnknownConfigurationKeyError)
        detail = str(error).splitlines()[0].rstrip(".") if unknown else explain(error).detail
        remedy = "or COINOP_WORKER_SAVES, in which it is by default" if local else "and COINOP_WORKER_STORE_OPTIONS"
        raise StoreSettingsError(
            f"The store {url} can't be opened ({detail}): check COINOP_WORKER_STORE {remedy}."
        ) from None


class Objects:
    """One store, by the names of its objects."""

    def __init__(self, store: "ObjectStore", count: Count, *, seconds: float = OPERATION_SECONDS) -> None:
        self._store = store
        self._folder = store.prefix if isinstance(store, LocalStore) else None
        self._count = count
        self._seconds = seconds

    async def create(self, name: str, data: bytes, *, durable: bool = True) -> None:
        """Store a new object; when this returns it is there. Raises StoreError.

        Names are never used twice, so one that is there already is an earlier try's, whose answer was lost.
        """
        async with self._operation("put"):
            try:
                await self._put_new(name, data)
            except (NotSupportedError, NotImplementedError):  # a store without conditional writes
                await obstore.put_async(self._store, name, data, use_multipart=False)
            except AlreadyExistsError:
                there = await obstore.get_async(self._store, name)
                if await there.bytes_async() != data:
                    raise StoreError(FAILED, "another object has the name") from None
            if durable and self._folder is not None:
                await asyncio.to_thread(_sync, Path(self._folder), name)

    async def _put_new(self, name: str, data: bytes) -> None:
        for tries_left in reversed(range(PUT_TRIES)):
            try:
                await obstore.put_async(self._store, name, data, mode="create", use_multipart=False)
                return
            except GenericError as error:
                if not tries_left or "Unable to create dir" not in str(error):
                    raise

    async def read(self, name: str) -> bytes | None:
        """Read an object; None if there is none. Raises StoreError."""
        async with self._operation("get"):
            try:
                found = await obstore.get_async(self._store, name)
                if found.meta["size"] > MAX_OBJECT_BYTES:
                    raise StoreError(FAILED, "an object is larger than all that is stored here")
                return (await found.bytes_async()).to_bytes()
            except Exception as error:
                if is_missing(error):
                    return None
                raise

    async def read_head(self, entry: Entry, size: int) -> bytes | None:
        """Read the first bytes of an object; None if it is gone. Raises StoreError."""
        if entry.size == 0:
            return b""
        async with self._operation("get"):
            try:
                length = min(size, entry.size)
                return (await obstore.get_range_async(self._store, entry.name, start=0, length=length)).to_bytes()
            except Exception as error:
                if is_missing(error):
                    return None
                raise

    async def list(self, folder: str) -> Sequence[Entry]:
        """List the objects whose names begin with this folder's, in order. Raises StoreError."""
        async with self._operation("list"):
            found = await obstore.list(self._store, folder).collect_async()
        entries = [Entry(meta["path"], meta["size"], meta["last_modified"]) for meta in found]
        return sorted(entries, key=lambda entry: entry.name)

    async def delete(self, name: str) -> None:
        """Delete the object if it is there. Raises StoreError."""
        async with self._operation("delete"):
            try:
                await obstore.delete_async(self._store, name)
            except Exception as error:
                if not is_missing(error):
                    raise

    @asynccontextmanager
    async def _operation(self, kind: str) -> AsyncIterator[None]:
        began = time.monotonic()
        result = "failed"
        try:
            async with asyncio.timeout(self._seconds):
                yield
            result = "ok"
        except asyncio.CancelledError:
            result = "cancelled"
            raise
        except StoreError:
            raise
        except Exception as error:  # whatever it is, its message may hold addresses and key ids
            failure = explain(error)
            logger.debug("! %s: %s (%s)", kind, failure, failure.detail)
            raise failure from None
        finally:
            self._count(kind, result, time.monotonic() - began)


@cache
def _settle_at_exit() -> None:
    atexit.register(time.sleep, SETTLE_SECONDS)


def _sync(folder: Path, name: str) -> None:
    """Write a file and the folders that lead to it to the disk: a power cut must not take what was confirmed."""
    path = folder / name
    while path != folder.parent:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        path = path.parent
