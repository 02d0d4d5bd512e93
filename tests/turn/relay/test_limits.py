"""Limits that make sense."""

import pytest

from turn.relay.limits import MIN_LIFETIME, Limits


def test_defaults() -> None:
    assert Limits().max_lifetime >= MIN_LIFETIME


def test_a_lifetime_below_the_least() -> None:
    with pytest.raises(ValueError, match="600 seconds"):
        Limits(max_lifetime=599)
