"""Any datagrams, alone and in batches, for the compiled path: it forwards each as it should, or hands it over as it is.

The fuzzer does not see into machine code, so it is told what to expect: what channel.py makes of the same bytes.
"""

import atexit
from collections.abc import Iterator
from contextlib import ExitStack, suppress

from tests.turn.datapath.loopback import CHANNEL, HOSTS, Loopback, headed
from tests.turn.fuzzing.relay import Script
from turn.wire import channel
from turn.wire.errors import MalformedError

MAX_DATAGRAMS = 40
MAX_BATCH = 60_000
OPEN = ExitStack()
atexit.register(OPEN.close)


def one_input(data: bytes) -> None:
    """Choose a direction by the first byte; then send messages, each of one datagram or of a batch."""
    script = Script(data)
    loopback, is_relay = LOOPBACKS[script.byte() % len(LOOPBACKS)]
    while script.goes_on:
        size = 1 + script.byte() * (1 + script.byte() % 6)
        count = min(1 + script.byte() % MAX_DATAGRAMS, MAX_BATCH // size)
        packets = [datagram(script, size) for _ in range(count)]
        packets[-1] = packets[-1][: 1 + script.byte() % size]
        loopback.send(b"".join(packets), size if count > 1 else 0)
        loopback.serve()
        if is_relay:
            assert list(arrived(loopback)) == [headed(packet) for packet in packets]
            assert not loopback.handed_over
        else:
            payloads = [payload_of(packet) for packet in packets]
            assert list(arrived(loopback)) == [payload for payload in payloads if payload is not None]
            kept = [packet for packet, payload in zip(packets, payloads, strict=True) if payload is None]
            assert [data for data, _ in loopback.handed_over] == kept
            loopback.handed_over.clear()


def datagram(script: Script, size: int) -> bytes:
    """Return any bytes; ChannelData of a channel that is known, or not; or with a length that may be a lie."""
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
    """Return what a peer gets of a client's datagram; None if it is to be handed over."""
    with suppress(MalformedError):
        number, payload = channel.decode(packet)
        return bytes(payload) if number == CHANNEL else None
    return None


def arrived(loopback: Loopback) -> Iterator[bytes]:
    """Yield what has reached the receiver by now."""
    loopback.receiver.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            yield loopback.receiver.recv(65_536)


LOOPBACKS = [(Loopback(host, OPEN).as_relayed(), True) for host in HOSTS] + [
    (Loopback(host, OPEN).as_listener(), False) for host in HOSTS
]
