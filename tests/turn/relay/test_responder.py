"""Responses: what is in them, how large they are, who gets one, and when they are given again."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.turn.simulation import FORBIDDEN_PEER, NONCE_KEY, SERVER, UDP_TRANSPORT, Caller, code, house
from turn.relay import counters, responder
from turn.relay.allocation import Client
from turn.relay.auth import MAX_REALM, Auth
from turn.relay.limits import MAX_SOFTWARE, MAX_UNAUTHENTICATED_ANSWER, Limits
from turn.relay.policy import Policy
from turn.relay.responder import MAX_LOGGED_REFUSALS, MAX_UNKNOWN_ATTRIBUTES
from turn.relay.server import Relay
from turn.wire import attributes as attribute
from turn.wire import stun
from turn.wire.stun import Writer, parse

ID = bytes(range(12))


@pytest.mark.parametrize("fingerprint", [True, False])
def test_a_response_has_a_fingerprint_if_its_request_had_one(fingerprint: bool) -> None:
    caller = Caller(house())
    caller.fingerprint = fingerprint
    for answer in (caller.request(stun.BINDING), caller.knock(), caller.allocate(), caller.permit(FORBIDDEN_PEER)):
        assert answer.fingerprint == fingerprint


def test_responses_name_the_software_and_are_sealed_where_the_client_is_known() -> None:
    caller = Caller(house())
    for answer, sealed in (
        (caller.request(stun.BINDING), False),
        (caller.knock(), False),
        (caller.allocate(), True),
        (caller.permit(FORBIDDEN_PEER), True),
        (caller.refresh(), True),
    ):
        assert answer.get(attribute.SOFTWARE) == b"coinop"
        assert answer.has_integrity == sealed
        assert answer.is_by(caller.key) == sealed


@pytest.mark.parametrize(
    "address", [("203.0.113.9", 1024), ("2001:db8::9", 1024), ("::ffff:203.0.113.9", 1024), ("fe80::1%eth0", 9)]
)
def test_binding_tells_the_clients_address(address) -> None:
    answer = Caller(house(), address).request(stun.BINDING)
    assert code(answer) == 0
    mapped = attribute.decode_xor_address(answer.get(attribute.XOR_MAPPED_ADDRESS), answer.transaction_id)
    assert mapped == (attribute.plain_host(address[0]), address[1])


def test_binding_with_what_is_not_understood() -> None:
    unknown = [(number, b"") for number in range(0x7000, 0x7040)]
    answer = Caller(house()).request(stun.BINDING, *unknown, (0xC000, b""))
    assert code(answer) == 420
    listed = answer.get(attribute.UNKNOWN_ATTRIBUTES)
    assert listed == attribute.encode_unknown(list(range(0x7000, 0x7000 + MAX_UNKNOWN_ATTRIBUTES)))


def largest() -> Relay:
    """A relay whose answers to strangers are as long as any."""
    auth = Auth("r" * MAX_REALM, users={"user-1": "pass-1"}, nonce_key=NONCE_KEY)
    limits = Limits(unauthenticated_rate=0)
    return Relay(auth, Policy(), limits=limits, software="s" * MAX_SOFTWARE)


@given(
    method=st.sampled_from([*stun.METHODS, 0xABC]),
    attributes=st.lists(
        st.tuples(
            st.one_of(st.sampled_from(sorted(attribute.UNDERSTOOD)), st.integers(0, 0xFFFF)).filter(
                lambda number: number not in (8, 0x1C, 0x8028)
            ),
            st.binary(max_size=30),
        ),
        max_size=20,
    ),
    key=st.sampled_from([b"", b"guessed"]),
    sha256=st.booleans(),
    fingerprint=st.booleans(),
    host=st.sampled_from(["203.0.113.9", "2001:db8::9"]),
)
def test_no_answer_to_a_stranger_is_large(method, attributes, key, sha256, fingerprint, host) -> None:
    """Whose address may be forged: nobody shall be flooded through us."""
    writer = Writer(method, stun.REQUEST, ID)
    for number, value in attributes:
        writer.add(number, value)
    request = writer.finish(key, sha256=sha256, fingerprint=fingerprint)
    actions = LARGEST.from_client(request, Client("udp", (host, 9), SERVER), 0.0)
    assert len(actions) <= 1
    assert all(len(action.data) <= MAX_UNAUTHENTICATED_ANSWER for action in actions)


LARGEST = largest()


def test_the_largest_answer_to_a_stranger() -> None:
    request = Writer(stun.ALLOCATE, stun.REQUEST, ID).finish(fingerprint=True)
    (action,) = largest().from_client(request, Client("udp", ("203.0.113.9", 9), SERVER), 0.0)
    assert len(action.data) == 204 <= MAX_UNAUTHENTICATED_ANSWER


def test_a_source_that_asks_too_often_is_not_answered() -> None:
    place = house(limits=Limits(unauthenticated_rate=1, unauthenticated_burst=3))
    callers = [Caller(place, ("203.0.113.9", port)) for port in range(1, 6)]
    assert [code(caller.request(stun.BINDING)) for caller in callers] == [0, 0, 0, None, None]
    assert code(Caller(place, ("203.0.113.10", 1)).request(stun.BINDING)) == 0
    place.wait(1)
    assert code(callers[0].knock()) == 401
    assert place.relay.counters.drops[counters.RATE_LIMITED] == 2


@pytest.mark.parametrize("protocol", ["tcp", "tls", "dtls"])
def test_on_a_stream_nobody_is_left_without_an_answer(protocol: str) -> None:
    """There a client doesn't ask again, and many players may sit behind one address."""
    place = house(limits=Limits(unauthenticated_rate=1, unauthenticated_burst=2))
    callers = [Caller(place, ("203.0.113.9", port), protocol=protocol) for port in range(1, 9)]
    assert [code(caller.knock()) for caller in callers] == [401] * 8
    assert [code(caller.allocate()) for caller in callers] == [0] * 8
    assert place.relay.counters.drops == {}


def test_guessing_a_password_is_rationed_too() -> None:
    place = house(limits=Limits(unauthenticated_rate=1, unauthenticated_burst=2))
    caller = Caller(place, password="guess")
    caller.knock()
    assert [code(caller.allocate()) for _ in range(3)] == [401, None, None]


def test_who_has_an_allocation_is_not_rationed() -> None:
    place = house(limits=Limits(unauthenticated_rate=1, unauthenticated_burst=1))
    caller = Caller(place)
    caller.allocate()
    assert [code(caller.request(stun.BINDING)) for _ in range(5)] == [0] * 5


def test_a_request_that_comes_again_gets_the_same_answer() -> None:
    caller = Caller(house())
    caller.allocate()
    for ask in (lambda: caller.bind(0x4000), lambda: caller.permit(FORBIDDEN_PEER), lambda: caller.refresh(0)):
        ask()
        request, answer = caller.last_request, caller.last_answer
        caller.house.wait(20)
        caller.send(request)
        assert caller.last_answer == answer


def test_an_answer_is_forgotten_in_time() -> None:
    caller = Caller(house())
    caller.allocate()
    caller.refresh(0)
    request = caller.last_request
    caller.house.wait(60)
    assert caller.house.relay.next_deadline() is None
    assert code(caller.send(request)) == 437


def test_refusals_are_logged_but_not_without_end(caplog) -> None:
    caplog.set_level(logging.INFO, "turn")
    caller = Caller(house())
    caller.allocate()
    for _ in range(MAX_LOGGED_REFUSALS + 5):
        caller.permit(FORBIDDEN_PEER)
    refusals = [record for record in caplog.records if "Forbidden" in record.getMessage()]
    assert len(refusals) == MAX_LOGGED_REFUSALS
    assert "no rule names its host" in refusals[0].getMessage()
    assert refusals[0].allocation == caller.allocation.id


def test_refusals_of_clients_without_an_allocation_are_not_logged_without_end(caplog) -> None:
    caplog.set_level(logging.INFO, "turn")
    place = house()
    callers = [Caller(place, ("203.0.113.9", port)) for port in range(1, 2 * MAX_LOGGED_REFUSALS)]
    for caller in callers:
        caller.knock()
        assert code(caller.refresh()) == 437
    assert len(caplog.records) == MAX_LOGGED_REFUSALS
    place.wait(1)
    callers[0].refresh()
    assert len(caplog.records) == MAX_LOGGED_REFUSALS + 1


def test_the_log_holds_no_secret(caplog) -> None:
    caplog.set_level(logging.DEBUG)
    caller = Caller(house())
    caller.allocate()
    caller.permit(FORBIDDEN_PEER)
    caller.request(stun.ALLOCATE, UDP_TRANSPORT)
    assert caplog.text
    assert "pass-1" not in caplog.text
    assert caller.key.hex() not in caplog.text


def test_a_name_that_is_too_long() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Relay(Auth("r", nonce_key=NONCE_KEY), Policy(), software="s" * 33)


def test_answers_are_counted() -> None:
    place = house()
    caller = Caller(place)
    caller.request(stun.BINDING)
    caller.allocate()
    assert place.relay.counters.answers == {("Binding", 0): 1, ("Allocate", 401): 1, ("Allocate", 0): 1}
    assert parse(caller.last_answer).kind == stun.SUCCESS


def test_an_answer_that_is_too_large_for_a_stranger_is_never_sent(monkeypatch) -> None:
    monkeypatch.setattr(responder, "MAX_UNAUTHENTICATED_ANSWER", 20)
    with pytest.raises(RuntimeError, match="for a stranger"):
        Caller(house()).request(stun.BINDING)
