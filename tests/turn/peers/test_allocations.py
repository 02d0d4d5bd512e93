"""Ten thousand allocations that do nothing: what they hold, and that it is all given back."""

import gc
import os
from pathlib import Path

import pytest

from benchmarks.gateway.allocations import Crowd
from benchmarks.gateway.client import ALLOCATE, LIFETIME, REFRESH, REQUESTED_TRANSPORT, UDP
from benchmarks.gateway.load import Target
from benchmarks.measure.processes import MIB, descendants, memory
from tests.turn.fuzzing import relay as script
from tests.turn.peers import servers
from tests.turn.peers.servers import PASSWORD, USER, Server, until
from turn.relay.actions import CloseRelay, OpenRelay
from turn.relay.allocation import Allocation, Client, Peer
from turn.relay.auth import Auth
from turn.relay.limits import Limits
from turn.relay.policy import Policy, rule
from turn.relay.server import Relay
from turn.wire import attributes, stun

COUNT = 10_000
FEW = 2_000
"""Enough where no sockets are involved."""
MOST = 100 * MIB
DAY = 86_400.0
ACTIVE = "stunner_allocations_active"


def held(server: Server) -> int:
    """Return the bytes that the gateway's processes hold."""
    return sum(memory(pid).pss for pid in descendants(server.process.pid))


def sockets(server: Server) -> int:
    """Count the file descriptors of the gateway's processes."""
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in descendants(server.process.pid))


@pytest.mark.slow
def test_ten_thousand_allocations_stay_small_and_are_given_back(tmp_path: Path) -> None:
    with servers.gateway(tmp_path) as gateway:
        open_before, held_before = sockets(gateway), held(gateway)
        crowd = Crowd(Target("gateway", gateway.address, USER, PASSWORD), COUNT)
        crowd.ask(ALLOCATE, {REQUESTED_TRANSPORT: UDP})
        assert gateway.metric(ACTIVE) == COUNT
        assert sockets(gateway) >= open_before + COUNT
        assert held(gateway) - held_before < MOST
        crowd.ask(REFRESH, {LIFETIME: bytes(4)})
        crowd.close()
        until(lambda: gateway.metric(ACTIVE) == 0, "all allocations are over")
        until(lambda: sockets(gateway) <= open_before + 2, "all relay sockets are closed")
        assert gateway.serves()


def test_expiry_frees_everything() -> None:
    """The core of the protocol has no clock of its own, so ten minutes are a number."""
    auth = Auth(script.REALM, users={script.USER: script.PASSWORD}, nonce_key=bytes(16))
    before = alive()
    relay = Relay(auth, Policy([rule("127.0.0.1")]), limits=Limits(allocations=FEW, unauthenticated_rate=0))
    for place in range(FEW):
        allocate_and_bind(relay, Client("udp", ("127.0.0.1", 1024 + place), ("127.0.0.1", 3478)), place)
    assert len(relay.allocations) == FEW
    assert alive() >= before + 3 * FEW
    closed = relay.handle_timer(DAY)
    assert sum(isinstance(action, CloseRelay) for action in closed) == FEW
    del closed
    assert len(relay.allocations) == 0
    assert relay.next_deadline() is None
    assert alive() <= before


def allocate_and_bind(relay: Relay, client: Client, place: int) -> None:
    transaction = place.to_bytes(12, "big")
    request = stun.Writer(stun.ALLOCATE, stun.REQUEST, transaction).add(attributes.REQUESTED_TRANSPORT, UDP)
    (opening,) = relay.handle_message(sealed(relay, client, request), client, 0.0)
    assert isinstance(opening, OpenRelay)
    relay.relay_opened(opening.allocation, ("127.0.0.1", 20_000 + place), 0.0)
    bind = stun.Writer(stun.CHANNEL_BIND, stun.REQUEST, transaction)
    bind.add(attributes.CHANNEL_NUMBER, b"\x40\0\0\0")
    bind.add(attributes.XOR_PEER_ADDRESS, attributes.encode_xor_address(("127.0.0.1", 9), transaction))
    assert relay.handle_message(sealed(relay, client, bind), client, 0.0)


def sealed(relay: Relay, client: Client, request: stun.Writer) -> bytes:
    request.add(attributes.USERNAME, USER.encode())
    for number, value in relay.auth.challenge(client, 0.0):
        if number != attributes.PASSWORD_ALGORITHMS:
            request.add(number, value)
    return request.finish(script.KEY)


def alive() -> int:
    """Count the allocations, peers and clients that are still referred to."""
    gc.collect()
    return sum(isinstance(thing, Allocation | Peer | Client) for thing in gc.get_objects())
