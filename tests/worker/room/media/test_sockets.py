"""A loop whose endpoints are the agent's sockets; ``tests/worker/processes/test_media_sockets.py`` passes them."""

import asyncio
from collections.abc import Iterator

import pytest

from worker.processes.media_sockets import MediaSocketSender
from worker.room.media.sockets import MAX_STOCK, MediaLoop, MediaSockets


@pytest.fixture
def agent() -> Iterator[MediaSocketSender]:
    agent = MediaSocketSender(["127.0.0.1"])
    yield agent
    agent.close()


@pytest.fixture
def sockets(agent: MediaSocketSender) -> Iterator[MediaSockets]:
    sockets = MediaSockets(agent.room_end.dup())
    yield sockets
    sockets.close()


def test_an_endpoint_is_the_socket_that_came(agent: MediaSocketSender, sockets: MediaSockets) -> None:
    async def echo() -> bytes:
        loop = asyncio.get_running_loop()
        got: asyncio.Future[bytes] = loop.create_future()

        class Peer(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
                got.set_result(data)

        ends = [await loop.create_datagram_endpoint(Peer, local_addr=("127.0.0.1", 0)) for _ in range(2)]
        ends[0][0].sendto(b"hello", ends[1][0].get_extra_info("sockname"))
        try:
            return await asyncio.wait_for(got, 10)
        finally:
            for transport, _ in ends:
                transport.close()

    agent.send()
    agent.send()
    sockets.receive()
    with asyncio.Runner(loop_factory=lambda: MediaLoop(sockets)) as runner:
        assert runner.run(echo()) == b"hello"
        with pytest.raises(OSError, match=r"no socket on 127\.0\.0\.1"):
            runner.run(echo())


def test_no_endpoint_without_an_address(sockets: MediaSockets) -> None:
    async def connect() -> None:
        await asyncio.get_running_loop().create_datagram_endpoint(asyncio.DatagramProtocol)

    with (
        asyncio.Runner(loop_factory=lambda: MediaLoop(sockets)) as runner,
        pytest.raises(OSError, match="but those for its viewers"),
    ):
        runner.run(connect())


def test_the_stock_has_an_end(agent: MediaSocketSender, sockets: MediaSockets) -> None:
    for _ in range(MAX_STOCK + 3):
        agent.send()
        sockets.receive()
    for _ in range(MAX_STOCK):
        sockets.take("127.0.0.1").close()
    with pytest.raises(OSError, match="no socket"):
        sockets.take("127.0.0.1")


def test_nothing_new_is_no_addresses(sockets: MediaSockets, agent: MediaSocketSender) -> None:
    assert sockets.receive() == ()
    agent.close()
    assert sockets.receive() == ()
