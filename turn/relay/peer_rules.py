"""Peers as operators write them: ``worker.example``, ``10.0.0.0/8``, ``10.1.2.3:9000``, ``[fd00::/8]:9000-9999``.

What a rule admits is policy.py's business, which addresses a name has names.py's.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from turn.relay.policy import LAST_PORT, Network, Rule, rule

SENTENCE: Final = (
    "write a peer as a host name, an address or a CIDR, with a port or a range of ports if only those may be reached:"
    " worker.example, 10.0.0.0/8, 10.1.2.3:9000, [fd00::/8]:9000-9999"
)

_PEER: Final = re.compile(
    r"(?: \[ (?P<bracketed> [0-9a-f:.]+ (?:/\d{1,3})? ) \]"
    r"  | (?P<bare> [0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]* (?:/\d{1,3})? )"
    r"  | (?P<other> [^:\[\]\s]+ ) )"
    r"(?: : (?P<first> \d{1,5} ) (?: - (?P<last> \d{1,5} ) )? )?",
    re.VERBOSE | re.IGNORECASE,
)
_NAME: Final = re.compile(r"(?=.{1,253}\.?$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_-]{1,63})*\.?", re.IGNORECASE)
_NUMERIC: Final = re.compile(r"[0-9./]+")


@dataclass(frozen=True, slots=True)
class Name:
    """A host name whose addresses are peers, at the ports from the first to the last."""

    host: str
    first_port: int = 1
    last_port: int = LAST_PORT

    def rule_for(self, address: str) -> Rule:
        """The rule that admits one of its addresses: as one that a name server chose, which opens nothing special."""
        return rule(address, self.first_port, self.last_port, resolved=True)


def is_address(text: str) -> bool:
    """Whether it is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_host(text: str) -> bool:
    """Whether it can be an address or a host name."""
    return is_address(text) or bool(_NAME.fullmatch(text) and not _NUMERIC.fullmatch(text))


def parse(text: str) -> Rule | Name:
    """One peer. Raises ``ValueError`` with a sentence."""
    found = _PEER.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r:.100} is no peer: {SENTENCE}")
    host = found["bracketed"] or found["bare"] or found["other"]
    first = int(found["first"] or 1)
    last = int(found["last"] or found["first"] or LAST_PORT)
    if found["other"] and not _NUMERIC.fullmatch(host):
        if not _NAME.fullmatch(host):
            raise ValueError(f"{text!r:.100} is no peer: {SENTENCE}")
        Rule(_ANY, first, last)  # the same check of the ports
        return Name(host, first, last)
    try:
        return rule(host, first, last)
    except ValueError as error:
        raise ValueError(f"{text!r:.100} is no peer: {error}; {SENTENCE}") from error


_ANY: Final[Network] = rule("0.0.0.0/0").network
