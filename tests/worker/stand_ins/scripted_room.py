"""A room process without a core: it speaks the agent's protocol and behaves as the core option ``behaviour`` says.

Started with the argument ``dies`` it doesn't even become a spare.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time

from worker.formats import savestate
from worker.messages.control import (
    CONTROL_FD_VARIABLE,
    MAX_CONTROL_BYTES,
    AddCandidate,
    AgentMessage,
    Answer,
    ChangeSeat,
    Close,
    Closed,
    Enter,
    Figures,
    FreezeGame,
    Left,
    Open,
    Opened,
    Ready,
    RoomMessage,
    TurnedAway,
    ViewerFigures,
    frame,
    read_agent_message,
)
from worker.messages.storing import FinalSnapshot, Snapshot, StoreBattery, Stored

FIGURES_SECONDS = 0.05


class ScriptedRoom:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.behaviour = ""
        self.viewers: set[str] = set()
        self.seats: dict[str, int | None] = {}
        """Where viewers have been put after they came."""
        self.found = ""
        """What the game begins with, of a room that stores something."""

    async def run(self) -> None:
        self.send(Ready())
        while (message := await read_agent_message(self.reader)) is not None:
            if self.take(message):
                break
        await self.writer.drain()

    def send(self, message: RoomMessage) -> None:
        self.writer.write(frame(message))

    def take(self, message: AgentMessage) -> bool:
        """Act on a message, and return True if this is the end."""
        if isinstance(message, Open):
            self.behaviour = message.options.get("behaviour", "obedient")
            if self.behaviour == "keeps":
                self.keep(message)
            else:
                self.open(message)
        elif isinstance(message, Enter):
            self.enter(message)
        elif isinstance(message, ChangeSeat):
            self.seats[message.viewer] = message.seat
        elif isinstance(message, AddCandidate) and message.candidate.candidate == "leave":
            self.send(Left(viewer=message.viewer))
        elif isinstance(message, FreezeGame) and self.behaviour == "keeps":
            self.send(FinalSnapshot(data=savestate.pack(b"frozen", "core", "1"), frame=2))
        return self.behaviour in ("refuses", "spawns") or self.ends_at(message)

    def ends_at(self, message: AgentMessage) -> bool:
        last_words = ""
        if self.behaviour == "saves_last":
            if isinstance(message, Close):
                self.send(StoreBattery(request=9, data=b"memory"))
            elif isinstance(message, Stored):
                last_words = f"Closed with {message.version}."
        elif isinstance(message, Close) and self.behaviour != "stubborn":
            last_words = "Closed as asked."
        if last_words:
            self.send(Closed(code="closed", message=last_words))
        return bool(last_words)

    def open(self, order: Open) -> None:
        match self.behaviour:
            case "crashes":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "exits":
                os._exit(7)
            case "hangs":
                time.sleep(1000)
            case "refuses":
                self.send(Closed(code="bad_game", message="The game file is empty. Choose another one."))
            case "garbage":
                self.writer.write(b"\x00\x00\x00\x04\xff\xff\xff\xff")
            case "oversized":
                self.writer.write((MAX_CONTROL_BYTES + 1).to_bytes(4, "big"))
            case "spawns":
                sleeper = subprocess.Popen(["sleep", "1000"])
                print(f"started {sleeper.pid}", flush=True)  # noqa: T201
                self.send(Opened(codec="H264"))
            case _:
                self.obey()

    def keep(self, order: Open) -> None:
        began = savestate.unpack(order.snapshot)[1] if order.snapshot else b"the start"
        self.found = f"from {began.decode()} with {(order.battery or b'nothing').decode()} by {order.profile[:1]}"
        self.obey()
        self.send(Snapshot(data=savestate.pack(b"after " + began, "core", "1"), frame=1))
        self.send(StoreBattery(request=1, data=b"memory"))

    def obey(self) -> None:
        self.send(Opened(codec="H264"))
        if self.behaviour == "opens_twice":
            self.send(Opened(codec="H264"))
        if self.behaviour == "floods":
            print("\n".join(f"line {number}" for number in range(100_000)), flush=True)  # noqa: T201
        if self.behaviour != "silent":
            self.task = asyncio.create_task(self.figure())

    def enter(self, order: Enter) -> None:
        if order.offer == "unusable":
            self.send(TurnedAway(viewer=order.viewer, code="no_codec", message="No codec in common."))
            return
        self.viewers.add(order.viewer)
        answer = "" if self.behaviour == "mumbles" else self.found or f"to {order.offer}"
        if order.offer == "who sits where?":
            answer = " ".join(f"{viewer}:{seat}" for viewer, seat in self.seats.items())
        self.send(Answer(viewer=order.viewer, answer=answer))

    async def figure(self) -> None:
        frames = 0
        while True:
            frames += 60
            viewers = tuple(
                ViewerFigures(viewer=viewer, rtt_seconds=0.01 * number, loss=0.001 * number)
                for number, viewer in enumerate(sorted(self.viewers), 1)
            )
            self.send(
                Figures(
                    frames=frames,
                    late_frames=1,
                    run_seconds=0.5,
                    encode_seconds=0.25,
                    video_bytes=1000,
                    audio_bytes=100,
                    keyframes=2,
                    fps=60.1,
                    bitrate=1e6,
                    viewers=viewers,
                )
            )
            await asyncio.sleep(FIGURES_SECONDS)


async def main() -> None:
    control = socket.socket(fileno=int(os.environ[CONTROL_FD_VARIABLE]))
    await ScriptedRoom(*await asyncio.open_connection(sock=control)).run()


if __name__ == "__main__":
    if "dies" in sys.argv:
        sys.exit("no room today")
    asyncio.run(main())
    os._exit(0)
