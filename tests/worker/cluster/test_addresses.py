"""From Services and nodes to ICE URLs."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lightkube.resources.core_v1 import Node, Service

from coordinator.messages import Gateways, decode_worker_message, encode
from worker.cluster.addresses import MAX_NODES, NO_BALANCER, has_balancer, ice_urls, is_inside, needs_nodes
from worker.config import MAX_GATEWAYS, is_ice_url

UDP = {"name": "udp", "port": 3478, "protocol": "UDP", "nodePort": 30478}
TCP = {"name": "tcp", "port": 3478, "protocol": "TCP", "nodePort": 30479}
TLS = {"name": "tls", "port": 5349, "protocol": "TCP", "nodePort": 30480}


def service(*ports: dict[str, Any], ingress: Any = None, **spec: Any) -> Service:
    status = {"loadBalancer": {"ingress": ingress} if ingress else {}}
    given = {"metadata": {"name": "turn"}, "spec": {"ports": list(ports) or [UDP], **spec}, "status": status}
    made: Service = Service.from_dict(given)
    return made


def node(name: str, *addresses: tuple[str, str], ready: str = "True", labels: dict[str, str] | None = None) -> Node:
    status = {
        "addresses": [{"type": kind, "address": address} for kind, address in addresses],
        "conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": ready}],
    }
    made: Node = Node.from_dict({"metadata": {"name": name, "labels": labels}, "status": status})
    return made


@pytest.mark.parametrize(
    ("place", "host"),
    [
        ({"ip": "192.0.2.1"}, "192.0.2.1"),
        ({"ip": "2001:DB8::1"}, "[2001:db8::1]"),
        ({"hostname": "lb-1.cloud.example"}, "lb-1.cloud.example"),
        ({"hostname": "lb-1.cloud.example."}, "lb-1.cloud.example"),
    ],
)
def test_a_load_balancers_address(place: dict[str, str], host: str) -> None:
    assert ice_urls(service(ingress=[place])) == (f"turn:{host}:3478?transport=udp",)


def test_every_transport_at_every_address_udp_first() -> None:
    found = ice_urls(service(TLS, TCP, UDP, ingress=[{"ip": "192.0.2.1"}, {"ip": "2001:db8::1"}]))
    assert found == (
        "turn:192.0.2.1:3478?transport=udp",
        "turn:[2001:db8::1]:3478?transport=udp",
        "turn:192.0.2.1:3478?transport=tcp",
        "turn:[2001:db8::1]:3478?transport=tcp",
        "turns:192.0.2.1:5349?transport=tcp",
        "turns:[2001:db8::1]:5349?transport=tcp",
    )


@pytest.mark.parametrize(
    ("port", "urls"),
    [
        ({"port": 3478}, ("turn:a:3478?transport=tcp",)),  # what a port is without a protocol
        ({"port": 5349, "protocol": "UDP", "name": "dtls"}, ("turns:a:5349?transport=udp",)),
        ({"port": 443, "protocol": "TCP", "name": "turn-TLS"}, ("turns:a:443?transport=tcp",)),
        ({"port": 3478, "protocol": "UDP", "name": "udp-listener"}, ("turn:a:3478?transport=udp",)),
        ({"port": 8080, "protocol": "TCP", "name": "metrics"}, ()),
        ({"port": 8086, "protocol": "TCP", "name": "gateway-health-check"}, ()),
        ({"port": 3478, "protocol": "SCTP"}, ()),
        ({"port": 0, "protocol": "UDP"}, ()),
        ({"port": 70_000, "protocol": "UDP"}, ()),
    ],
)
def test_what_a_port_is_for(port: dict[str, Any], urls: tuple[str, ...]) -> None:
    assert ice_urls(service(port, ingress=[{"hostname": "a"}])) == urls


def test_external_addresses_count_beside_a_load_balancers_and_alone() -> None:
    beside = service(ingress=[{"ip": "192.0.2.1"}], externalIPs=["198.51.100.1"])
    assert ice_urls(beside) == ("turn:192.0.2.1:3478?transport=udp", "turn:198.51.100.1:3478?transport=udp")
    alone = service(type="ClusterIP", externalIPs=["198.51.100.1"])
    assert ice_urls(alone, [node("a", ("ExternalIP", "192.0.2.9"))]) == ("turn:198.51.100.1:3478?transport=udp",)


def test_a_port_that_the_load_balancer_failed_to_open_is_left_out() -> None:
    failed = [
        {"port": 3478, "protocol": "TCP", "error": "MixedProtocolNotSupported"},
        {"port": 3478, "protocol": "UDP"},
    ]
    found = ice_urls(service(UDP, TCP, ingress=[{"ip": "192.0.2.1", "ports": failed}]))
    assert found == ("turn:192.0.2.1:3478?transport=udp",)


class TestNodes:
    def test_without_a_load_balancer_ports_on_nodes_count(self) -> None:
        asked = service(UDP, TLS, type="NodePort")
        assert needs_nodes(asked)
        found = ice_urls(asked, [node("a", ("Hostname", "a"), ("ExternalIP", "192.0.2.1"), ("InternalIP", "10.0.0.1"))])
        assert found == ("turn:192.0.2.1:30478?transport=udp", "turns:192.0.2.1:30480?transport=tcp")

    def test_with_one_they_don_t(self) -> None:
        asked = service(type="LoadBalancer", ingress=[{"ip": "192.0.2.1"}])
        assert not needs_nodes(asked)
        assert ice_urls(asked, [node("a", ("ExternalIP", "192.0.2.9"))]) == ("turn:192.0.2.1:3478?transport=udp",)

    def test_the_outside_comes_before_the_inside(self) -> None:
        inside = node("a", ("InternalIP", "10.0.0.1"))
        assert ice_urls(service(), [inside]) == ("turn:10.0.0.1:30478?transport=udp",)
        outside = node("b", ("InternalIP", "10.0.0.2"), ("ExternalIP", "192.0.2.2"), ("ExternalIP", "2001:db8::2"))
        assert ice_urls(service(), [inside, outside]) == (
            "turn:192.0.2.2:30478?transport=udp",
            "turn:[2001:db8::2]:30478?transport=udp",
        )

    def test_nodes_that_are_not_ready_or_take_nothing_from_outside_are_left_out(self) -> None:
        nodes = [
            node("a", ("InternalIP", "10.0.0.1"), ready="Unknown"),
            node("b", ("InternalIP", "10.0.0.2"), labels={NO_BALANCER: ""}),
            node("c", ("InternalIP", "10.0.0.3")),
        ]
        assert ice_urls(service(), nodes) == ("turn:10.0.0.3:30478?transport=udp",)

    def test_a_few_are_enough_and_every_worker_names_the_same(self) -> None:
        nodes = [node(f"n{number}", ("InternalIP", f"10.0.0.{number}")) for number in range(1, 10)]
        found = ice_urls(service(), nodes)
        assert len(found) == MAX_NODES
        assert found == ice_urls(service(), reversed(nodes))

    def test_where_only_some_lead_to_the_gateway_all_are_named(self) -> None:
        nodes = [node(f"n{number}", ("InternalIP", f"10.0.0.{number}")) for number in range(1, 10)]
        assert len(ice_urls(service(externalTrafficPolicy="Local"), nodes)) == 9

    def test_a_port_that_is_open_on_no_node_is_left_out(self) -> None:
        closed = {"name": "tcp", "port": 3478, "protocol": "TCP"}
        assert ice_urls(service(UDP, closed), [node("a", ("InternalIP", "10.0.0.1"))]) == (
            "turn:10.0.0.1:30478?transport=udp",
        )


@pytest.mark.parametrize(
    "place", [{}, {"ip": ""}, {"ip": "0.0.0.0"}, {"ip": "::"}, {"ip": "fe80::1%eth0"}, {"hostname": "a b"}]
)
def test_what_is_no_address_is_left_out(place: dict[str, str]) -> None:
    assert ice_urls(service(ingress=[place])) == ()


def test_what_can_be_reached_from_outside() -> None:
    assert is_inside(service(type="ClusterIP"))
    assert is_inside(Service())
    for spec in ({"type": "ClusterIP", "externalIPs": ["192.0.2.1"]}, {"type": "NodePort"}, {"type": "LoadBalancer"}):
        assert not is_inside(service(**spec))
    assert has_balancer(service(type="LoadBalancer"))
    assert not has_balancer(service(type="NodePort"))


ADDRESSES = (
    st.ip_addresses().map(str) | st.sampled_from(["lb.example", "", "a/b", "[::1]", "x" * 300]) | st.text(max_size=9)
)
NUMBERS = st.none() | st.integers(-1, 70_000)
PORTS = st.fixed_dictionaries(
    {"port": st.integers(-1, 70_000)},
    optional={
        "name": st.none() | st.sampled_from(["udp", "tls", "metrics", "-", "tls-tls"]) | st.text(max_size=9),
        "protocol": st.none() | st.sampled_from(["UDP", "TCP", "SCTP", "udp", ""]),
        "nodePort": NUMBERS,
    },
)
PLACES = st.fixed_dictionaries(
    {},
    optional={
        "ip": st.none() | ADDRESSES,
        "hostname": st.none() | ADDRESSES,
        "ports": st.none() | st.just([{"port": 3478, "protocol": "UDP", "error": "no"}]),
    },
)
SPECS = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "ports": st.none() | st.lists(PORTS, max_size=4),
        "type": st.none() | st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName", ""]),
        "externalIPs": st.none() | st.lists(ADDRESSES, max_size=3),
        "externalTrafficPolicy": st.none() | st.sampled_from(["Local", "Cluster", ""]),
    },
)
STATUSES = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "loadBalancer": st.none() | st.fixed_dictionaries({}, optional={"ingress": st.lists(PLACES, max_size=3)})
    },
)
SERVICES = st.fixed_dictionaries({}, optional={"spec": SPECS, "status": STATUSES}).map(Service.from_dict)
KINDS = st.sampled_from(["ExternalIP", "InternalIP", "Hostname", ""])
NODES = st.fixed_dictionaries(
    {},
    optional={
        "metadata": st.none() | st.fixed_dictionaries({}, optional={"name": st.none() | st.text(max_size=3)}),
        "status": st.none()
        | st.fixed_dictionaries(
            {"conditions": st.just([{"type": "Ready", "status": "True"}])},
            optional={"addresses": st.lists(st.fixed_dictionaries({"type": KINDS, "address": ADDRESSES}), max_size=3)},
        ),
    },
).map(Node.from_dict)


@given(SERVICES, st.lists(NODES, max_size=20))
def test_whatever_a_service_says_the_coordinator_takes_what_is_made_of_it(asked: Service, nodes: list[Node]) -> None:
    found = ice_urls(asked, nodes)
    assert len(found) == len(set(found)) <= MAX_GATEWAYS
    assert all(map(is_ice_url, found))
    message = Gateways(gateways=found)
    assert decode_worker_message(encode(message)) == message
