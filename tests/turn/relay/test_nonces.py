"""Nonces without memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turn.relay.nonces import LIFETIME, MAX_SKEW, PASSWORD_ALGORITHMS, SIZE, USERNAME_ANONYMITY, Nonces

KEY = bytes(16)
OWNER = "udp 203.0.113.9 1024"
NOW = 1_700_000_000.0


def test_good_for_its_owner_and_its_time() -> None:
    nonces = Nonces(KEY)
    nonce = nonces.make(OWNER, PASSWORD_ALGORITHMS, NOW)
    assert len(nonce) == SIZE
    assert nonces.is_valid(nonce, OWNER, PASSWORD_ALGORITHMS, NOW)
    assert nonces.is_valid(nonce, OWNER, PASSWORD_ALGORITHMS, NOW + LIFETIME - 1)
    assert not nonces.is_valid(nonce, OWNER, PASSWORD_ALGORITHMS, NOW + LIFETIME)
    assert not nonces.is_valid(nonce, OWNER, PASSWORD_ALGORITHMS, NOW - MAX_SKEW - 1)
    assert not nonces.is_valid(nonce, "udp 203.0.113.9 1025", PASSWORD_ALGORITHMS, NOW)
    assert not nonces.is_valid(nonce, OWNER, PASSWORD_ALGORITHMS | USERNAME_ANONYMITY, NOW)


def test_processes_that_share_a_key_know_each_others() -> None:
    nonce = Nonces(KEY).make(OWNER, 0, NOW)
    assert Nonces(KEY).is_valid(nonce, OWNER, 0, NOW)
    assert not Nonces(b"x" * 16).is_valid(nonce, OWNER, 0, NOW)


def test_the_features_are_readable() -> None:
    """RFC 8489 section 9.2: bits 0 and 1 are the first of 24, in base64 behind the cookie."""
    assert Nonces(KEY).make(OWNER, PASSWORD_ALGORITHMS | USERNAME_ANONYMITY, NOW).startswith("obMatJos2wAAA")


@given(st.text(max_size=60))
def test_any_text_is_no_nonce(text: str) -> None:
    assert not Nonces(KEY).is_valid(text, OWNER, 0, NOW)


@given(st.integers(0, SIZE - 1), st.characters())
def test_no_changed_character_passes(at: int, character: str) -> None:
    nonce = Nonces(KEY).make(OWNER, 0, NOW)
    changed = nonce[:at] + character + nonce[at + 1 :]
    # The last character holds 2 bits that mean nothing: then it is the same nonce in another spelling.
    assert changed == nonce or at == SIZE - 1 or not Nonces(KEY).is_valid(changed, OWNER, 0, NOW)


def test_a_key_that_is_too_short() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Nonces(b"short")
