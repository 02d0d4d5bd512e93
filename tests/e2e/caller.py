"""A player without a browser: the page's signalling, and aiortc in place of its media."""

import asyncio
from typing import TypeVar

import aiohttp

from coordinator.messages import (
    Ended,
    Join,
    Leave,
    PlayerEvent,
    PlayerMessage,
    Reconnect,
    Refused,
    Start,
    Started,
    Welcome,
    decode_player_event,
    encode,
)
from tests.worker.room.viewer import Viewer

E = TypeVar("E")

SECONDS = 60.0
"""For anything that the stack is to answer, on a busy machine."""


class Caller:
    """One connection to the coordinator, and one at a time to a room. ``came`` must have been awaited first."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url
        self.viewer = Viewer()

    async def came(self) -> "Caller":
        """Connect to the coordinator."""
        self._socket = await self._session.ws_connect(f"{self._url}ws/player")
        self.games = {game.title: game.id for game in (await self.expect(Welcome)).games}
        return self

    async def say(self, message: PlayerMessage) -> None:
        await self._socket.send_str(encode(message))

    async def heard(self) -> PlayerEvent:
        """What the coordinator says next."""
        message = await asyncio.wait_for(self._socket.receive(), SECONDS)
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return decode_player_event(message.data)

    async def expect(self, *kinds: type[E]) -> E:
        """The next message of one of these kinds; others are skipped, all but a refusal or an end."""
        while not isinstance(event := await self.heard(), kinds):
            assert not isinstance(event, Refused | Ended), event
        return event

    async def start(self, title: str) -> Started:
        """Open a room, and be connected to it."""
        await self.say(Start(game=self.games[title], offer=await self.viewer.offer()))
        return await self._enter()

    async def join(self, room: str, token: str = "") -> Started:
        """Enter a room, and be connected to it."""
        await self.say(Join(room=room, token=token, offer=await self.viewer.offer()))
        return await self._enter()

    async def _enter(self) -> Started:
        started = await self.expect(Started)
        await self.viewer.take(started.answer)
        await asyncio.wait_for(self.viewer.ready(), SECONDS)
        return started

    async def play_to_the_end(self, title: str) -> Ended:
        """Start a game and come back to its room whenever it breaks, until it is over."""
        started = await self.start(title)
        while True:
            event = await self.expect(Reconnect, Ended)
            if isinstance(event, Ended):
                return event
            if event.ready:
                await self.viewer.close()
                self.viewer = Viewer()
                await self.say(Join(room=event.room, token=started.token, offer=await self.viewer.offer()))
                answered = await self.expect(Started, Reconnect, Ended)
                if isinstance(answered, Ended):
                    return answered
                if isinstance(answered, Started):
                    await self.viewer.take(answered.answer)

    async def leave(self) -> None:
        """Leave for good."""
        await self.say(Leave())
        await self.vanish()

    async def vanish(self) -> None:
        """Be gone without a word."""
        await self._socket.close()
        await self.viewer.close()
