"""Peers as people write them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turn.relay.peer_rules import Name, is_address, is_host, parse
from turn.relay.policy import Rule, rule


@pytest.mark.parametrize(
    ("text", "peer"),
    [
        ("10.0.0.0/8", rule("10.0.0.0/8")),
        ("10.1.2.3", rule("10.1.2.3")),
        ("10.1.2.3:9000", rule("10.1.2.3", 9000, 9000)),
        (" 10.0.0.0/8:9000-9999 ", rule("10.0.0.0/8", 9000, 9999)),
        ("fd00::/8", rule("fd00::/8")),
        ("::1", rule("::1")),
        ("[fd00::/8]:9000-9999", rule("fd00::/8", 9000, 9999)),
        ("[::1]", rule("::1")),
        ("worker.example", Name("worker.example")),
        ("workers.games.svc.cluster.local.:9000", Name("workers.games.svc.cluster.local.", 9000, 9000)),
        ("localhost:1-65535", Name("localhost")),
        ("10-1-2-3.workers:7", Name("10-1-2-3.workers", 7, 7)),
    ],
)
def test_what_is_understood(text: str, peer: Rule | Name) -> None:
    assert parse(text) == peer


@pytest.mark.parametrize(
    "text",
    [
        *("", "10.0.0.0/33", "10.1.2.3/8", "10.1.2", "worker:0", "worker:9-8", "worker:70000", "a b", "http://worker"),
        *("[::1", "::1]:5", "-worker", "worker:", "1.2.3.4:5:6", "*", "wor ker:5", "[worker]:5", "a" * 300),
    ],
)
def test_what_is_not_is_said_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"peer|port range"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "address", "host"),
    [
        ("10.1.2.3", True, True),
        ("fd00::1", True, True),
        ("worker.example.", False, True),
        ("10-1-2-3.workers", False, True),
        ("10.1.2", False, False),
        ("10.0.0.0/8", False, False),
        ("-worker", False, False),
        ("worker:9000", False, False),
        ("", False, False),
    ],
)
def test_addresses_and_hosts_are_told_from_other_text(text: str, address: bool, host: bool) -> None:
    assert (is_address(text), is_host(text)) == (address, host)


def test_a_name_gives_rules_for_its_addresses() -> None:
    assert Name("worker", 5, 9).rule_for("10.1.2.3") == rule("10.1.2.3", 5, 9, resolved=True)


@given(st.text(max_size=60) | st.from_regex(r"[0-9a-f.:/\[\]-]{0,40}", fullmatch=True))
def test_anything_is_a_peer_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert isinstance(parse(text), Rule | Name)
