"""For tests of the room's parts: an emulator that plays a test core, pages that only listen, and a store in memory that
answers as the agent's does."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from tests.cores.build import build
from tests.worker.stand_ins.rooms import until
from worker.formats.savestate import label
from worker.messages.control import Open
from worker.messages.storing import (
    Deleted,
    DeleteSave,
    Fetched,
    FetchSave,
    Listed,
    ListSaves,
    Save,
    StoreAnswer,
    Stored,
    StoreRequest,
    StoreSave,
)
from worker.room.game.emulator import Emulator, EmulatorEvents
from worker.room.input.ports import InputPorts
from worker.room.input.viewer_input import ViewerInput
from worker.room.media.peer import Peer
from worker.room.players.viewers import Viewer, Viewers
from worker.room.saves.storage import Storage
from worker.room.wire import notices


class RecordingPeer:
    """In a peer's place: keeps what the room sends."""

    def __init__(self, name: str) -> None:
        self.viewer = name
        self.notices: list[notices.Notice] = []
        self.files: list[tuple[notices.File, bytes]] = []
        self.arrived = asyncio.Event()

    def notify(self, notice: notices.Notice) -> None:
        """Keep a notice that can be encoded."""
        json.loads(notices.encode(notice))
        self.notices.append(notice)
        self.arrived.set()

    async def send_file(self, notice: notices.File, pieces: Iterable[bytes]) -> None:
        """Keep a file."""
        self.files.append((notice, b"".join(pieces)))

    async def expect(self, kind: type[Any]) -> Any:
        """Wait for the next notice of a kind; drop those before it."""
        async with asyncio.timeout(30):
            while True:
                while self.notices:
                    notice = self.notices.pop(0)
                    if isinstance(notice, kind):
                        return notice
                self.arrived.clear()
                await self.arrived.wait()


def sit_down(
    viewers: Viewers, inputs: InputPorts, name: str, seat: int | None, profile: str = "p"
) -> tuple[Viewer, RecordingPeer]:
    """Add a viewer in a seat, whose peer keeps what it is sent."""
    peer = RecordingPeer(name)
    viewer = Viewer(cast(Peer, peer), ViewerInput(inputs, None), None, profile, 0.0)
    viewers.add(name, viewer)
    viewers.assign_seat(viewer, seat)
    return viewer, peer


class FakeStore:
    """A store in memory. ``error`` is its answer instead of storing, ``silent`` lets it answer nothing."""

    def __init__(self) -> None:
        self.asked: list[StoreRequest] = []
        self.saves: list[tuple[str, int, str, StoreSave]] = []
        self.error = ""
        self.waiting = False
        self.silent = False
        self.answer: Callable[[StoreAnswer], None] = lambda answer: None

    def send(self, request: StoreRequest) -> None:
        """Take what the room sends to its agent, and answer soon."""
        self.asked.append(request)
        if not self.silent:
            asyncio.get_running_loop().call_soon(lambda: self.answer(self._answer(request)))

    def versions(self, slot: int) -> list[str]:
        """Return the versions in a slot."""
        return [version for _, of, version, _ in self.saves if of == slot]

    def _answer(self, request: Any) -> StoreAnswer:
        match request:
            case StoreSave(request=number, profile=profile, slot=slot):
                if self.error:
                    return Stored(request=number, error=self.error, waiting=self.waiting)
                version = f"v{len(self.saves):04}"
                self.saves.append((profile, slot, version, request))
                return Stored(request=number, version=version)
            case FetchSave(request=number, profile=profile, slot=slot, version=version):
                found = [
                    (known, save)
                    for of, at, known, save in self.saves
                    if (of, at) == (profile, slot) and version in ("", known)
                ]
                if self.error or not found:
                    return Fetched(request=number, error=self.error)
                return Fetched(request=number, version=found[-1][0], data=found[-1][1].data)
            case ListSaves(request=number, profile=profile):
                return Listed(request=number, saves=self._list(profile), error=self.error)
            case DeleteSave(request=number, version=version):
                self.saves = [save for save in self.saves if save[2] != version]
                return Deleted(request=number, error=self.error)
            case _:
                return Stored(request=request.request, version="b", error=self.error)

    def _list(self, profile: str) -> tuple[Save, ...]:
        return tuple(
            Save(
                slot=slot,
                version=version,
                time=1,
                core=label(save.data).core,
                core_version=label(save.data).core_version,
                thumbnail=save.thumbnail,
            )
            for of, slot, version, save in sorted(reversed(self.saves), key=lambda save: save[1])
            if of == profile
        )


def order(folder: Path, core: str = "echo", **more: Any) -> Open:
    """Make the order to open a test core with a game."""
    game = folder / f"Game.{core}"
    game.write_bytes(b"game" * 16)
    fields: dict[str, Any] = {
        "room": "r1",
        "core": str(build(core, folder)),
        "game": str(game),
        "system_directory": str(folder),
        "save_directory": str(folder / "saves"),
    }
    return Open(**{**fields, **more})


@asynccontextmanager
async def playing(order: Open, inputs: InputPorts | None = None, **hooks: Any) -> AsyncIterator[Emulator]:
    """Run an emulator with its game. ``hooks`` are events, called on its threads."""
    events = EmulatorEvents()
    for name in ("loaded", "tick", "av_info", "message", "rumble", "snapshot", "battery", "ended"):
        setattr(events, name, hooks.get(name, lambda *arguments: None))
    emulator = Emulator(order, "H264", inputs or InputPorts(), events)
    emulator.load()
    emulator.watch(True)
    await until(lambda: emulator.counters.frames)
    try:
        yield emulator
    finally:
        emulator.stop()
        assert await asyncio.to_thread(emulator.join, 20)


def storage_on(store: FakeStore) -> Storage:
    """Make the room's side of a store."""
    storage = Storage(store.send)
    store.answer = storage.handle_answer
    return storage
