"""How browsers reach a Service: its public addresses and ports, as ICE URLs. Pure functions.

A load balancer's address counts, and the Service's ``externalIPs``; where there is neither, the nodes' addresses with
the ports that are open on every node. A port's protocol is its transport, and one whose name has the word ``tls`` (or
``dtls``, ``turns``) is a ``turns:`` port. Ports for machines (``metrics``, ``health``) are left out.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from lightkube.models.core_v1 import LoadBalancerIngress, ServicePort
from lightkube.resources.core_v1 import Node, Service

from worker.config import MAX_GATEWAYS, is_ice_url

MAX_NODES = 3
"""Every node leads to the gateway: with a few of them, one may be gone. Browsers ask each one for a candidate."""

TLS_WORDS = frozenset(("tls", "dtls", "turns"))
OTHER_WORDS = frozenset(("metrics", "health", "http", "https", "probe", "admin"))
"""In the names of ports that are not for players."""

ADDRESS_KINDS = ("ExternalIP", "InternalIP")
"""A node's addresses, the better kind first; the second serves players in the cluster's own network."""

NO_BALANCER = "node.kubernetes.io/exclude-from-external-load-balancers"
"""The label of nodes that are not to take traffic from outside."""


class _Place(NamedTuple):
    """An address, and whether the load balancer failed to open a port there."""

    host: str
    failed: frozenset[tuple[str, int]] = frozenset()


def ice_urls(service: Service, nodes: Iterable[Node] = ()) -> tuple[str, ...]:
    """Build the URLs for browsers, UDP first; none while the Service has no address.

    The nodes' addresses are used if ``needs_nodes`` says so.
    """
    by_node = needs_nodes(service)
    places = [_Place(host) for host in _node_hosts(nodes, _is_local(service))] if by_node else _public(service)
    urls = []
    for port in sorted(_ports(service), key=_rank):
        number = port.nodePort if by_node else port.port
        open_at = (place for place in places if (_protocol(port), port.port) not in place.failed)
        urls += [_url(place.host, number, port) for place in open_at if number]
    return tuple(dict.fromkeys(filter(is_ice_url, urls)))[:MAX_GATEWAYS]


def needs_nodes(service: Service) -> bool:
    """Tell whether only the nodes' addresses lead to the Service: it has ports on them, and no address of its own."""
    return not _public(service) and any(port.nodePort for port in _ports(service))


def is_inside(service: Service) -> bool:
    """Tell whether nothing outside of the cluster can ever reach the Service as it is."""
    spec = service.spec
    return spec is None or (spec.type not in ("LoadBalancer", "NodePort") and not spec.externalIPs)


def has_balancer(service: Service) -> bool:
    """Tell whether the Service asks for a load balancer, which not every cluster makes."""
    return service.spec is not None and service.spec.type == "LoadBalancer"


# ----- addresses


def _public(service: Service) -> list[_Place]:
    status = service.status.loadBalancer if service.status else None
    balancer = [place for entry in (status.ingress if status else None) or () for place in _entrances(entry)]
    external = (service.spec.externalIPs if service.spec else None) or ()
    return balancer + [_Place(host) for host in external]


def _entrances(entry: LoadBalancerIngress) -> Iterator[_Place]:
    failed = frozenset((port.protocol, port.port) for port in entry.ports or () if port.error)
    return (_Place(host, failed) for host in (entry.ip, entry.hostname) if host)


def _node_hosts(nodes: Iterable[Node], local: bool) -> list[str]:
    """Choose the nodes' addresses, in the order of their names, so that all workers of a cluster say the same.

    ``local``: only nodes with a gateway lead to it, and it is not known which these are: all are named.
    """
    usable = sorted(filter(_takes_traffic, nodes), key=_name)
    for kind in ADDRESS_KINDS:
        addresses = [found for node in usable if (found := _addresses(node, kind))]
        if addresses:
            return [host for found in addresses[: None if local else MAX_NODES] for host in found]
    return []


def _takes_traffic(node: Node) -> bool:
    conditions = (node.status.conditions if node.status else None) or ()
    labels = (node.metadata.labels if node.metadata else None) or {}
    return NO_BALANCER not in labels and any(c.type == "Ready" and c.status == "True" for c in conditions)


def _addresses(node: Node, kind: str) -> list[str]:
    known = (node.status.addresses if node.status else None) or ()
    return [address.address for address in known if address.type == kind]


def _name(node: Node) -> str:
    return (node.metadata.name if node.metadata else None) or ""


def _is_local(service: Service) -> bool:
    return service.spec is not None and service.spec.externalTrafficPolicy == "Local"


# ----- ports


def _ports(service: Service) -> list[ServicePort]:
    ports = (service.spec.ports if service.spec else None) or ()
    return [port for port in ports if _protocol(port) in ("UDP", "TCP") and not OTHER_WORDS & _words(port)]


def _rank(port: ServicePort) -> tuple[bool, bool]:
    return bool(TLS_WORDS & _words(port)), _protocol(port) != "UDP"


def _protocol(port: ServicePort) -> str:
    return port.protocol or "TCP"


def _words(port: ServicePort) -> frozenset[str]:
    return frozenset((port.name or "").lower().split("-"))


def _url(host: str, number: int | None, port: ServicePort) -> str:
    scheme = "turns" if TLS_WORDS & _words(port) else "turn"
    return f"{scheme}:{_in_url(host)}:{number}?transport={_protocol(port).lower()}"


def _in_url(host: str) -> str:
    """Write a host as a URL has it: IPv6 in brackets, and nothing for an address that can't be reached."""
    try:
        address = ip_address(host)
    except ValueError:
        return host.rstrip(".")
    if address.is_unspecified:
        return ""
    return f"[{address}]" if isinstance(address, IPv6Address) else str(address)
