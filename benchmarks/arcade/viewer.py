"""A viewer that costs next to nothing: it plays and receives like a page, but neither decrypts nor decodes the media.

Signalling, ICE, DTLS and the data channels are real, so the worker does for it all that it does for a browser. RTP
packets are counted by their header, which SRTP leaves in clear, before aiortc sees them; RTCP goes its usual way.
"""

import asyncio
import itertools
import struct
import time
from contextlib import suppress
from typing import Any, Final, TypeVar

import aiohttp
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.exceptions import InvalidStateError
from aiortc.sdp import SessionDescription

from benchmarks.measure.report import BenchmarkError
from coordinator.messages import (
    Ended,
    Game,
    Leave,
    PlayerEvent,
    Refused,
    Start,
    Started,
    Welcome,
    decode_player_event,
    encode,
)

PATIENCE = 20.0
"""Seconds for a room to open and for its connection to come about, on a machine that is full."""

CHANGES_PER_SECOND = 8.0
"""Four presses and four releases: somebody who plays, and does not hammer."""
REPEATS = (0.008, 0.016, 0.024)
"""Seconds between the datagrams of a change, as ``web/core/input/pad.js`` sends them."""
PING_EVERY = 8
"""Changes between two pings, which makes one a second."""

_PAD, _PING = 1, 9
_STATE = struct.Struct("<BBHIH6h")
_HEADER = struct.Struct("<BBHI")
_START, _UP, _DOWN, _A = 1 << 3, 1 << 4, 1 << 5, 1 << 8
BEGIN: Final = (_START, 0)
"""The states of the pad that leave the title screen."""
PLAY: Final = (_UP, 0, _A, 0, _DOWN, 0, _A, 0)
"""Those that follow, again and again."""

_E = TypeVar("_E")

_MARKER = 0x80
_RTCP = range(192, 224)  # RFC 5761 section 4: these second bytes are RTCP's


class Viewer:
    """One page's worth of a player, in a room of its own. Made by ``enter``; ends with ``leave``."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        # An empty list, for None would mean a public STUN server.
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        for kind in ("video", "audio"):  # before the channels, whose transport aiortc would close otherwise
            self._pc.addTransceiver(kind, direction="recvonly")
        self._input = self._pc.createDataChannel("input", negotiated=True, id=0, ordered=False, maxRetransmits=0)
        self._pc.createDataChannel("room", negotiated=True, id=1)
        self._opened = asyncio.Event()
        self._input.on("open", self._opened.set)
        self._tasks: list[asyncio.Task[None]] = []
        self.frames: list[float] = []
        """When the last packet of each frame came (monotonic seconds)."""
        self.bytes = 0
        """Of all media packets."""
        self.failure: str | None = None
        """What ended the room, if something did."""

    @classmethod
    async def enter(cls, session: aiohttp.ClientSession, url: str, game: Game) -> "Viewer":
        """Start a room with the game at the coordinator of this URL, and play. Raises BenchmarkError."""
        viewer = cls(await session.ws_connect(f"{url}ws/player"))
        try:
            async with asyncio.timeout(PATIENCE):
                await viewer._start(game)
        except TimeoutError as error:
            await viewer.leave()
            raise BenchmarkError(f"No room was there after {PATIENCE:.0f} seconds.") from error
        except BaseException:
            await viewer.leave()
            raise
        return viewer

    async def leave(self) -> None:
        """Leave for good; the room ends with its only player."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(ConnectionError):  # the coordinator ended it first
            await self._socket.send_str(encode(Leave()))
        await self._pc.close()
        await self._socket.close()

    # ----- signalling

    async def _start(self, game: Game) -> None:
        await self._await(Welcome)
        await self._pc.setLocalDescription(await self._pc.createOffer())
        await self._socket.send_str(encode(Start(game=game.id, offer=self._pc.localDescription.sdp)))
        answer = (await self._await(Started)).answer
        video = next(media for media in SessionDescription.parse(answer).media if media.kind == "video")
        self._intercept(int(video.fmt[0]))
        await self._pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._play())]

    async def _await(self, kind: type[_E]) -> _E:
        while not isinstance(event := await self._receive(), kind):
            if isinstance(event, Refused | Ended):
                raise BenchmarkError(f"The coordinator says: {event.message}")
        return event

    async def _receive(self) -> PlayerEvent:
        message = await self._socket.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise BenchmarkError("The coordinator ended the connection.")
        return decode_player_event(message.data)

    async def _listen(self) -> None:
        """Read on, which also answers the coordinator's pings."""
        while True:
            try:
                event = await self._receive()
            except BenchmarkError as error:
                self.failure = str(error)
                return
            if isinstance(event, Ended):
                self.failure = event.message

    # ----- input

    async def _play(self) -> None:
        """Send the datagrams of somebody who plays."""
        await self._opened.wait()
        pause = 1 / CHANGES_PER_SECOND - sum(REPEATS)
        for sequence, buttons in enumerate(itertools.chain(BEGIN, itertools.cycle(PLAY)), 1):
            state = _STATE.pack(_PAD, 1, 0, sequence, buttons, *6 * [0])
            if sequence % PING_EVERY == 0:
                self._send(_HEADER.pack(_PING, 0, 0, sequence))
            for wait in (*REPEATS, pause):
                self._send(state)
                await asyncio.sleep(wait)

    def _send(self, datagram: bytes) -> None:
        with suppress(InvalidStateError, ConnectionError):  # the room is ending: ``failure`` says why
            self._input.send(datagram)

    # ----- media

    def _intercept(self, picture_type: int) -> None:
        """Take RTP off the way from the socket to aiortc: aioice hands each datagram that is not STUN over here."""
        connection: Any = self._pc.sctp.transport.transport._connection  # type: ignore[union-attr]
        pass_on = connection.data_received

        def received(data: bytes, component: int) -> None:
            if 127 < data[0] < 192 and data[1] not in _RTCP:
                self.bytes += len(data)
                if data[1] == picture_type | _MARKER:
                    self.frames.append(time.monotonic())
            else:
                pass_on(data, component)

        connection.data_received = received
