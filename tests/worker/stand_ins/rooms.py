"""What the tests of the agent share: a configuration, scripted rooms, and waiting for conditions."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from coordinator.messages import Game, OpenRoom, WorkerMessage
from worker.config import Config
from worker.library.library import Entry
from worker.processes.supervisor import Observer, Report, Supervisor
from worker.store.objects import Objects, open_store
from worker.store.store import Store

SCRIPTED_ROOM = (sys.executable, str(Path(__file__).with_name("scripted_room.py")))
TOKEN = "a token that is long enough"
SECONDS = 60.0
"""For anything that is to happen: much more than it takes, because a busy machine may stand still for half a minute."""

T = TypeVar("T")


def make_config(tmp_path: Path, **settings: Any) -> Config:
    """Make a configuration that sees nothing of this machine."""
    return Config(
        **{
            "token": TOKEN,
            "games": (tmp_path / "games",),
            "wheel_games": False,
            "standard_cores": False,
            "saves": tmp_path / "saves",
            "system": tmp_path / "system",
            "metrics_port": 0,
            "drain_seconds": 0,
            **settings,
        }
    )


def make_entry(behaviour: str = "obedient") -> Entry:
    """Make a game whose scripted room behaves like this."""
    return Entry(
        game=Game(id=f"id-{behaviour}", title=behaviour.title(), system="Script"),
        path=Path("game.bin"),
        core=Path("scripted_libretro.so"),
        options={"behaviour": behaviour},
    )


def order_for(room: str, behaviour: str = "obedient", viewer: str = "v1", offer: str = "offer") -> OpenRoom:
    return OpenRoom(room=room, game=f"id-{behaviour}", viewer=viewer, seat=0, offer=offer)


def make_store(config: Config) -> Store:
    """Open the store of this configuration, in its folder."""
    return Store(Objects(open_store(config.store_url, {}), lambda *_: None), keep=timedelta(days=7))


def make_supervisor(tmp_path: Path, report: Report, observer: Observer, **more: Any) -> Supervisor:
    """Make a supervisor of scripted rooms."""
    config = make_config(tmp_path)
    return Supervisor(config, report, observer, **{"store": make_store(config), "command": SCRIPTED_ROOM, **more})


class Reports:
    """What the supervisor reports, in order, and who watches what it counts."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[WorkerMessage] = asyncio.Queue()
        self.opened: list[float] = []
        self.closed: list[str] = []

    def __call__(self, message: WorkerMessage) -> None:
        self.queue.put_nowait(message)

    async def expect(self, kind: type[T]) -> T:
        """Return the next report, which must be of this kind."""
        message = await asyncio.wait_for(self.queue.get(), SECONDS)
        assert isinstance(message, kind), message
        return message

    def room_opened(self, seconds: float) -> None:
        self.opened.append(seconds)

    def room_closed(self, code: str) -> None:
        self.closed.append(code)


async def until(condition: Callable[[], object]) -> None:
    """Wait until the condition holds, at most SECONDS."""
    async with asyncio.timeout(SECONDS):
        while not condition():  # noqa: ASYNC110 (conditions of other processes set no event)
            await asyncio.sleep(0.01)


def open_files() -> Mapping[int, str]:
    """List this process's file handles."""
    handles = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            handles[int(name)] = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:  # the listing's own
            continue
    return handles


def is_running(pid: int) -> bool:
    """Tell whether there is such a process, and more than its exit code is left of it."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
