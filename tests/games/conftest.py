"""Fixtures that put the game into a console."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.games.console import Console


@pytest.fixture
def insert(tmp_path: Path) -> Iterator[Callable[..., Console]]:
    """``insert(core, save=None)``: the game in this core, with that battery save; switched off after the test."""
    consoles: list[Console] = []

    def switch_on(core: Path, save: bytes | None = None) -> Console:
        for console in consoles:
            console.core.close()  # a core has global state: one at a time
        consoles.append(Console(core, tmp_path, save))
        return consoles[-1]

    yield switch_on
    for console in consoles:
        console.core.close()
