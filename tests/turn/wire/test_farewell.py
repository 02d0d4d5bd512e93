"""What a gateway that is about to end tells its peers."""

import aioice.stun
from hypothesis import given
from hypothesis import strategies as st

from turn.wire import stun
from turn.wire.farewell import SECONDS_LEFT, farewell, seconds_left

TRANSACTION = bytes(range(12))


@given(seconds=st.integers(0, 2**32 - 1), transaction=st.binary(min_size=12, max_size=12))
def test_it_is_read_as_it_was_written(seconds: int, transaction: bytes) -> None:
    assert seconds_left(farewell(seconds, transaction)) == seconds


@given(junk=st.binary(max_size=60) | st.binary(max_size=60).map(lambda end: b"\x00\x11" + end))
def test_any_bytes_are_a_farewell_or_none(junk: bytes) -> None:
    assert seconds_left(junk) is None or seconds_left(junk) >= 0  # type: ignore[operator]


@given(cut=st.integers(0, 27), flip=st.integers(0, 8 * 20 - 1))
def test_a_damaged_one_is_none_or_a_number(cut: int, flip: int) -> None:
    whole = farewell(30, TRANSACTION)
    assert seconds_left(whole[:cut]) is None
    damaged = bytearray(whole)
    damaged[flip // 8] ^= 1 << flip % 8
    assert seconds_left(bytes(damaged)) in (None, 30)


def test_other_messages_are_none() -> None:
    for message in (
        stun.Writer(stun.BINDING, stun.INDICATION, TRANSACTION).finish(),
        stun.Writer(stun.BINDING, stun.REQUEST, TRANSACTION).add(SECONDS_LEFT, bytes(4)).finish(),
        stun.Writer(stun.BINDING, stun.INDICATION, TRANSACTION).add(SECONDS_LEFT, bytes(3)).finish(),
    ):
        assert seconds_left(message) is None


def test_whoever_does_not_know_it_takes_it_for_a_keepalive() -> None:
    message = aioice.stun.parse_message(farewell(30, TRANSACTION))
    assert message.message_class is aioice.stun.Class.INDICATION
    assert message.message_method is aioice.stun.Method.BINDING
