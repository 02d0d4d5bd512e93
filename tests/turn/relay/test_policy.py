"""Who may be reached, and above all who may not."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turn.relay.policy import MAX_DECISIONS, SPECIAL, Policy, Rule, rule

EVERYTHING = (rule("0.0.0.0/0"), rule("::/0"))

DANGEROUS = [
    "0.0.0.0",
    "0.1.2.3",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.1.1",
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:a9fe:a9fe",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
]


def test_nothing_without_a_rule() -> None:
    policy = Policy()
    assert not policy.allows("10.1.0.5", 40_000)
    assert policy.refusal("10.1.0.5", 0)
    assert policy.refusal("10.1.0.5", 40_000) == "no rule names its host"


def test_what_the_rules_name() -> None:
    policy = Policy([rule("10.1.0.0/16"), rule("10.3.0.1", 5000, 5010), rule("fd00:1::/64", 9, 9)])
    assert policy.allows("10.1.255.255", 1)
    assert not policy.allows("10.2.0.0", 1)
    assert policy.allows("10.3.0.1", 5000)
    assert policy.allows("10.3.0.1", 5010)
    assert not policy.allows("10.3.0.1", 4999)
    assert not policy.allows("10.3.0.1", 5011)
    assert policy.refusal("10.3.0.1", 0) is None
    assert policy.refusal("10.3.0.1", 4999) == "no rule for its host names its port"
    assert policy.allows("fd00:1::5", 9)
    assert not policy.allows("fd00:2::5", 9)


def test_several_rules_for_a_host_add_up() -> None:
    policy = Policy([rule("10.3.0.1", 10, 10), rule("10.3.0.1", 20, 20), rule("10.3.0.0/24", 30, 30)])
    assert [port for port in (10, 15, 20, 30, 40) if policy.allows("10.3.0.1", port)] == [10, 20, 30]


@pytest.mark.parametrize("host", DANGEROUS)
def test_what_a_wide_rule_does_not_open(host: str) -> None:
    policy = Policy(EVERYTHING)
    assert not policy.allows(host, 80)
    assert policy.refusal(host, 0)


@pytest.mark.parametrize("host", DANGEROUS)
def test_what_is_named_is_reached(host: str) -> None:
    policy = Policy([rule(host.partition("%")[0])])
    assert policy.allows(host, 80)


def test_naming_a_range_does_not_name_what_is_special_in_it() -> None:
    policy = Policy([rule("169.254.0.0/16"), rule("127.0.0.0/8")])
    assert policy.allows("169.254.1.1", 80)
    assert not policy.allows("169.254.169.254", 80)
    assert policy.allows("127.0.0.1", 80)


@given(st.sampled_from(SPECIAL), st.integers(0, 2**128 - 1))
def test_nothing_special_is_opened_by_a_wide_rule(network, number: int) -> None:
    host = network.network_address + number % network.num_addresses
    assert not Policy(EVERYTHING).allows(str(host), 4000)
    assert Policy([Rule(ip_network(host))]).allows(str(host), 4000)


@given(st.text(max_size=45), st.integers(-5, 70_000))
def test_any_text_is_decided_upon(host: str, port: int) -> None:
    assert Policy(EVERYTHING).allows(host, port) in (True, False)


@given(st.ip_addresses(), st.integers(1, 65535), st.integers(0, 128), st.integers(1, 65535), st.integers(1, 65535))
def test_never_more_than_network_and_ports_say(host, port, prefix, first, last) -> None:
    first, last = sorted((first, last))
    network = ip_network(
        (ip_address(int(host) ^ 1) if host.version == 4 else host, min(prefix, host.max_prefixlen)), strict=False
    )
    if Policy([Rule(network, first, last)]).allows(str(host), port):
        assert host in network
        assert first <= port <= last


def test_mapped_addresses_are_what_they_stand_for() -> None:
    policy = Policy([rule("10.1.0.0/16"), rule("::ffff:10.4.0.0/112")])
    assert policy.allows("::ffff:10.1.0.5", 1)
    assert policy.allows("10.4.0.9", 1)
    assert not Policy([rule("::/0")]).allows("::ffff:10.1.0.5", 1)


def test_no_data_to_port_0() -> None:
    assert not Policy([rule("10.1.0.0/16")]).allows("10.1.0.5", 0)


@pytest.mark.parametrize("host", [host for host in DANGEROUS if "%" not in host])
def test_a_name_that_leads_to_something_special_opens_nothing(host: str) -> None:
    """Whoever can change the name's entry does not choose what is reached."""
    assert not Policy([rule(host, resolved=True)]).allows(host, 80)
    assert Policy([rule("10.1.0.5", resolved=True)]).allows("10.1.0.5", 80)


class TestOwnAddresses:
    def test_a_network_does_not_open_the_gateway(self) -> None:
        policy = Policy([rule("10.1.0.0/16")])
        policy.own(["10.1.0.2", "fe80::1%eth0"], [3478])
        assert not policy.allows("10.1.0.2", 50_000)
        assert policy.allows("10.1.0.3", 50_000)
        assert policy.allows("10.1.0.3", 3478)

    def test_the_own_address_by_name_opens_relays_but_no_service(self) -> None:
        """How one client reaches another's relay address: turnutils_uclient -y."""
        policy = Policy([rule("10.1.0.2")])
        policy.own(["10.1.0.2"], [3478, 8086])
        assert policy.allows("10.1.0.2", 50_000)
        assert not policy.allows("10.1.0.2", 3478)
        assert not policy.allows("10.1.0.2", 8086)

    def test_a_name_that_leads_to_the_gateway_opens_nothing(self) -> None:
        policy = Policy([rule("10.1.0.2", resolved=True), rule("10.1.0.3", resolved=True)])
        policy.own(["10.1.0.2"], [3478])
        assert not policy.allows("10.1.0.2", 50_000)
        assert policy.allows("10.1.0.3", 50_000)

    def test_a_service_needs_its_port_by_name(self) -> None:
        policy = Policy([rule("10.1.0.2", 8086, 8086)])
        policy.own(["10.1.0.2"], [8086])
        assert policy.allows("10.1.0.2", 8086)

    def test_services_are_on_the_loopback_interface_too(self) -> None:
        policy = Policy([rule("127.0.0.0/8"), rule("::1")])
        policy.own(["10.1.0.2"], [8086])
        assert policy.allows("127.0.0.1", 3480)
        assert not policy.allows("127.0.0.1", 8086)
        assert not policy.allows("::1", 8086)


class TestReplace:
    def test_the_new_rules_alone_count(self) -> None:
        policy = Policy([rule("10.1.0.5")])
        assert policy.allows("10.1.0.5", 1)
        assert policy.replace([rule("10.1.0.6")])
        assert not policy.allows("10.1.0.5", 1)
        assert policy.allows("10.1.0.6", 1)
        assert policy.rules == {rule("10.1.0.6")}

    def test_the_same_rules_are_no_change(self) -> None:
        policy = Policy([rule("10.1.0.5"), rule("10.1.0.6")])
        assert not policy.replace([rule("10.1.0.6"), rule("10.1.0.5"), rule("10.1.0.5")])


def test_not_every_decision_is_kept() -> None:
    policy = Policy([rule("10.0.0.0/8")])
    for number in range(MAX_DECISIONS + 10):
        policy.allows(f"10.0.{number // 256}.{number % 256}", 1)
    assert len(policy._decisions) <= MAX_DECISIONS


@pytest.mark.parametrize("ports", [(0, 1), (2, 1), (1, 65_536)])
def test_port_ranges(ports) -> None:
    with pytest.raises(ValueError, match="port range"):
        rule("10.0.0.1", *ports)


def test_networks() -> None:
    assert str(rule("::ffff:10.0.0.0/104").network) == "10.0.0.0/8"
    with pytest.raises(ValueError, match="nonsense"):
        rule("nonsense")
