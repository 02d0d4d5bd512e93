"""Who may reach whom, as NetworkPolicies say it: what a network plugin makes of them, for the selectors that we use."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from tests.k8s.rendering import Object, pods


@dataclass(frozen=True)
class Place:
    """An end of a connection: a pod with its labels, or an address outside of all pods."""

    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    address: str = ""


def pod(objects: Sequence[Object], name: str) -> Place:
    """Find a pod of the workload with this name."""
    return Place("coinop", pods(objects)[name]["metadata"]["labels"])


def outside(address: str) -> Place:
    """Somebody who is no pod."""
    return Place(address=address)


def may_reach(objects: Sequence[Object], source: Place, target: Place, protocol: str, port: int) -> bool:
    """Whether a connection may be opened. Answers to one are always let through."""
    return may_send(objects, source, target, protocol, port) and may_take(objects, target, source, protocol, port)


def may_send(objects: Sequence[Object], source: Place, target: Place, protocol: str, port: int) -> bool:
    """Whether the source's side allows it."""
    return _allowed(objects, "Egress", source, target, protocol, port)


def may_take(objects: Sequence[Object], target: Place, source: Place, protocol: str, port: int) -> bool:
    """Whether the target's side allows it."""
    return _allowed(objects, "Ingress", target, source, protocol, port)


def _allowed(objects: Sequence[Object], way: str, here: Place, there: Place, protocol: str, port: int) -> bool:
    policies = [policy["spec"] for policy in _about(objects, way, here)]
    rules = [rule for policy in policies for rule in policy.get(way.lower(), ())]
    return not policies or any(_matches(rule, way, there, protocol, port) for rule in rules)


def _about(objects: Sequence[Object], way: str, here: Place) -> Iterator[Object]:
    for thing in objects:
        if thing["kind"] == "NetworkPolicy" and here.namespace == thing["metadata"]["namespace"]:
            spec = thing["spec"]
            if way in spec["policyTypes"] and _selects(spec["podSelector"], here.labels):
                yield thing


def _matches(rule: Object, way: str, there: Place, protocol: str, port: int) -> bool:
    ports = rule.get("ports")
    peers = rule.get("from" if way == "Ingress" else "to")
    fits = ports is None or any(
        entry["protocol"] == protocol and entry["port"] <= port <= entry.get("endPort", entry["port"])
        for entry in ports
    )
    return fits and (peers is None or any(_is_peer(peer, there) for peer in peers))


def _is_peer(peer: Object, there: Place) -> bool:
    if "ipBlock" in peer:
        return bool(there.address) and _within(peer["ipBlock"], there.address)
    if there.address:
        return False
    if "namespaceSelector" in peer:
        here = {"kubernetes.io/metadata.name": there.namespace}
        return _selects(peer["namespaceSelector"], here) and _selects(peer.get("podSelector", {}), there.labels)
    return there.namespace == "coinop" and _selects(peer["podSelector"], there.labels)


def _within(block: Object, address: str) -> bool:
    host = ip_address(address)

    def holds(cidr: str) -> bool:
        network = ip_network(cidr)
        return network.version == host.version and host in network

    return holds(block["cidr"]) and not any(map(holds, block.get("except", ())))


def _selects(selector: Object, labels: Mapping[str, str]) -> bool:
    wanted = selector.get("matchLabels", {}).items()
    expressions = selector.get("matchExpressions", ())
    assert all(expression["operator"] == "In" for expression in expressions)
    return all(labels.get(name) == value for name, value in wanted) and all(
        labels.get(expression["key"]) in expression["values"] for expression in expressions
    )
