import asyncio
import socket
from collections.abc import Iterator

import pytest
import uvloop

from tests.worker.stand_ins.rooms import until
from worker.processes.control_writer import ControlWriter


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        far.setblocking(False)
        yield near, far


Pair = tuple[socket.socket, socket.socket]


async def receive(far: socket.socket, count: int) -> bytes:
    received = bytearray()
    while len(received) < count:
        received += await asyncio.get_running_loop().sock_recv(far, 1 << 16)
    return bytes(received)


async def send_more_than_fits(pair: Pair) -> None:
    near, far = pair
    writer = ControlWriter(near)
    data = bytes(range(256)) * 16_384
    writer.write(data)
    assert writer.unsent > 0
    writer.write(b"the end")
    assert await receive(far, len(data) + 7) == data + b"the end"
    assert writer.unsent == 0
    writer.write(b"again")
    assert await receive(far, 5) == b"again"
    writer.close()


async def test_what_does_not_fit_is_sent_later(pair: Pair) -> None:
    await send_more_than_fits(pair)


def test_under_uvloop_as_in_production(pair: Pair) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(send_more_than_fits(pair))


async def test_a_peer_that_is_gone_is_still_heard(pair: Pair) -> None:
    near, far = pair
    writer = ControlWriter(near)
    far.send(b"the last words")
    far.close()
    writer.write(b"too late")
    writer.write(b"much too late")
    assert writer.unsent == 0
    assert near.recv(100) == b"the last words"
    writer.close()


async def test_a_peer_that_goes_while_data_waits(pair: Pair) -> None:
    near, far = pair
    writer = ControlWriter(near)
    writer.write(bytes(1 << 22))
    far.close()
    await until(lambda: writer.unsent == 0)
    writer.close()


async def test_closing_drops_what_waits_and_nothing_else(pair: Pair) -> None:
    near, far = pair
    writer = ControlWriter(near)
    writer.write(bytes(1 << 22))
    writer.close()
    assert writer.unsent == 0
    writer.write(b"after the end")
    await receive(far, 1)
    assert near.fileno() >= 0
