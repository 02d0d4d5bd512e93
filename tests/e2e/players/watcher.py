"""A guest who notes when each frame comes, and decodes none: eight of them cost less than one that looks."""

import asyncio
import time
from itertools import pairwise
from typing import Any

from aiortc.sdp import SessionDescription

from tests.e2e.players.guest import Guest
from tests.worker.room.viewer import Viewer

_MARKER = 0x80
_RTCP = range(192, 224)  # RFC 5761 section 4


class _Counter(Viewer):
    """Takes RTP off its way from the socket to aiortc; its header is in clear, and its marker ends a frame."""

    def __init__(self, frames: list[float]) -> None:
        super().__init__()
        self._frames = frames
        self._next = asyncio.Event()

    async def take(self, answer: str) -> None:
        video = next(media for media in SessionDescription.parse(answer).media if media.kind == "video")
        ends_frame = int(video.fmt[0]) | _MARKER
        connection: Any = self.pc.sctp.transport.transport._connection  # type: ignore[union-attr]
        pass_on = connection.data_received

        def received(data: bytes, component: int) -> None:
            if not 127 < data[0] < 192 or data[1] in _RTCP:
                pass_on(data, component)
            elif data[1] == ends_frame:
                self._frames.append(time.time())
                self._next.set()

        connection.data_received = received
        await super().take(answer)

    async def picture(self) -> Any:
        """Wait for the next frame."""
        self._next.clear()
        await self._next.wait()


class Watcher(Guest):
    """Plays, and keeps the times of all frames on the machine's clock."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.frames: list[float] = []

    def new_viewer(self) -> Viewer:
        return _Counter(self.frames)

    def longest_gap(self, since: float) -> float:
        """Find the longest time without a frame from then on."""
        frames = [frame for frame in self.frames if frame >= since - 0.1]
        return max((later - earlier for earlier, later in pairwise(frames)), default=float("inf"))
