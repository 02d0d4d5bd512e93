"""Any bytes as the file with peers, users and secrets, and as a peer in it: read, or refused by a sentence."""

from contextlib import suppress

from turn.relay import peer_rules
from turn.relay.peer_rules import Name
from turn.relay.policy import Policy
from turn.reload import Listed, Unusable, listed


def one_input(data: bytes) -> None:
    """Read it in both languages, and as the text of one peer."""
    read(data, json=False)
    read(data, json=True)
    parse(data.decode(errors="surrogateescape"))


def read(data: bytes, *, json: bool) -> None:
    """Read a file, and the peers in it."""
    with suppress(Unusable):
        found = listed(data, json=json)
        assert_typed(found)
        for peer in found.peers or ():
            parse(peer)


def assert_typed(found: Listed) -> None:
    assert all(isinstance(text, str) for text in (*(found.peers or ()), *(found.secrets or ())))
    assert all(isinstance(text, str) for pair in (found.users or {}).items() for text in pair)


def parse(text: str) -> None:
    """A peer that can be read admits its own host and nothing special by a name."""
    try:
        peer = peer_rules.parse(text)
    except ValueError:
        return
    assert 1 <= peer.first_port <= peer.last_port <= 65_535
    if isinstance(peer, Name):
        assert not Policy([peer.rule_for("127.0.0.1")]).allows("127.0.0.1", peer.first_port)
    elif peer.one_host:
        assert Policy([peer]).refusal(str(peer.network.network_address), 0) is None
