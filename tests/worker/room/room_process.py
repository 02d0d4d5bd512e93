"""A room process and the agent's end of its sockets."""

import asyncio
import os
import socket
import sys
from pathlib import Path
from typing import Any, TypeVar

from tests.cores.build import build
from tests.worker.room.viewer import Viewer
from worker.messages import control
from worker.messages.control import CONTROL_FD_VARIABLE, MEDIA_FD_VARIABLE, Answer, Close, Closed, Enter, Open, Ready
from worker.messages.storing import Snapshot, StoreBattery
from worker.processes.control_writer import ControlWriter
from worker.processes.media_sockets import MediaSocketSender
from worker.processes.process import ONE_THREAD
from worker.sandbox import Mode

T = TypeVar("T")


class LiveRoom:
    """A room process, with the agent's end of its sockets in the test's hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.figures: list[control.Figures] = []
        self._media_sockets = MediaSocketSender(["127.0.0.1"])

    async def start(self) -> "LiveRoom":
        """Start the process, and wait until it is ready."""
        ours, theirs = socket.socketpair()
        media = self._media_sockets.room_end
        variables = {CONTROL_FD_VARIABLE: str(theirs.fileno()), MEDIA_FD_VARIABLE: str(media.fileno())}
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "worker.room.process"),
            env={**os.environ, **variables, **ONE_THREAD},
            pass_fds=(theirs.fileno(), media.fileno()),
            stdin=asyncio.subprocess.DEVNULL,
        )
        theirs.close()
        self._control = ControlWriter(ours)  # as the agent's, lest a room that has gone takes its last word along
        self._reader, self._writer = await asyncio.open_connection(sock=ours)
        await self.expect(Ready)
        return self

    def send(self, message: control.AgentMessage) -> None:
        """Send a message, before an Enter with the viewer\'s media sockets."""
        if isinstance(message, Enter):
            self._media_sockets.send()
        self._control.write(control.frame(message))

    async def expect(self, kind: type[T]) -> T:
        """Wait for the next message of this kind; let figures and things to store pass."""
        while True:
            message = await asyncio.wait_for(control.read_room_message(self._reader), 20)
            if isinstance(message, control.Figures):
                self.figures.append(message)
            if isinstance(message, kind):
                return message
            passing = (control.Figures, Snapshot, StoreBattery)
            assert isinstance(message, passing), f"{message} instead of {kind.__name__}"

    def open(self, name: str, offer: str, define: str = "", **more: Any) -> None:
        """Send the order to open a test core with a game."""
        game = self.folder / f"Game.{name}"
        game.write_bytes(name.encode() * 64)
        order: dict[str, Any] = {
            "room": "r1",
            "core": str(build(name, self.folder, define=define)),
            "game": str(game),
            "system_directory": str(self.folder),
            "save_directory": str(self.folder / "saves"),
            "offer": offer,
            "sandbox": Mode.REQUIRE,
        }
        self.send(Open(**{**order, **more}))

    async def let_in(
        self, name: str, viewer: Viewer, seat: int | None, offer: str | None = None, profile: str = ""
    ) -> None:
        """Let a viewer in, and hand it the answer."""
        self.send(Enter(viewer=name, seat=seat, offer=offer or await viewer.offer(), profile=profile))
        await viewer.take((await self.expect(Answer)).answer)

    async def end(self) -> int:
        """Close the room, and return its exit code."""
        self.send(Close())
        await self.expect(Closed)
        return await asyncio.wait_for(self.process.wait(), 10)

    def hang_up(self) -> None:
        """Close the sockets, as if the agent were gone."""
        self._control.close()
        self._writer.close()

    async def clean_up(self) -> None:
        """End the process, whatever state it is in."""
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        self.hang_up()
        self._media_sockets.close()
