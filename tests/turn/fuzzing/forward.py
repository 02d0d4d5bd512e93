"""Any datagrams, alone and in runs, for the compiled way: each comes out as it should, or is handed over as it came.

The fuzzer does not see into machine code, so it is told what to expect: what channel.py makes of the same bytes.
"""

import atexit
from collections.abc import Iterator
from contextlib import ExitStack, suppress

from tests.turn.datapath.loopback import CHANNEL, HOSTS, Line, headed
from tests.turn.fuzzing.relay import Script
from turn.wire import channel
from turn.wire.errors import Malformed

MAX_DATAGRAMS = 40
MAX_RUN = 60_000
OPEN = ExitStack()
atexit.register(OPEN.close)


def one_input(data: bytes) -> None:
    """The first byte chooses the way; then come messages, each of one datagram or of a run."""
    script = Script(data)
    line, is_relay = LINES[script.byte() % len(LINES)]
    while script.goes_on:
        size = 1 + script.byte() * (1 + script.byte() % 6)
        count = min(1 + script.byte() % MAX_DATAGRAMS, MAX_RUN // size)
        packets = [datagram(script, size) for _ in range(count)]
        packets[-1] = packets[-1][: 1 + script.byte() % size]
        line.send(b"".join(packets), size if count > 1 else 0)
        line.serve()
        if is_relay:
            assert list(arrived(line)) == [headed(packet) for packet in packets]
            assert not line.taken
        else:
            payloads = [payload_of(packet) for packet in packets]
            assert list(arrived(line)) == [payload for payload in payloads if payload is not None]
            kept = [packet for packet, payload in zip(packets, payloads, strict=True) if payload is None]
            assert [data for data, _ in line.taken] == kept
            line.taken.clear()


def datagram(script: Script, size: int) -> bytes:
    """Any bytes; ChannelData of a channel that is known, or not; or with a length that may be a lie."""
    what, number = script.byte() % 4, CHANNEL + script.byte() % 2
    if what == 0:
        found = script.take(script.byte())
    elif what == 1:
        found = headed(script.take(min(script.byte(), max(0, size - channel.HEADER))), number)
    else:
        length = script.take(2) if what == 2 else size.to_bytes(2, "big")
        found = number.to_bytes(2, "big") + length + script.take(script.byte())
    return found[:size].ljust(size, b"\0")


def payload_of(packet: bytes) -> bytes | None:
    """What a peer gets of a client's datagram; None if it is not for the fast way."""
    with suppress(Malformed):
        number, payload = channel.decode(packet)
        return bytes(payload) if number == CHANNEL else None
    return None


def arrived(line: Line) -> Iterator[bytes]:
    """At the receiver, by now."""
    line.receiver.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            yield line.receiver.recv(65_536)


LINES = [(Line(host, OPEN).as_relay(), True) for host in HOSTS] + [
    (Line(host, OPEN).as_listener(), False) for host in HOSTS
]
