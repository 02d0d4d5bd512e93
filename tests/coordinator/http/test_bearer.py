"""Tokens in Authorization headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.http.bearer import is_authorised


@pytest.mark.parametrize("header", ["Bearer s3cret", "bearer s3cret", "Bearer  s3cret "])
def test_the_right_one(header):
    assert is_authorised(header, ["s3cret"])
    assert is_authorised(header, ["another", "s3cret"])
    assert is_authorised(header, ["s3cret", "another"])


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "s3cret", "Basic s3cret", "Bearer s3cre", "Bearer s3crets", "Bearer \udcff"]
)
def test_wrong_ones(header):
    assert not is_authorised(header, ["s3cret"])
    assert not is_authorised(header, ["another", "s3cret"])
    assert not is_authorised(header, [])


@given(st.text() | st.binary().map(lambda header: header.decode(errors="surrogateescape")))
def test_any_header_gets_a_verdict(header):
    assert is_authorised(header, ["not to be guessed", "nor this"]) is False
