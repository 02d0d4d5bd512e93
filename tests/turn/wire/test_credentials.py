"""Time-limited credentials, in the form that other servers and issuers use, too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turn.wire.credentials import MAX_USERNAME, expiry_of, issue, password_for, user_of


def test_the_form_of_the_draft() -> None:
    """HMAC-SHA1 as openssl makes it: printf 1700000600:p-42 | openssl dgst -sha1 -hmac north -binary | base64."""
    credentials = issue("north", "p-42", ttl=600, now=1_700_000_000.7)
    assert credentials.username == "1700000600:p-42"
    assert credentials.password == "+0Ge5Pdpfg67yiZ+Rl/zyIFnFoc="


def test_the_password_is_not_shown() -> None:
    credentials = issue("north", "p-42", ttl=600, now=0)
    assert credentials.password not in repr(credentials)


@given(st.text(max_size=40), st.integers(0, 2**33), st.integers(1, 10**6))
def test_there_and_back(user: str, now: int, ttl: int) -> None:
    username = issue("north", user, ttl, now).username
    assert expiry_of(username) == now + ttl
    assert user_of(username) == user


@given(st.text(max_size=600))
def test_any_user_name_has_a_time_or_none(username: str) -> None:
    expiry = expiry_of(username)
    assert expiry is None or 0 <= expiry < 10**12
    assert len(user_of(username)) <= len(username)


@pytest.mark.parametrize(
    ("username", "expiry", "user"),
    [
        ("1700000000", 1_700_000_000, ""),
        ("ann:1700000000", 1_700_000_000, "ann"),
        ("1700000000:42", 1_700_000_000, "42"),
        ("1700000000:a:b", 1_700_000_000, "a:b"),
        ("ann", None, "ann"),
        ("", None, ""),
        ("²:x", None, "²:x"),
        ("-5:x", None, "-5:x"),
        ("9" * 13 + ":x", None, "9" * 13 + ":x"),
    ],
)
def test_times_in_user_names(username: str, expiry: int | None, user: str) -> None:
    assert expiry_of(username) == expiry
    assert user_of(username) == user


def test_misuse() -> None:
    with pytest.raises(ValueError, match="empty secret"):
        password_for("", "x")
    with pytest.raises(ValueError, match="shorten"):
        issue("north", "x" * MAX_USERNAME, 600, 1_700_000_000)
