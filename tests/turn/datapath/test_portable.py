"""The same sockets by Python's own means, on asyncio's own loop."""

import asyncio
import socket
from collections.abc import Sequence

import pytest

from turn.datapath.datagram import Received, Way, address_of
from turn.datapath.portable import PlainPath

HOSTS = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}


@pytest.mark.parametrize("host", HOSTS)
async def test_every_datagram_is_handed_over(host: str) -> None:
    path = PlainPath()
    taken: asyncio.Queue[tuple[bytes, Received]] = asyncio.Queue()

    def take(received: Sequence[Received], now: float) -> bool:
        for each in received:
            taken.put_nowait((bytes(path.memory[each.offset : each.offset + each.length]), each))
        return True

    with socket.socket(HOSTS[host], socket.SOCK_DGRAM) as one, socket.socket(HOSTS[host], socket.SOCK_DGRAM) as two:
        one.bind((host, 0))
        two.bind((host, 0))
        leg = path.open(one, take)
        path.to_client(one, (1, 0, 0), Way(one, ("127.0.0.1", 9)), leg, 0x4001, 1e9)
        path.forget_flows()
        for data in (b"hello", b""):
            two.sendto(data, one.getsockname())
            found, received = await asyncio.wait_for(taken.get(), 5)
            assert (found, received.segment, received.tos) == (data, 0, 0)
            assert address_of(received.source) == two.getsockname()[:2]
        assert not any(path.take_counts(leg))
        assert len(path.bucket(leg, 0)) == 4
        path.close(one, leg)
        path.listen(one, take)
        two.sendto(b"again", one.getsockname())
        assert (await asyncio.wait_for(taken.get(), 5))[0] == b"again"
        path.close(one)
    path.destroy()
