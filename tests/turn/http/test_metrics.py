"""Metrics: STUNner's names, right sums, and processes added up."""

from tests.turn.live_gateway import Caller, Datagrams, Peer, Stream, address_of, run, serving, until
from turn.http.metrics import Figure, counted, exposition, figures_of, total


def value(figures: list[Figure], name: str, *labels: str) -> float:
    return sum(value for found, has, value in figures if found == name and set(labels) <= set(has))


def test_packets_are_counted_where_they_pass() -> None:
    async def scenario() -> None:
        async with serving() as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            with Peer() as peer:
                await caller.allocate()
                await caller.bind(peer.address)
                for _ in range(3):
                    await caller.send_data(bytes(100))
                    await peer.receive()
                for size in (10, 20):
                    peer.send(bytes(size), caller.relayed)
                    await caller.receive()
                live = figures_of(node.gateway, node.places)
                await caller.release()
                past = figures_of(node.gateway, node.places)
                for figures in live, past:
                    assert value(figures, "stunner_cluster_packets_total", "tx") == 3
                    assert value(figures, "stunner_cluster_bytes_total", "tx") == 300
                    assert value(figures, "stunner_cluster_packets_total", "rx") == 2
                    assert value(figures, "stunner_cluster_bytes_total", "rx") == 30
                assert value(live, "stunner_listener_packets_total", "rx") == 3 + 3
                assert value(live, "stunner_listener_packets_total", "tx") == 3 + 2
                assert value(live, "stunner_allocations_active") == 1
                assert value(past, "stunner_allocations_active") == 0
                assert value(past, "coinop_turn_allocations_ended_total", "deleted") == 1
                assert value(past, "coinop_turn_answers_total", "Allocate", "401") == 1

    run(scenario)


def test_indications_are_counted_once() -> None:
    async def scenario() -> None:
        async with serving() as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            with Peer() as peer:
                await caller.allocate()
                await caller.permit(peer.address)
                before = figures_of(node.gateway, node.places)
                await caller.indicate(bytes(100), peer.address)
                await peer.receive()
                peer.send(bytes(50), caller.relayed)
                await caller.receive()
                figures = figures_of(node.gateway, node.places)
                for name, direction in (
                    ("stunner_listener_packets_total", "rx"),
                    ("stunner_listener_packets_total", "tx"),
                    ("stunner_cluster_packets_total", "rx"),
                    ("stunner_cluster_packets_total", "tx"),
                ):
                    assert value(figures, name, direction) == value(before, name, direction) + 1

    run(scenario)


def test_connections_are_counted() -> None:
    async def scenario() -> None:
        async with serving() as node:
            async with Caller(await Stream.open(address_of(node, "tcp"))) as caller:
                await caller.allocate()
                figures = figures_of(node.gateway, node.places)
                name = "tcp:{}:{}".format(*address_of(node, "tcp"))
                assert value(figures, "stunner_listener_connections", name) == 1
                assert value(figures, "coinop_turn_connections") == 1
                await caller.way.send(b"\x40\x00\x00\x01x")
                await until(lambda: value(figures_of(node.gateway, node.places), "coinop_turn_dropped_total") == 1)
            await until(lambda: value(figures_of(node.gateway, node.places), "stunner_listener_connections", name) == 0)
            stranger = await Stream.open(address_of(node, "tcp"))
            await stranger.send(b"GET / HTTP/1.1")
            assert await stranger.receive() == b""
            await stranger.close()
            assert value(figures_of(node.gateway, node.places), "coinop_turn_connections_closed_total", "no_turn") == 1
            assert value(figures_of(node.gateway, node.places), "stunner_listener_connections_total", name) == 2

    run(scenario)


def test_processes_are_added_up() -> None:
    one: list[Figure] = [("stunner_allocations_active", (), 2), ("coinop_turn_dropped_total", ("malformed",), 5)]
    other: list[Figure] = [("stunner_allocations_active", (), 3), ("coinop_turn_dropped_total", ("stray",), 1)]
    figures = total([one, other])
    assert value(figures, "stunner_allocations_active") == 5
    assert value(figures, "coinop_turn_dropped_total") == 6
    assert counted(one) == [("coinop_turn_dropped_total", ("malformed",), 5)]


def test_the_exposition_has_the_names_that_boards_look_for() -> None:
    text = exposition(
        [
            ("stunner_allocations_active", (), 2),
            ("stunner_listener_connections", ("udp:127.0.0.1:3478",), 1),
            ("stunner_listener_connections_total", ("tcp:127.0.0.1:3478",), 7),
            ("stunner_listener_packets_total", ("udp:127.0.0.1:3478", "rx"), 3),
        ]
    ).decode()
    assert "\nstunner_allocations_active 2.0\n" in text
    assert 'stunner_listener_connections{name="udp:127.0.0.1:3478"} 1.0' in text
    assert 'stunner_listener_connections_total{name="tcp:127.0.0.1:3478"} 7.0' in text
    assert 'stunner_listener_packets_total{direction="rx",name="udp:127.0.0.1:3478"} 3.0' in text
