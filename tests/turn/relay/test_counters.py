"""Counts by name: none is missing, and no two reasons are the same."""

import re

from turn.relay import counters
from turn.relay.counters import Counters


def test_what_has_not_happened_is_zero() -> None:
    counted = Counters()
    assert (counted.allocated, counted.ended["expired"], counted.answers["Binding", 0]) == (0, 0, 0)
    assert counted.drops[counters.MALFORMED] == 0


def test_reasons_are_apart_and_good_as_labels() -> None:
    reasons = [value for name, value in vars(counters).items() if name.isupper()]
    assert len(reasons) == len(set(reasons)) >= 7
    assert all(re.fullmatch("[a-z_]+", reason) for reason in reasons)
