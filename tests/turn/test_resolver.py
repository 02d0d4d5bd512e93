"""Names become rules, and stop being rules when their addresses go."""

import asyncio
import logging
import socket

import pytest

from tests.turn.live_gateway import run, wait_until
from turn.relay.peer_rules import Name
from turn.relay.policy import Policy, rule
from turn.resolver import Resolver


class FakeNameServers:
    """Addresses by name, in place of the system's resolver."""

    def __init__(self) -> None:
        self.known: dict[str, list[str] | OSError] = {}

    async def getaddrinfo(self, host, port, *, type):
        found = self.known[host]
        if isinstance(found, OSError):
            raise found
        return [(0, type, 17, "", (address, 0)) for address in found]


@pytest.fixture
def name_servers(monkeypatch: pytest.MonkeyPatch) -> FakeNameServers:
    made = FakeNameServers()
    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", lambda loop, *args, **kw: made.getaddrinfo(*args, **kw))
    return made


def test_all_addresses_of_a_name_are_admitted_and_only_they(name_servers: FakeNameServers) -> None:
    async def scenario() -> None:
        policy, changes = Policy(), []
        resolver = Resolver(policy, lambda: changes.append(policy.rules))
        name_servers.known["workers"] = ["10.1.0.5", "10.1.0.6", "fd00::5"]
        await resolver.replace([Name("workers", 9000, 9999), rule("10.2.0.0/16")])
        assert policy.allows("10.1.0.5", 9000)
        assert policy.allows("fd00::5", 9999)
        assert policy.allows("10.2.9.9", 5)
        assert not policy.allows("10.1.0.5", 8999)
        name_servers.known["workers"] = ["10.1.0.6", "10.1.0.7"]
        await resolver.refresh()
        assert not policy.allows("10.1.0.5", 9000)
        assert policy.allows("10.1.0.7", 9000)
        before = len(changes)
        await resolver.refresh()
        assert len(changes) == before

    run(scenario)


def test_a_silent_resolver_changes_nothing_and_an_empty_name_does(
    name_servers: FakeNameServers, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        policy = Policy()
        resolver = Resolver(policy, lambda: None)
        name_servers.known["workers"] = ["10.1.0.5"]
        await resolver.replace([Name("workers")])
        name_servers.known["workers"] = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        for _ in range(3):
            await resolver.refresh()
            assert policy.allows("10.1.0.5", 9000)
        assert caplog.text.count("can't be resolved now") == 1
        name_servers.known["workers"] = ["10.1.0.5"]
        await resolver.refresh()
        name_servers.known["workers"] = OSError("the resolver is gone")
        await resolver.refresh()
        assert caplog.text.count("can't be resolved now") == 2
        name_servers.known["workers"] = socket.gaierror(socket.EAI_NONAME, "nobody has it")
        await resolver.refresh()
        assert not policy.allows("10.1.0.5", 9000)

    with caplog.at_level(logging.WARNING):
        run(scenario)
    assert "stays good" in caplog.text


def test_a_name_that_nobody_has_is_said_once(name_servers: FakeNameServers, caplog: pytest.LogCaptureFixture) -> None:
    """Without the line in the log, a mistyped name shows by refused clients alone."""

    async def scenario() -> None:
        resolver = Resolver(Policy(), lambda: None)
        name_servers.known["wrokers"] = socket.gaierror(socket.EAI_NONAME, "nobody has it")
        await resolver.replace([Name("wrokers")])
        await resolver.refresh()

    with caplog.at_level(logging.WARNING):
        run(scenario)
    assert caplog.text.count("wrokers has no address") == 1


def test_names_that_are_left_out_are_forgotten(name_servers: FakeNameServers) -> None:
    async def scenario() -> None:
        policy = Policy()
        resolver = Resolver(policy, lambda: None)
        name_servers.known |= {"one": ["10.1.0.1"], "two": ["10.1.0.2"]}
        await resolver.replace([Name("one"), Name("two")])
        await resolver.replace([Name("two")])
        assert not policy.allows("10.1.0.1", 5)
        assert policy.allows("10.1.0.2", 5)

    run(scenario)


def test_names_are_asked_for_again_and_again(name_servers: FakeNameServers) -> None:
    async def scenario() -> None:
        policy = Policy()
        resolver = Resolver(policy, lambda: None, interval=0.001)
        name_servers.known["workers"] = ["10.1.0.5"]
        await resolver.replace([Name("workers")])
        running = asyncio.create_task(resolver.run())
        name_servers.known["workers"] = ["10.1.0.6"]
        await wait_until(lambda: policy.allows("10.1.0.6", 5))
        running.cancel()

    run(scenario)


def test_the_systems_resolver_knows_localhost_which_opens_nothing() -> None:
    """A change of a name's entry must not open the gateway's own machine: that takes its address."""

    async def scenario() -> None:
        policy = Policy()
        await Resolver(policy, lambda: None).replace([Name("localhost", 5, 5)])
        hosts = {str(rule.network.network_address) for rule in policy.rules}
        assert hosts & {"127.0.0.1", "::1"}
        assert not any(policy.allows(host, 5) for host in hosts)

    run(scenario)
