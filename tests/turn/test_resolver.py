"""Names become rules, and stop being rules when their addresses go."""

import asyncio
import logging
import socket

import pytest

from tests.turn.live_gateway import run, until
from turn.relay.peer_rules import Name
from turn.relay.policy import Policy, rule
from turn.resolver import Names


class Resolver:
    """What names have for addresses; patched in for the system's."""

    def __init__(self) -> None:
        self.known: dict[str, list[str] | OSError] = {}

    async def getaddrinfo(self, host, port, *, type):
        found = self.known[host]
        if isinstance(found, OSError):
            raise found
        return [(0, type, 17, "", (address, 0)) for address in found]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    made = Resolver()
    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", lambda loop, *args, **kw: made.getaddrinfo(*args, **kw))
    return made


def test_all_addresses_of_a_name_are_admitted_and_only_they(resolver: Resolver) -> None:
    async def scenario() -> None:
        policy, changes = Policy(), []
        names = Names(policy, lambda: changes.append(policy.rules))
        resolver.known["workers"] = ["10.1.0.5", "10.1.0.6", "fd00::5"]
        await names.replace([Name("workers", 9000, 9999), rule("10.2.0.0/16")])
        assert policy.allows("10.1.0.5", 9000)
        assert policy.allows("fd00::5", 9999)
        assert policy.allows("10.2.9.9", 5)
        assert not policy.allows("10.1.0.5", 8999)
        resolver.known["workers"] = ["10.1.0.6", "10.1.0.7"]
        await names.refresh()
        assert not policy.allows("10.1.0.5", 9000)
        assert policy.allows("10.1.0.7", 9000)
        before = len(changes)
        await names.refresh()
        assert len(changes) == before

    run(scenario)


def test_a_silent_resolver_changes_nothing_and_an_empty_name_does(
    resolver: Resolver, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        policy = Policy()
        names = Names(policy, lambda: None)
        resolver.known["workers"] = ["10.1.0.5"]
        await names.replace([Name("workers")])
        resolver.known["workers"] = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        for _ in range(3):
            await names.refresh()
            assert policy.allows("10.1.0.5", 9000)
        assert caplog.text.count("can't be resolved now") == 1
        resolver.known["workers"] = ["10.1.0.5"]
        await names.refresh()
        resolver.known["workers"] = OSError("the resolver is gone")
        await names.refresh()
        assert caplog.text.count("can't be resolved now") == 2
        resolver.known["workers"] = socket.gaierror(socket.EAI_NONAME, "nobody has it")
        await names.refresh()
        assert not policy.allows("10.1.0.5", 9000)

    with caplog.at_level(logging.WARNING):
        run(scenario)
    assert "stays good" in caplog.text


def test_a_name_that_nobody_has_is_said_once(resolver: Resolver, caplog: pytest.LogCaptureFixture) -> None:
    """Or who mistypes one only sees that clients are refused."""

    async def scenario() -> None:
        names = Names(Policy(), lambda: None)
        resolver.known["wrokers"] = socket.gaierror(socket.EAI_NONAME, "nobody has it")
        await names.replace([Name("wrokers")])
        await names.refresh()

    with caplog.at_level(logging.WARNING):
        run(scenario)
    assert caplog.text.count("wrokers has no address") == 1


def test_names_that_are_left_out_are_forgotten(resolver: Resolver) -> None:
    async def scenario() -> None:
        policy = Policy()
        names = Names(policy, lambda: None)
        resolver.known |= {"one": ["10.1.0.1"], "two": ["10.1.0.2"]}
        await names.replace([Name("one"), Name("two")])
        await names.replace([Name("two")])
        assert not policy.allows("10.1.0.1", 5)
        assert policy.allows("10.1.0.2", 5)

    run(scenario)


def test_names_are_asked_for_again_and_again(resolver: Resolver) -> None:
    async def scenario() -> None:
        policy = Policy()
        names = Names(policy, lambda: None, interval=0.001)
        resolver.known["workers"] = ["10.1.0.5"]
        await names.replace([Name("workers")])
        running = asyncio.create_task(names.run())
        resolver.known["workers"] = ["10.1.0.6"]
        await until(lambda: policy.allows("10.1.0.6", 5))
        running.cancel()

    run(scenario)


def test_the_systems_resolver_knows_localhost_which_opens_nothing() -> None:
    """Whoever can change a name's entry shall not reach the gateway's own machine: that takes its address."""

    async def scenario() -> None:
        policy = Policy()
        await Names(policy, lambda: None).replace([Name("localhost", 5, 5)])
        hosts = {str(rule.network.network_address) for rule in policy.rules}
        assert hosts & {"127.0.0.1", "::1"}
        assert not any(policy.allows(host, 5) for host in hosts)

    run(scenario)
