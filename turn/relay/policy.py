"""Which peers may be reached: nothing, but what a rule names.

Rules come as networks with port ranges; turning host names into them, again and again, is left to names.py. Whatever is
dangerous to reach from inside a server's network has to be named on purpose: a rule for 0.0.0.0/0 or 10.0.0.0/8 opens
neither the loopback interface, nor a cloud's metadata, nor the gateway itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network
Host: TypeAlias = IPv4Address | IPv6Address

LAST_PORT: Final = 65_535

MAX_DECISIONS: Final = 8192
"""Decisions that are remembered, some 2 MB; then all are forgotten. A gateway has far fewer peers than that."""

SPECIAL: Final[tuple[Network, ...]] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # "this network"; Linux takes 0.0.0.0 for the loopback interface
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local
        "169.254.169.254/32",  # metadata of most clouds
        "169.254.170.2/32",  # credentials of AWS tasks
        "100.100.100.200/32",  # metadata of Alibaba
        "168.63.129.16/32",  # Azure's host
        "192.0.0.0/24",  # IETF protocol assignments; 192.0.0.192 is Oracle's metadata
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and the broadcast address
        "::/96",  # unspecified, loopback, and IPv4-compatible addresses
        "64:ff9b::/96",  # NAT64: any IPv4 address in disguise
        "64:ff9b:1::/48",
        "2001::/32",  # Teredo, 6to4: the same
        "2002::/16",
        "fd00:ec2::/32",  # AWS's metadata, resolver and clock
        "fd20:ce::254/128",  # Google's metadata
        "fe80::/10",  # link-local
        "fec0::/10",  # site-local, of old
        "ff00::/8",  # multicast
    )
)
"""An address in here is admitted only by a rule that lies wholly inside the same range."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Peers that are admitted: hosts in the network, at the ports from the first to the last."""

    network: Network
    first_port: int = 1
    last_port: int = LAST_PORT
    resolved: bool = False
    """Whether the address came from a name server. Nobody named that address, so it opens nothing special: whoever can
    change the name's entry could point it at 127.0.0.1."""

    def __post_init__(self) -> None:
        if not 1 <= self.first_port <= self.last_port <= LAST_PORT:
            raise ValueError(f"a port range has to lie within 1-{LAST_PORT}, not {self.first_port}-{self.last_port}")

    @property
    def one_host(self) -> bool:
        """Whether the rule names a single address."""
        return self.network.prefixlen == self.network.max_prefixlen

    @property
    def one_port(self) -> bool:
        """Whether the rule names a single port."""
        return self.first_port == self.last_port


def rule(network: str, first_port: int = 1, last_port: int = LAST_PORT, *, resolved: bool = False) -> Rule:
    """A rule from text: an address or a CIDR. Raises ``ValueError`` with a sentence if it is neither."""
    return Rule(_normal_network(ip_network(network)), first_port, last_port, resolved)


class Policy:
    """The rules, and the gateway's own addresses, which are no peers for anybody unless a rule names them exactly."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._by_host: dict[Host, list[Rule]] = {}
        self._networks: list[Rule] = []
        self._rules: frozenset[Rule] = frozenset()
        self._own_hosts: frozenset[Host] = frozenset()
        self._own_ports: frozenset[int] = frozenset()
        self._decisions: dict[tuple[str, int], str | None] = {}
        self.replace(rules)

    @property
    def rules(self) -> frozenset[Rule]:
        """What is admitted at present."""
        return self._rules

    def replace(self, rules: Iterable[Rule]) -> bool:
        """These are the rules from now on, and no others. Whether that changes anything.

        ``Relay.policy_changed`` has to be called after a change: allocations keep the decisions on their peers.
        """
        rules = frozenset(rules)
        if rules == self._rules:
            return False
        self._rules = rules
        self._by_host = {}
        self._networks = [rule for rule in rules if not rule.one_host]
        for rule in rules - set(self._networks):
            self._by_host.setdefault(rule.network.network_address, []).append(rule)
        self._decisions.clear()
        return True

    def own(self, hosts: Iterable[str], ports: Iterable[int]) -> None:
        """The gateway's own addresses (of relays, listeners, interfaces), and the ports of its services there.

        An own host needs a rule for exactly that address; one of the ports, on an own or a loopback address, a rule for
        exactly that address and exactly that port. Relay ports need no mention: they are on own hosts. To be called
        before there are allocations, or followed by ``Relay.policy_changed``.
        """
        self._own_hosts = frozenset(_normal(ip_address(host.partition("%")[0])) for host in hosts)
        self._own_ports = frozenset(ports)
        self._decisions.clear()

    def allows(self, host: str, port: int) -> bool:
        """Whether data may go to and come from this address. No data goes to port 0."""
        return port > 0 and self.refusal(host, port) is None

    def refusal(self, host: str, port: int) -> str | None:
        """Why the address is not admitted, for the log; None if it is. Port 0 stands for "at some port"."""
        key = (host, port)
        if key not in self._decisions:
            if len(self._decisions) >= MAX_DECISIONS:
                self._decisions.clear()
            self._decisions[key] = self._decide(host, port)
        return self._decisions[key]

    def _decide(self, host: str, port: int) -> str | None:
        try:
            address = _normal(ip_address(host.partition("%")[0]))
        except ValueError:
            return "it is no IP address"
        at_host = [*self._by_host.get(address, ()), *(rule for rule in self._networks if address in rule.network)]
        if not at_host:
            return "no rule names its host"
        named = [rule for rule in at_host if self._names(rule, address)]
        if not named:
            return "it is special, or the gateway's own, and no rule names it on purpose"
        if port and not any(self._admits(rule, address, port) for rule in named):
            return "no rule for its host names its port"
        return None

    def _names(self, rule: Rule, address: Host) -> bool:
        """Whether the rule means this address, and does not just happen to cover it."""
        if address in self._own_hosts and (rule.resolved or not rule.one_host):
            return False
        ranges = [special for special in SPECIAL if address in special]
        return not ranges or (not rule.resolved and all(_inside(rule.network, special) for special in ranges))

    def _admits(self, rule: Rule, address: Host, port: int) -> bool:
        if not rule.first_port <= port <= rule.last_port:
            return False
        is_service = port in self._own_ports and (address in self._own_hosts or address.is_loopback)
        return not is_service or (rule.one_host and rule.one_port)


def _inside(network: Network, special: Network) -> bool:
    if isinstance(network, IPv4Network):
        return isinstance(special, IPv4Network) and network.subnet_of(special)
    return isinstance(special, IPv6Network) and network.subnet_of(special)


def _normal(address: Host) -> Host:
    """IPv4-mapped IPv6 addresses are IPv4 addresses: the kernel sends to those."""
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _normal_network(network: Network) -> Network:
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is None or network.prefixlen < 96:
        return network
    return IPv4Network((mapped, network.prefixlen - 96))
