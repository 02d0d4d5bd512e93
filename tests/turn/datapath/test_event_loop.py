"""The loop whose waiting is the data path's: neither side starves or breaks the other."""

import asyncio
import socket
import time

import pytest

from tests.turn.live_gateway import LOOPS, run
from turn.datapath.datagram import Way, source_at
from turn.datapath.event_loop import USABLE, Loop, data_path, leave, new_event_loop

both_loops = pytest.mark.parametrize("loop", LOOPS)


def udp_socket() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    return sock


@both_loops
def test_messages_are_handed_over_while_the_loop_waits(loop: str) -> None:
    async def scenario() -> None:
        path = data_path()
        seen: list[int] = []
        woken = asyncio.Event()

        def take(received, now: float) -> bool:
            assert abs(now - time.monotonic()) < 60
            seen.extend(each.length for each in received)
            if len(seen) == 3:
                woken.set()
            return len(seen) == 3

        with udp_socket() as one, udp_socket() as other:
            path.listen(one, take)
            for data in (b"1", b"22", b"333"):
                other.sendto(data, one.getsockname())
            await woken.wait()
            path.close(one)
            other.sendto(b"4", one.getsockname())
            await asyncio.sleep(0)
            assert seen == [1, 2, 3]
        leave(path)

    run(scenario, loop)


@both_loops
def test_timers_streams_and_threads_go_on_under_a_flood(loop: str) -> None:
    """The socket sends to itself: there is always something to forward."""

    async def scenario() -> None:
        path = data_path()
        with udp_socket() as one:
            own = one.getsockname()
            leg = path.open(one, lambda received, now: False)
            path.to_client(one, source_at(own), Way(one, own), leg, 0x4001, 1e9)
            one.sendto(b"", own)
            await asyncio.sleep(0.01)
            assert await asyncio.to_thread(lambda: 5) == 5
            server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            assert await reader.read() == b""
            writer.close()
            server.close()
            assert path.take_counts(leg)[0]
            path.close(one, leg)
        leave(path)

    run(scenario, loop)


@pytest.mark.skipif(not USABLE, reason="it is for Linux")
def test_it_is_our_loop_where_it_can_be() -> None:
    loop = new_event_loop()
    assert isinstance(loop, Loop)
    assert loop.run_until_complete(asyncio.sleep(0, "done")) == "done"
    assert loop._selector.get_map() is not None  # type: ignore[attr-defined]
    loop.close()
