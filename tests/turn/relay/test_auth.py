"""Who is let in."""

import pytest

from tests.turn.simulation import NONCE_KEY, REALM, SECRET, SERVER, USERS, Caller, code, house
from turn.relay.allocation import Client
from turn.relay.auth import MAX_REALM, Auth, long_term_key, opaque, userhash
from turn.relay.nonces import PASSWORD_ALGORITHMS, USERNAME_ANONYMITY
from turn.wire import attributes as attribute
from turn.wire import stun
from turn.wire.credentials import issue


@pytest.fixture
def place():
    return house()


def timed(place, user="p-42", secret=SECRET, ttl=600.0) -> Caller:
    credentials = issue(secret, user, ttl, place.now)
    return Caller(place, username=credentials.username, password=credentials.password)


class TestChallenge:
    def test_a_stranger_is_told_what_to_show(self, place) -> None:
        answer = Caller(place).knock()
        assert code(answer) == 401
        assert answer.get(attribute.REALM) == REALM.encode()
        assert len(answer.get(attribute.NONCE)) == 35
        assert answer.get(attribute.PASSWORD_ALGORITHMS) == bytes.fromhex("0002000000010000")
        assert not answer.has_integrity

    @pytest.mark.parametrize("missing", [attribute.USERNAME, attribute.REALM, attribute.NONCE])
    def test_integrity_alone_is_a_bad_request(self, place, missing) -> None:
        caller = Caller(place)
        caller.knock()
        request = stun.Writer(stun.ALLOCATE, stun.REQUEST, caller.transaction_id())
        for number, value in (
            (attribute.USERNAME, b"user-1"),
            (attribute.REALM, REALM.encode()),
            (attribute.NONCE, caller.nonce),
        ):
            if number != missing:
                request.add(number, value)
        assert code(caller.send(request.finish(caller.key))) == 400

    def test_a_user_name_that_is_no_text(self, place) -> None:
        caller = Caller(place)
        caller.knock()
        request = stun.Writer(stun.ALLOCATE, stun.REQUEST, caller.transaction_id()).add(attribute.USERNAME, b"\xff")
        request.add(attribute.REALM, b"").add(attribute.NONCE, caller.nonce)
        assert code(caller.send(request.finish(caller.key))) == 400


class TestStatic:
    def test_user_and_password(self, place) -> None:
        assert code(Caller(place).allocate()) == 0

    @pytest.mark.parametrize("who", [("user-1", "pass-2"), ("nobody", "pass-1"), ("", "")])
    def test_anything_else_is_unauthorised(self, place, who) -> None:
        caller = Caller(place, username=who[0], password=who[1])
        answer = caller.allocate()
        assert code(answer) == 401
        assert answer.get(attribute.NONCE)
        assert not answer.has_integrity
        assert caller.allocation is None

    def test_names_are_compared_in_their_composed_form(self) -> None:
        place = house(users={"Andr\u0065\u0301": "pa\u00a0ss"})
        assert code(Caller(place, username="Andr\u00e9", password="pa ss").allocate()) == 0
        assert opaque("a\u3000b") == "a b"


class TestTimeLimited:
    def test_until_its_time(self, place) -> None:
        assert code(timed(place).allocate()) == 0

    def test_not_after_its_time(self, place) -> None:
        caller = timed(place, ttl=600)
        caller.knock()
        place.wait(600)
        assert code(caller.allocate()) == 401

    def test_the_wrong_secret(self, place) -> None:
        assert code(timed(place, secret="another").allocate()) == 401

    def test_unix_time_is_apart_from_the_gateways_clock(self) -> None:
        place = house()
        place.relay.auth.epoch = 1_700_000_000.0
        late = Caller(place, username="1700000999:x")  # the gateway's clock shows 1000
        late.password = issue(SECRET, "x", 0, 1_700_000_999).password
        assert late.username == issue(SECRET, "x", 0, 1_700_000_999).username
        assert code(late.allocate()) == 401
        early = Caller(place, ("203.0.113.10", 1), username="1700001001:x")
        early.password = issue(SECRET, "x", 0, 1_700_001_001).password
        assert code(early.allocate()) == 0

    def test_two_secrets_are_good_at_once(self) -> None:
        place = house(secrets=["new", SECRET])
        assert code(timed(place, secret=SECRET).allocate()) == 0
        other = timed(place, secret="new")
        other.client = Client("udp", ("203.0.113.10", 1), SERVER)
        other.nonce = b""
        assert code(other.allocate()) == 0

    def test_an_allocation_outlives_its_credentials(self, place) -> None:
        caller = timed(place, ttl=900)
        caller.allocate()
        for _ in range(8):
            place.wait(500)
            assert code(caller.refresh()) in (0, 438)
            assert code(caller.refresh()) == 0
        caller.refresh(0)
        assert code(caller.allocate()) == 401


class TestNonce:
    def test_a_stale_one_is_replaced(self, place) -> None:
        caller = Caller(place)
        caller.allocate()
        old = caller.nonce
        for _ in range(7):
            place.wait(550)
            answer = caller.refresh()
        assert code(answer) == 438
        assert caller.nonce != old
        assert not answer.has_integrity
        assert code(caller.refresh()) == 0

    def test_it_is_of_no_use_to_another_client(self, place) -> None:
        caller, other = Caller(place), Caller(place, ("203.0.113.10", 1024))
        caller.knock()
        other.nonce = caller.nonce
        assert code(other.allocate()) == 438

    def test_a_request_that_was_captured_is_of_no_use_elsewhere(self, place) -> None:
        caller = Caller(place)
        caller.allocate()
        thief = Caller(place, ("203.0.113.66", 6))
        assert code(thief.send(caller.last_request)) == 438
        assert thief.allocation is None


class TestSha256:
    def test_key_and_integrity(self, place) -> None:
        caller = Caller(place)
        caller.sha256 = True
        answer = caller.allocate()
        assert code(answer) == 0
        assert answer.integrity_sha256_at
        assert not answer.integrity_at
        assert answer.is_by(caller.key)
        assert code(caller.refresh()) == 0

    def test_a_client_may_choose_md5_from_the_list(self, place) -> None:
        caller = Caller(place)
        caller.knock()
        choice = (attribute.PASSWORD_ALGORITHMS, bytes.fromhex("0002000000010000"))
        assert code(caller.allocate(choice, (attribute.PASSWORD_ALGORITHM, bytes.fromhex("00010000")))) == 0

    @pytest.mark.parametrize(
        "attributes",
        [
            [(attribute.PASSWORD_ALGORITHM, bytes.fromhex("00020000"))],
            [(attribute.PASSWORD_ALGORITHMS, bytes.fromhex("0002000000010000"))],
            [(attribute.PASSWORD_ALGORITHMS, bytes.fromhex("00010000")), (attribute.PASSWORD_ALGORITHM, b"\0\1\0\0")],
            [
                (attribute.PASSWORD_ALGORITHMS, bytes.fromhex("0002000000010000")),
                (attribute.PASSWORD_ALGORITHM, b"\0\3\0\0"),
            ],
        ],
    )
    def test_a_list_that_was_tampered_with(self, place, attributes) -> None:
        """RFC 8489 section 9.2.4: somebody on the way may have taken the better algorithm away."""
        assert code(Caller(place).allocate(*attributes)) == 400

    def test_a_hashed_user_name(self, place) -> None:
        caller = Caller(place)
        caller.userhash = True
        assert code(caller.allocate()) == 0
        assert caller.allocation.username == "user-1"

    def test_the_hash_of_a_time_limited_name_is_known_for_its_allocation(self, place) -> None:
        caller = timed(place)
        caller.allocate()
        caller.userhash = True
        assert code(caller.refresh()) == 0
        caller.username = "nobody"
        assert code(caller.refresh()) == 401

    def test_hashed_names_are_asked_for_where_all_names_are_known(self) -> None:
        assert Auth(REALM, users=USERS, nonce_key=NONCE_KEY).features == PASSWORD_ALGORITHMS | USERNAME_ANONYMITY
        assert Auth(REALM, secrets=[SECRET], nonce_key=NONCE_KEY).features == PASSWORD_ALGORITHMS


class TestChange:
    def test_new_users_count_at_once_and_old_allocations_go_on(self, place) -> None:
        caller = Caller(place)
        caller.allocate()
        place.relay.auth.replace({"user-3": "pass-3"}, [])
        caller.refresh()  # the features in the nonce have changed: 438
        assert code(caller.refresh()) == 0
        assert code(caller.bind(0x4000)) == 0
        assert code(Caller(place, ("203.0.113.10", 1)).allocate()) == 401
        assert code(Caller(place, ("203.0.113.11", 1), "user-3", "pass-3").allocate()) == 0

    def test_a_new_password_is_taken_for_an_old_allocation_too(self, place) -> None:
        caller = Caller(place)
        caller.allocate()
        place.relay.auth.replace({"user-1": "changed"}, [SECRET])
        caller.password = "changed"
        assert code(caller.refresh()) == 0

    def test_another_user_cannot_touch_the_allocation(self, place) -> None:
        caller = Caller(place)
        caller.allocate()
        caller.username, caller.password = "user-2", "pass-2"
        assert code(caller.refresh(0)) == 441
        assert code(caller.bind(0x4000)) == 441
        assert caller.allocation is not None

    def test_another_user_in_the_same_place_is_told_that_it_is_taken(self, place) -> None:
        """A page that was loaded again has a new name, and may get the port of the one before from its NAT."""
        caller = Caller(place)
        caller.allocate()
        caller.username, caller.password = "user-2", "pass-2"
        answer = caller.allocate()
        assert code(answer) == 437
        assert answer.is_by(caller.key)
        assert caller.allocation.username == "user-1"


def test_secrets_are_not_shown(place) -> None:
    caller = Caller(place)
    caller.allocate()
    assert repr(caller.key) not in repr(caller.allocation.grant)


def test_keys() -> None:
    """RFC 8489 section 18.5.1.1's example: the MD5 key of user:realm:pass."""
    assert long_term_key("user", "realm", "pass", attribute.MD5).hex() == "8493fbc53ba582fb4c044c456bdc40eb"
    assert len(long_term_key("user", "realm", "pass", attribute.SHA256)) == 32
    assert len(userhash("user", "realm")) == 32


@pytest.mark.parametrize("realm", ["", "x" * (MAX_REALM + 1)])
def test_realms(realm: str) -> None:
    with pytest.raises(ValueError, match="realm"):
        Auth(realm, nonce_key=NONCE_KEY)
