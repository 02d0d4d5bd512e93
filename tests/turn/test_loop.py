"""The loop that serves UDP sockets while asyncio waits: neither side starves or breaks the other."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.turn.wire import LOOPS, run, until
from turn.loop import HAS_EPOLL, Loop, Poller, new_event_loop

both_loops = pytest.mark.parametrize("loop", LOOPS)


@contextmanager
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair(type=socket.SOCK_DGRAM)
    with one, other:
        one.setblocking(False)
        yield one, other


@both_loops
def test_readers_are_called_while_the_loop_waits(loop: str) -> None:
    async def scenario() -> None:
        poller = Poller()
        seen: list[bytes] = []
        woken = asyncio.Event()

        def ready(now: float) -> bool:
            assert abs(now - asyncio.get_running_loop().time()) < 60
            seen.append(one.recv(100))
            if len(seen) == 3:
                woken.set()
            return len(seen) == 3

        with pair() as (one, other):
            poller.add(one.fileno(), ready)
            for data in (b"1", b"2", b"3"):
                other.send(data)
            await woken.wait()
            poller.remove(one.fileno())
            poller.remove(one.fileno())  # which has no effect
            other.send(b"4")
            await asyncio.sleep(0)
            assert seen == [b"1", b"2", b"3"]
        poller.close()

    run(scenario, loop)


@both_loops
def test_timers_streams_and_threads_go_on_under_a_flood(loop: str) -> None:
    async def scenario() -> None:
        poller = Poller()
        with pair() as (one, other):
            other.setblocking(False)
            poller.add(one.fileno(), lambda now: bool(one.recv(10)) and not other.send(b"x"))
            poller.add(other.fileno(), lambda now: bool(other.recv(10)) and not one.send(b"x"))
            one.send(b"x")
            await asyncio.sleep(0.01)
            assert await asyncio.to_thread(lambda: 5) == 5
            server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            assert await reader.read() == b""
            writer.close()
            server.close()
            poller.close()

    run(scenario, loop)


@both_loops
def test_a_reader_that_raises_ends_nothing(loop: str, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        poller = Poller()
        with pair() as (one, other):

            def ready(now: float) -> bool:
                one.recv(100)
                raise RuntimeError("broken")

            poller.add(one.fileno(), ready)
            other.send(b"1")
            await until(lambda: "broken" in caplog.text)
            poller.close()

    with caplog.at_level(logging.ERROR):
        run(scenario, loop)


def test_a_reader_may_close_another_socket() -> None:
    async def scenario() -> None:
        poller = Poller()
        with pair() as (one, other), pair() as (three, four):
            first = asyncio.Event()

            def close_both(now: float) -> bool:
                for each in (one, three):
                    poller.remove(each.fileno())
                first.set()
                return True

            poller.add(one.fileno(), close_both)
            poller.add(three.fileno(), close_both)
            other.send(b"1")
            four.send(b"1")
            await first.wait()
            await asyncio.sleep(0)
        poller.close()

    run(scenario)


@pytest.mark.skipif(not HAS_EPOLL, reason="epoll is Linux's")
def test_it_is_our_loop_on_linux() -> None:
    loop = new_event_loop()
    assert isinstance(loop, Loop)
    assert loop.run_until_complete(asyncio.sleep(0, "done")) == "done"
    assert loop._selector.get_map() is not None  # type: ignore[attr-defined]
    loop.close()
