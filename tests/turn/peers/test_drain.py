"""SIGTERM while games are played: nobody new comes in, nobody is thrown out before the time is over."""

import signal
from pathlib import Path

from benchmarks.gateway.client import RelayError
from tests.turn.peers import servers
from tests.turn.peers.servers import Server, until
from tests.turn.peers.stream import Stream

MORE = 50
"""Packets that show that a stream goes on."""


def goes_on(stream: Stream) -> None:
    """The stream has carried some more packets since now, and lost none."""
    before = stream.sent
    until(lambda: stream.sent - stream.lost > before + MORE, "the stream goes on")
    assert stream.lost == 0


def is_refused(server: Server) -> bool:
    client = server.client()
    with client.socket:
        try:
            client.allocate()
        except RelayError as error:
            return error.code in (486, 508)
        client.release()
    return False


def test_streams_go_on_until_the_last_is_over(tmp_path: Path) -> None:
    patient = {"COINOP_TURN_GRACE_SECONDS": "600"}
    with servers.gateway(tmp_path, patient) as gateway, Stream(gateway) as one, Stream(gateway) as other:
        goes_on(one)
        assert gateway.ask("/ready")[0] == 200
        gateway.process.send_signal(signal.SIGTERM)
        until(lambda: gateway.ask("/ready")[0] == 503, "it is not ready any more")
        assert is_refused(gateway)
        assert gateway.ask("/live")[0] == 200
        goes_on(one)
        goes_on(other)
        one.stop()
        one.client.release()
        goes_on(other)
        assert gateway.process.poll() is None
        other.stop()
        other.client.release()
        assert (one.lost, other.lost) == (0, 0)
        assert gateway.process.wait(servers.PATIENCE) == 0


def test_without_streams_it_ends_at_once(tmp_path: Path) -> None:
    with servers.gateway(tmp_path) as gateway:
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(servers.PATIENCE) == 0


def test_the_limit_ends_it_with_streams(tmp_path: Path) -> None:
    with servers.gateway(tmp_path, {"COINOP_TURN_GRACE_SECONDS": "1"}) as gateway, Stream(gateway) as stream:
        goes_on(stream)
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(servers.PATIENCE) == 0
        stream.stop()
