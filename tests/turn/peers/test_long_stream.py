"""A stream between two ends of aiortc, both behind the gateway, for longer than anything lasts that is not renewed.

Once it flows, time runs faster, for aiortc, aioice and the gateway alike; sockets, DTLS, codecs and the gateway are
real ones.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction

import aiortc.rtcpeerconnection
import pytest
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from av import VideoFrame

from tests.turn.live_gateway import HOST, PASSWORD, USER, settings
from tests.turn.peers.own_time import own_time
from turn.gateway.gateway import Gateway
from turn.gateway.ports import RelayPorts
from turn.gateway.sockets import bind
from turn.relay.auth import Auth
from turn.relay.policy import Policy, rule
from turn.relay.server import Relay
from turn.wire.attributes import IPV4

SECONDS = 1050
"""Of the stream: allocations and channels, which last for 600, are renewed twice by then, permissions (300) never."""
NONCE_SECONDS = 120.0
SPEED = 50
"""Fast seconds in one. Retransmissions wait for some milliseconds then, which is still long on loopback; but not while
keys are made and coders opened, for which time keeps its pace."""
PATIENCE = 20.0
"""Real seconds without a picture that are the end of the stream."""
PICTURES_PER_SECOND = 5
CLOCK = 90_000
STEP = CLOCK // PICTURES_PER_SECOND
"""Between two pictures, as RTP counts."""


class Ticks(MediaStreamTrack):
    """A small picture five times a second; one that is late does not shift those after it."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._began = time.monotonic()
        self._count = 0

    async def recv(self) -> VideoFrame:
        due = self._began + self._count / PICTURES_PER_SECOND
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        picture = VideoFrame(32, 32, "yuv420p")
        picture.pts, picture.time_base = self._count * STEP, Fraction(1, CLOCK)
        self._count += 1
        return picture


@asynccontextmanager
async def gateway() -> AsyncIterator[Gateway]:
    """Run a gateway whose nonces end soon."""
    auth = Auth("test", users={USER: PASSWORD}, nonce_key=bytes(16), nonce_lifetime=NONCE_SECONDS)
    made = Gateway(Relay(auth, Policy([rule(HOST)])), RelayPorts({IPV4: HOST}))
    for bound in bind(settings(tcp=False))[0]:
        made.listen_udp(bound.sock)
    try:
        yield made
    finally:
        await made.close()


@asynccontextmanager
async def connected(server: tuple[str, int]) -> AsyncIterator[asyncio.Queue[VideoFrame]]:
    """Connect two ends by relay candidates alone, and yield the queue of pictures that arrive."""
    urls = f"turn:{server[0]}:{server[1]}?transport=udp"
    configuration = RTCConfiguration(
        [RTCIceServer(urls, USER, PASSWORD)], iceTransportPolicy=RTCIceTransportPolicy.RELAY
    )
    one, other = RTCPeerConnection(configuration), RTCPeerConnection(configuration)
    arrived: asyncio.Queue[VideoFrame] = asyncio.Queue()
    reading: list[asyncio.Task[None]] = []
    other.on("track", lambda track: reading.append(asyncio.create_task(read(track, arrived))))
    one.addTrack(Ticks())
    await one.setLocalDescription(await one.createOffer())
    assert lines(one) == {"relay"}
    await other.setRemoteDescription(RTCSessionDescription(one.localDescription.sdp, "offer"))
    await other.setLocalDescription(await other.createAnswer())
    assert lines(other) == {"relay"}
    await one.setRemoteDescription(RTCSessionDescription(other.localDescription.sdp, "answer"))
    try:
        yield arrived
    finally:
        await one.close()
        await other.close()
        await asyncio.gather(*reading, return_exceptions=True)


def lines(connection: RTCPeerConnection) -> set[str]:
    """Return the types of the candidates that a side offers."""
    sdp = connection.localDescription.sdp
    return {line.split()[7] for line in sdp.splitlines() if line.startswith("a=candidate:")}


async def read(track: MediaStreamTrack, arrived: "asyncio.Queue[VideoFrame]") -> None:
    while True:
        arrived.put_nowait(await track.recv())


async def next_time(arrived: "asyncio.Queue[VideoFrame]", patience: float) -> int:
    """Return the time of the next picture that arrives, as RTP counts."""
    async with asyncio.timeout(patience):
        picture = await arrived.get()
    assert picture.pts is not None
    return picture.pts


@pytest.mark.slow
def test_a_stream_outlives_all_that_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    # Its own, which encodes: a room's, which other tests have put there, sends what is encoded already.
    monkeypatch.setattr(aiortc.rtcpeerconnection, "RTCRtpSender", RTCRtpSender)

    async def scenario() -> Counter[tuple[str, int]]:
        async with gateway() as made:
            async with connected(made.listeners[0].address) as arrived:
                last = await next_time(arrived, PATIENCE)
                kept.run_at(SPEED)
                for _ in range(SECONDS * PICTURES_PER_SECOND):
                    picture = await next_time(arrived, PATIENCE * SPEED)
                    assert (picture - last) % 2**32 == STEP  # not one is missing, so in no second of the stream
                    last = picture
            assert made.relay.counters.ended == {"deleted": 2}
            return made.relay.counters.answers

    with own_time() as kept, asyncio.Runner(loop_factory=kept.new_event_loop) as runner:
        answers = runner.run(scenario())
    assert answers["Allocate", 0] == 2
    assert answers["Refresh", 0] >= 2 * 2 + 2  # the allocations twice each, and their ends
    assert answers["ChannelBind", 0] >= 2 + 2 * 2
    assert answers["Refresh", 438] + answers["ChannelBind", 438] >= 2 * 2
    assert answers["CreatePermission", 0] == 0
