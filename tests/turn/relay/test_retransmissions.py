"""Requests that come again."""

from tests.turn.simulation import SERVER
from turn.relay.allocation import Client
from turn.relay.retransmissions import KEPT_FOR, MAX_ANSWERS, Answers
from turn.wire import stun
from turn.wire.stun import Message, Writer, parse

CLIENT = Client("udp", ("203.0.113.9", 1024), SERVER)


def request(number: int = 1, extra: bytes = b"") -> Message:
    return parse(Writer(stun.REFRESH, stun.REQUEST, number.to_bytes(12, "big")).add(0x8022, extra).finish())


def test_the_same_bytes_get_the_same_answer() -> None:
    kept = Answers()
    kept.keep(CLIENT, request(), b"answer", 0)
    assert kept.find(CLIENT, request(), KEPT_FOR - 1) == b"answer"
    assert kept.find(Client("udp", ("203.0.113.9", 1024), SERVER), request(), 1) == b"answer"


def test_anything_else_is_another_request() -> None:
    kept = Answers()
    kept.keep(CLIENT, request(), b"answer", 0)
    assert kept.find(CLIENT, request(2), 1) is None
    assert kept.find(CLIENT, request(1, b"other"), 1) is None
    assert kept.find(Client("udp", ("203.0.113.9", 1025), SERVER), request(), 1) is None
    assert kept.find(Client("tcp", ("203.0.113.9", 1024), SERVER), request(), 1) is None
    assert kept.find(CLIENT, request(), KEPT_FOR) is None


def test_answers_expire() -> None:
    kept = Answers()
    kept.keep(CLIENT, request(1), b"answer", 0)
    kept.keep(CLIENT, request(2), b"answer", 10)
    assert kept.next() == KEPT_FOR
    kept.expire(KEPT_FOR)
    assert kept.next() == KEPT_FOR + 10
    kept.expire(KEPT_FOR + 10)
    assert (len(kept), kept.next()) == (0, None)


def test_not_more_than_fit() -> None:
    kept = Answers()
    for number in range(MAX_ANSWERS + 5):
        kept.keep(CLIENT, request(number), b"", 0)
    assert len(kept) == MAX_ANSWERS
    assert kept.find(CLIENT, request(4), 0) is None


def test_long_requests_are_known_again_too() -> None:
    kept = Answers()
    kept.keep(CLIENT, request(1, bytes(1200)), b"answer", 0)
    assert kept.find(CLIENT, request(1, bytes(1200)), 1) == b"answer"
    assert kept.find(CLIENT, request(1, bytes(1199) + b"x"), 1) is None
