"""One process's gateway while things change: who is served goes on being served."""

import asyncio
import logging
import ssl
from pathlib import Path

import pytest

from tests.turn.live_gateway import (
    HOST,
    SECRET,
    Caller,
    Datagrams,
    Peer,
    Stream,
    address_of,
    certificate,
    code,
    run,
    serving,
    settings,
    until,
    unverified,
)
from turn.node import limits_of, own_hosts, relay_addresses
from turn.relay import counters
from turn.wire import stun
from turn.wire.attributes import IPV4, IPV6
from turn.wire.credentials import issue
from turn.wire.stun import Writer


def rewritten(path: Path, text: str) -> None:
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").replace(path)


def test_peers_change_without_a_packet_lost_and_without_a_peer_too_many(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = tmp_path / "live.toml"
        path.write_text(f'peers = ["{HOST}"]')
        async with serving(file=path) as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            with Peer() as one, Peer() as other:
                await caller.allocate()
                await caller.bind(one.address, 0x4001)
                await caller.bind(other.address, 0x4002)
                lost = sent = 0
                policy = node.gateway.relay.policy

                async def exchange() -> None:
                    nonlocal sent
                    sent += 1
                    await caller.send_data(b"%d" % sent, 0x4001)
                    assert (await one.receive())[0] == b"%d" % sent

                rewritten(path, f'peers = ["{HOST}:{one.address[1]}"]')
                while policy.allows(*other.address):
                    await exchange()
                for _ in range(10):
                    await exchange()
                drops = node.gateway.relay.counters.drops[counters.REFUSED_PEER]
                await caller.send_data(b"no", 0x4002)
                other.send(b"no", caller.relayed)
                await until(lambda: node.gateway.relay.counters.drops[counters.REFUSED_PEER] == drops + 2)
                assert await other.is_silent()
                assert lost == 0

    run(scenario)


def test_users_and_secrets_change_and_allocations_stay(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = tmp_path / "live.toml"
        path.write_text('[users]\nuser = "password"')
        async with serving(file=path) as node, Caller(Datagrams(address_of(node, "udp"))) as old:
            assert code(await old.allocate()) == 0
            rewritten(path, f'secrets = ["{SECRET}"]\n[users]\n')
            await until(lambda: node.changeable.secrets == (SECRET,))
            async with Caller(Datagrams(address_of(node, "udp"))) as late:
                assert code(await late.allocate()) == 401
            known = issue(SECRET, "ann", 60, asyncio.get_running_loop().time() + node.gateway.relay.auth.epoch)
            async with Caller(Datagrams(address_of(node, "udp")), known.username, known.password) as new:
                assert code(await new.allocate()) == 0
            assert code(await old.release()) == 0

    run(scenario)


def test_a_file_that_makes_no_sense_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        path = tmp_path / "live.toml"
        path.write_text(f'peers = ["{HOST}"]')
        async with serving(file=path) as node:
            rewritten(path, "peers = [")
            await until(lambda: "what was before stays good" in caplog.text)
            assert node.gateway.relay.policy.allows(HOST, 5)
            rewritten(path, "peers = []")
            await until(lambda: not node.gateway.relay.policy.allows(HOST, 5))

    with caplog.at_level(logging.ERROR):
        run(scenario)


def test_a_certificate_changes_under_a_connection(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def shown(node) -> str:
        way = await Stream.open(address_of(node, "tls"), unverified())
        found = way.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        await way.close()
        return ssl.DER_cert_to_PEM_cert(found)

    async def scenario() -> None:
        cert, key = certificate(tmp_path, "old.example")
        (tmp_path / "new").mkdir()
        new_cert, new_key = certificate(tmp_path / "new", "new.example")
        async with serving(certificate=cert, key=key) as node:
            way = await Stream.open(address_of(node, "tls"), unverified())
            async with Caller(way) as caller:
                with Peer() as peer:
                    await caller.allocate()
                    await caller.bind(peer.address)
                    old = await shown(node)
                    rewritten(cert, "no certificate")
                    await until(lambda: "stays what it was" in caplog.text)
                    assert await shown(node) == old
                    rewritten(key, new_key.read_text())
                    rewritten(cert, new_cert.read_text())
                    while await shown(node) == old:
                        await caller.send_data(b"on")
                        assert (await peer.receive())[0] == b"on"
                    assert await shown(node) == new_cert.read_text()

    with caplog.at_level(logging.ERROR):
        run(scenario)


def test_limits_come_from_the_settings() -> None:
    limits = limits_of(settings(allocation_kbps=800, user_allocations=3, max_allocations=7))
    assert (limits.bytes_per_second, limits.allocations_per_user, limits.allocations) == (100_000, 3, 7)


@pytest.mark.parametrize("rate", [1, 0])
def test_strangers_over_udp_are_answered_as_often_as_the_settings_say(rate: int) -> None:
    async def scenario() -> None:
        async with serving(stranger_rate=rate) as node:
            way = Datagrams(address_of(node, "udp"))
            answers, drops = node.gateway.relay.counters.answers, node.gateway.relay.counters.drops
            for _ in range(50):
                await way.send(Writer(stun.BINDING, stun.REQUEST, bytes(12)).finish())
            await until(lambda: answers["Binding", 0] + drops[counters.RATE_LIMITED] == 50)
            assert answers["Binding", 0] >= 5
            assert bool(drops[counters.RATE_LIMITED]) == bool(rate)
            await way.close()

    run(scenario)


def test_relay_addresses() -> None:
    assert relay_addresses(settings(host=f"{HOST},::1")) == {IPV4: HOST, IPV6: "::1"}
    assert relay_addresses(settings(relay_address=["127.0.0.2"])) == {IPV4: "127.0.0.2"}
    with pytest.raises(ValueError, match="can't be used, it has to be this machine's"):
        relay_addresses(settings(relay_address=["192.0.2.1"]))
    assert relay_addresses(settings(relay_address=["localhost"]))[IPV4] == HOST
    with pytest.raises(ValueError, match=r"relay address nowhere\.invalid is unknown here"):
        relay_addresses(settings(relay_address=["nowhere.invalid"]))
    everywhere = relay_addresses(settings(host="0.0.0.0"))
    assert everywhere.keys() == {IPV4}
    assert everywhere[IPV4] in own_hosts([])


def test_all_addresses_of_this_machine_are_its_own() -> None:
    assert own_hosts(["10.9.9.9"]) >= {HOST, "10.9.9.9"}
