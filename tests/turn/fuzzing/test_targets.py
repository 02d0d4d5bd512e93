"""What the fuzzers try, without the fuzzer: any bytes, and all inputs that once did harm."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.turn.fuzzing import channel, control, credentials, dtls, file, forward, relay, stun
from tests.turn.fuzzing.__main__ import NAMES

FOUND = Path(__file__).parent / "found"
"""Inputs that raised, by the name of the fuzzer."""

TARGETS: dict[str, Callable[[bytes], None]] = {
    "stun": stun.one_input,
    "channel": channel.one_input,
    "relay": relay.one_input,
    "dtls": dtls.one_input,
    "file": file.one_input,
    "credentials": credentials.one_input,
    "control": control.one_input,
    "forward": forward.one_input,
}


def test_every_fuzzer_is_here() -> None:
    assert set(TARGETS) == set(NAMES)


@pytest.mark.parametrize("name", TARGETS)
def test_what_was_found_does_no_harm_any_more(name: str) -> None:
    for path in sorted((FOUND / name).glob("*")):
        TARGETS[name](path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.binary(max_size=400))
def test_any_bytes_do_no_harm(name: str, data: bytes) -> None:
    TARGETS[name](data)


def test_the_script_reaches_an_allocation() -> None:
    """Or else the fuzzer would prove nothing: a sealed Allocate request, then a channel and a packet."""
    world = relay.World(relay.Script(bytes([2, 0, 1, 7, 0, 0, 1]) + bytes([2, 0, 6, 8, 0, 0, 9, 10, 0])))
    while world.script.goes_on:
        world.step()
    assert len(world.relay.allocations) == 1
    (allocation,) = world.relay.allocations
    assert allocation.address is not None
    world.end()


def test_the_script_reaches_a_message_over_dtls() -> None:
    """Three flights of a handshake, and then a message that is answered; a damaged datagram among them does no harm."""

    async def scenario() -> None:
        script = dtls.Script(bytes([1, 0]) * 3 + bytes([2, 1, 20, 5]) + bytes([3, 0, 3]) + b"\0bc")
        world = dtls.World(script)
        await world.play()
        assert world.messages == 1

    dtls.LOOP.run_until_complete(scenario())
