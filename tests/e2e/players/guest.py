"""A page without a browser: it starts a game or joins a room, and follows it wherever that goes, as the page does."""

import asyncio
from contextlib import suppress
from typing import Any

import aiohttp

from coordinator.messages import (
    Back,
    Ended,
    Join,
    PlayerEvent,
    PlayerMessage,
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


Verdict = Started | Refused | Ended
"""What is said to somebody who wants in."""


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
        self._verdicts: asyncio.Queue[Verdict] = asyncio.Queue()
        self.state: RoomState | None = None

    async def __aenter__(self) -> "Guest":
        self._reading = asyncio.create_task(self._read())
        await asyncio.wait_for(self._welcomed.wait(), PATIENCE)
        return self

    async def __aexit__(self, *_: Any) -> None:
        assert self._reading is not None
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        if self._viewer is not None:
            await self._viewer.close()
        await self._http.close()

    async def start(self, title: str) -> Started:
        """Start a game and see its picture."""
        await self.say(Start(game=self.games[title], offer=await self.offer()))
        return await self.arrived(1)

    async def join(self, room: str) -> Started:
        """Enter a room and see its picture."""
        await self.say(Join(room=room, offer=await self.offer()))
        return await self.arrived(1)

    async def arrived(self, times: int) -> Started:
        """Wait until it has been let in so often, and sees the picture."""
        async with asyncio.timeout(PATIENCE):
            while self.arrivals < times:
                await self._verdicts.get()
            await self.picture()
        assert self.started is not None
        return self.started

    async def verdict(self) -> Verdict:
        """Wait for the answer to its wish to be let in."""
        return await asyncio.wait_for(self._verdicts.get(), PATIENCE)

    async def ended(self) -> Ended:
        """Wait for the end of its room, wherever that goes before."""
        while not isinstance(verdict := await self.verdict(), Ended):
            assert not isinstance(verdict, Refused), verdict
        return verdict

    async def picture(self) -> Any:
        """Wait for the next picture."""
        assert self._viewer is not None
        return await asyncio.wait_for(self._viewer.picture(), PATIENCE)

    def new_viewer(self) -> Viewer:
        """Make the viewer that its next connection ends at."""
        return Viewer()

    async def offer(self) -> str:
        """Make the offer of a new connection."""
        if self._viewer is not None:
            await self._viewer.close()
        self._viewer = self.new_viewer()
        return await self._viewer.offer()

    async def say(self, message: PlayerMessage) -> None:
        """Say it to the coordinator."""
        assert self._socket is not None
        await self._socket.send_str(encode(message))

    async def _read(self) -> None:
        while True:
            with suppress(aiohttp.ClientError, ConnectionError):
                async with self._http.ws_connect(f"{self._url}ws/player") as self._socket:
                    if self.started is not None:
                        await self.say(Back(room=self.started.room, token=self.started.token))
                    async for frame in self._socket:
                        await self._take(decode_player_event(frame.data))
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _take(self, event: PlayerEvent) -> None:
        match event:
            case Welcome():
                self.games = {game.title: game.id for game in event.games}
                self._welcomed.set()
            case Started():
                self.started = event
                if self._viewer is not None:
                    await self._viewer.take(event.answer)
                self.arrivals += 1
                self._verdicts.put_nowait(event)
            case RoomState():
                self.state = event
            case Reconnect():
                self.codes.append(event.code)
                if event.ready and self.started is not None:
                    join = Join(room=self.started.room, token=self.started.token, offer=await self.offer())
                    await self.say(join)
            case Refused() | Ended():
                self.codes.append(event.code)
                self._verdicts.put_nowait(event)
