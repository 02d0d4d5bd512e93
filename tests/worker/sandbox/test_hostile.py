"""A core that attacks its machine, in a real room: everything is refused, and its game goes on."""

import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.worker.room.room_process import LiveRoom
from tests.worker.room.viewer import Viewer
from worker.messages.control import Closed, Opened
from worker.sandbox import Mode, missing

CELL = 8
FREE = 47
"""The last cell: whether what a core may do still works."""

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"no sandbox on this machine: {missing()}")


class World:
    """What the core is to reach, and must not."""

    def __init__(self, folder: Path) -> None:
        self.neighbour = folder / "elsewhere" / "Other.srm"
        self.neighbour.parent.mkdir()
        self.neighbour.write_bytes(b"somebody's best score")
        self.neighbour.chmod(0o600)
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind(f"\0coinop-test-{id(self)}")
        self.unix.listen()
        self.victim = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        games = folder / "games"
        games.mkdir()
        self.game = games / "Game.hostile"
        self.game.write_text(
            f"{self.neighbour} {self.tcp.getsockname()[1]} coinop-test-{id(self)} {self.victim.pid}\0", encoding="ascii"
        )

    def untouched(self) -> bool:
        return (
            self.neighbour.read_bytes() == b"somebody's best score"
            and self.neighbour.stat().st_mode & 0o777 == 0o600
            and self.game.stat().st_size > 0
            and self.victim.poll() is None
        )

    def end(self) -> None:
        self.tcp.close()
        self.unix.close()
        self.victim.communicate(b"\n")


@pytest.fixture
def world(tmp_path: Path) -> Any:
    world = World(tmp_path)
    yield world
    world.end()


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[LiveRoom]:
    room = await LiveRoom(tmp_path).start()
    yield room
    await room.clean_up()


@pytest.fixture
async def viewer() -> AsyncIterator[Viewer]:
    viewer = Viewer()
    yield viewer
    await viewer.close()


async def play(room: LiveRoom, viewer: Viewer, world: World, tmp_path: Path, mode: Mode) -> np.ndarray[Any, Any]:
    """Let the core loose; what it shows of each attempt, True for refused."""
    offer = await viewer.offer()
    system = tmp_path / "system"
    system.mkdir()
    room.open("hostile", offer, game=str(world.game), system_directory=str(system), sandbox=mode)
    await room.expect(Opened)
    await room.let_in("v1", viewer, 0, offer)
    for _ in range(30):
        picture = await viewer.picture()
    return (picture[CELL // 2 :: CELL, CELL // 2 :: CELL] > 128).ravel()


async def test_nothing_that_a_hostile_core_tries_succeeds_and_its_game_goes_on(
    room: LiveRoom, viewer: Viewer, world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    refused = await play(room, viewer, world, tmp_path, Mode.REQUIRE)
    assert refused.all(), capfd.readouterr().err
    assert world.untouched()
    assert (tmp_path / "saves" / "Game.own").read_bytes() == b"kept"
    await viewer.picture()
    assert await room.end() == 0


async def test_without_the_sandbox_the_same_attempts_succeed(
    viewer: Viewer, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSTILE_CORE_IS_TAME", "1")
    room = await LiveRoom(tmp_path).start()
    try:
        refused = await play(room, viewer, world, tmp_path, Mode.OFF)
        assert not refused.any()
    finally:
        await room.clean_up()


async def test_where_it_is_required_and_missing_the_room_ends_with_a_sentence(
    viewer: Viewer, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "sitecustomize.py"
    script.write_text("import platform\nplatform.machine = lambda: 'vax'\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    unlucky = await LiveRoom(tmp_path).start()
    try:
        unlucky.open("hostile", await viewer.offer(), game=str(world.game))
        closed = await unlucky.expect(Closed)
        assert closed.code == "sandbox_missing"
        assert closed.message.endswith(".")
        assert await unlucky.process.wait() == 0
    finally:
        await unlucky.clean_up()
