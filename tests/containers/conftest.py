"""The images and the stack, made once for all tests here, and a browser outside of them.

`make test-containers` runs these, not `make test`: they need an engine and the base image.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.containers.arcade import Arcade, build_all
from tests.containers.engine import BASE, Engine, announced_bridges, find
from tests.e2e.conftest import browser, page

__all__ = ["browser", "page"]  # fixtures

SCREENSHOTS = Path(__file__).parent / "screenshots"
"""What the tests saw, to be looked at; not kept in the repository."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = str(Path(__file__).parent)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.containers)
            item.add_marker(pytest.mark.timeout(1800))
            if isinstance(item, pytest.Function) and item.get_closest_marker("asyncio"):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    found = find(tmp_path_factory.mktemp("engine"))
    assert found, f"These tests need docker, or podman, and in it the image {BASE}: `docker pull {BASE}`."
    with announced_bridges():
        yield found


@pytest.fixture(scope="session")
def built(engine: Engine) -> Engine:
    """Build the images, and give the engine."""
    build_all(engine)
    return engine


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def arcade(built: Engine) -> AsyncIterator[Arcade]:
    """Run the stack for all tests."""
    arcade = Arcade(built)
    try:
        await arcade.up()
        yield arcade
    finally:
        arcade.down("--volumes")
