"""Fixtures that build and find cores. They are picklable, for a test that runs in its own process."""

from pathlib import Path

import pytest

from tests.cores.build import Builder


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """``build(name, define="")`` is the path of a test core; each is compiled once."""
    return Builder(tmp_path_factory.mktemp("cores"))


@pytest.fixture
def game(tmp_path: Path) -> Path:
    """Make a game for the test cores, which don't look at it."""
    path = tmp_path / "game.test"
    path.write_bytes(b"a game")
    return path
