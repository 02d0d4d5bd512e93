"""The bad network itself is as bad as it was told to be."""

import asyncio

import pytest

from tests.e2e.network.impairment import Impairment, proxy
from tests.ports import free_port


@pytest.mark.parametrize("loss", [0.0, 0.05, 1.0])
async def test_a_share_is_lost_and_the_rest_delayed_the_same_for_a_seed(loss: float) -> None:
    first, second = (Impairment(loss=loss, latency=0.05, jitter=0.03, seed=3) for _ in range(2))
    delays = [first.delay(0) for _ in range(2000)]
    assert delays == [second.delay(0) for _ in range(2000)]
    assert first.lost == sum(delay is None for delay in delays)
    assert abs(first.lost / 2000 - loss) < 0.02
    assert all(0.05 <= delay <= 0.08 for delay in delays if delay is not None)


async def test_in_the_dark_nothing_arrives() -> None:
    network = Impairment(dark_until=10)
    assert network.delay(9.9) is None
    assert network.delay(10) == 0


async def test_datagrams_come_through_both_ways_and_each_browser_has_a_way_of_its_own() -> None:
    loop = asyncio.get_running_loop()
    answers: asyncio.Queue[bytes] = asyncio.Queue()

    class Gateway(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, source: tuple[str, int]) -> None:
            self.transport.sendto(b"%d %s" % (source[1], data), source)  # type: ignore[attr-defined]

    class Browser(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, source: tuple[str, int]) -> None:
            answers.put_nowait(data)

    gateway, _ = await loop.create_datagram_endpoint(Gateway, local_addr=("127.0.0.1", 0))
    port = free_port()
    async with proxy(port, gateway.get_extra_info("sockname")[1], Impairment(jitter=0.001)):
        browsers = [await loop.create_datagram_endpoint(Browser, remote_addr=("127.0.0.1", port)) for _ in range(2)]
        for transport, _ in browsers:
            transport.sendto(b"hello")
        got = [await asyncio.wait_for(answers.get(), 10) for _ in browsers]
        assert len(set(got)) == 2
        assert all(answer.endswith(b" hello") for answer in got)
        for transport, _ in browsers:
            transport.close()
    gateway.close()
