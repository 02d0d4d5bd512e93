"""Stores for the tests: in memory, in a folder, on S3, and on S3 behind a proxy with faults."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.worker.store.servers import BUCKET, FaultyProxy, options, s3
from worker.store.objects import Objects, open_store

Operations = list[tuple[str, str]]


@pytest.fixture(scope="session")
def s3_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run an S3 server and give its port."""
    with s3(tmp_path_factory.mktemp("s3") / "log") as port:
        yield port


@pytest.fixture
async def proxy(s3_port: int) -> AsyncIterator[FaultyProxy]:
    """Run a proxy in front of the S3 server."""
    proxy = FaultyProxy(s3_port)
    await proxy.up()
    yield proxy
    await proxy.down()


@pytest.fixture
def operations() -> Operations:
    """Collect kind and result of each operation on the store, as they are counted."""
    return []


@pytest.fixture
def open_objects(operations: Operations) -> Callable[..., Objects]:
    """Make a function that opens a store and counts its operations."""

    def open(url: str, settings: dict[str, str] | None = None, **more: float) -> Objects:
        store = open_store(url, settings or {}, plain_http=True)
        return Objects(store, lambda kind, result, _: operations.append((kind, result)), **more)

    return open


@pytest.fixture
def s3_objects(s3_port: int, open_objects: Callable[..., Objects]) -> Objects:
    """Open a store on S3, in a folder of its own."""
    return open_objects(f"s3://{BUCKET}/{os.urandom(8).hex()}", options(s3_port))


@pytest.fixture
def faulty_objects(proxy: FaultyProxy, open_objects: Callable[..., Objects]) -> Objects:
    """Open a store on S3 behind the proxy."""
    return open_objects(f"s3://{BUCKET}/{os.urandom(8).hex()}", options(proxy.port))


@pytest.fixture(params=["memory", "folder", "s3"])
def objects(request: pytest.FixtureRequest, tmp_path: Path, open_objects: Callable[..., Objects]) -> Objects:
    """Open a store of each kind."""
    if request.param == "s3":
        found: Objects = request.getfixturevalue("s3_objects")
        return found
    return open_objects("memory://" if request.param == "memory" else (tmp_path / "a folder").as_uri())
