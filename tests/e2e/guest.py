"""A page without a browser: it starts a game, and follows its room wherever that goes, as the page does."""

import asyncio
from contextlib import suppress
from typing import Any

import aiohttp

from coordinator.messages import (
    Back,
    Ended,
    Join,
    Reconnect,
    Refused,
    RoomState,
    Start,
    Started,
    Welcome,
    decode_player_event,
    encode,
)
from tests.worker.room.viewer import Viewer

PATIENCE = 30.0
"""Seconds for a room to be there again, on a busy machine."""

RECONNECT_SECONDS = 0.2
"""Between two tries to reach a coordinator that is gone."""


class Guest:
    """Somebody who plays. ``async with`` it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = aiohttp.ClientSession()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reading: asyncio.Task[None] | None = None
        self._viewer: Viewer | None = None
        self._welcomed = asyncio.Event()
        self.games: dict[str, str] = {}
        """By title."""
        self.started: Started | None = None
        self.arrivals = 0
        """How often it has been let in."""
        self.codes: list[str] = []
        """What it was told to reconnect, refused or ended for."""
        self.state: RoomState | None = None

    async def __aenter__(self) -> "Guest":
        self._reading = asyncio.create_task(self._read())
        await asyncio.wait_for(self._welcomed.wait(), PATIENCE)
        return self

    def new_viewer(self) -> Viewer:
        """What its next connection ends at."""
        return Viewer()

    async def __aexit__(self, *_: Any) -> None:
        assert self._reading is not None
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        if self._viewer is not None:
            await self._viewer.close()
        await self._http.close()

    async def start(self, title: str) -> None:
        """Start a game and see its picture."""
        await self._say(Start(game=self.games[title], offer=await self._offer()))
        await self.arrived(1)

    async def arrived(self, times: int) -> None:
        """Wait until it has been let in so often, and sees the picture."""
        async with asyncio.timeout(PATIENCE):
            while self.arrivals < times:  # noqa: ASYNC110 (other processes set no event)
                await asyncio.sleep(0.02)
            await self.picture()

    async def picture(self) -> Any:
        """The next picture."""
        assert self._viewer is not None
        return await asyncio.wait_for(self._viewer.picture(), PATIENCE)

    async def _offer(self) -> str:
        if self._viewer is not None:
            await self._viewer.close()
        self._viewer = self.new_viewer()
        return await self._viewer.offer()

    async def _say(self, message: Any) -> None:
        assert self._socket is not None
        await self._socket.send_str(encode(message))

    async def _read(self) -> None:
        while True:
            with suppress(aiohttp.ClientError, ConnectionError):
                async with self._http.ws_connect(f"{self._url}ws/player") as self._socket:
                    if self.started is not None:
                        await self._say(Back(room=self.started.room, token=self.started.token))
                    async for frame in self._socket:
                        await self._take(decode_player_event(frame.data))
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _take(self, event: Any) -> None:
        match event:
            case Welcome():
                self.games = {game.title: game.id for game in event.games}
                self._welcomed.set()
            case Started():
                self.started = event
                assert self._viewer is not None
                await self._viewer.take(event.answer)
                self.arrivals += 1
            case RoomState():
                self.state = event
            case Reconnect():
                self.codes.append(event.code)
                if event.ready and self.started is not None:
                    join = Join(room=self.started.room, token=self.started.token, offer=await self._offer())
                    await self._say(join)
            case Refused() | Ended():
                self.codes.append(event.code)
