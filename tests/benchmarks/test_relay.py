import argparse
import dataclasses
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import relay
from benchmarks.gateway import client, servers
from benchmarks.gateway import load as generator
from benchmarks.gateway.client import Client, Credentials, RelayError
from benchmarks.gateway.load import BOTH, CLIENT_TO_PEER, PEER_TO_CLIENT, Count, Load, Target
from benchmarks.gateway.scaling import scaling
from benchmarks.measure.report import BenchmarkError
from benchmarks.relay import SHORT, Run

REQUIRED = {"direction", "burst", "size", "sessions", "processes", "ours_per_cpu_s", "coturn_per_cpu_s", "ratio"} | {
    "loss",
    "added_p99_ms",
    "coturn_added_p99_ms",
}


def window(received: int, cpu: float, p99: float, sent: int = 100) -> dict[str, float]:
    return {"sent": sent, "received": received, "cpu": cpu, "busiest": cpu, "late": 0.0, "p50_ms": 0.01, "p99_ms": p99}


WINDOWS = {
    "ours": [window(100, 0.001, 0.2), window(100, 0.002, 0.3), window(97, 0.004, 9.0)],
    "coturn": [window(100, 0.002, 0.2), window(100, 0.004, 0.4), window(100, 0.008, 0.5)],
    "direct": [window(100, 0.0, 0.1)] * 3,
}
RUN = Run(1, PEER_TO_CLIENT, 4, 1100, 60)


def test_the_figures_of_a_run_are_medians_of_its_windows() -> None:
    found = relay.figures(RUN, WINDOWS)
    assert found.keys() >= REQUIRED
    assert (found["direction"], found["burst"], found["size"], found["sessions"]) == (PEER_TO_CLIENT, 4, 1100, 60)
    assert found["ours_per_cpu_s"] == 50_000
    assert found["coturn_per_cpu_s"] == 25_000
    assert found["ratio"] == 2.0
    assert found["busiest_share"] == 1.0
    assert found["loss"] == 0.01
    assert found["added_p99_ms"] == 0.2
    assert found["coturn_added_p99_ms"] == 0.3


def test_nothing_that_comes_through_is_no_figure() -> None:
    with pytest.raises(BenchmarkError, match="Nothing came through coturn"):
        relay.figures(RUN, WINDOWS | {"coturn": [window(0, 0.001, 0.0)]})


def test_the_table_has_a_row_for_each_run_and_each_server() -> None:
    costs = {"allocations_per_s": 4000, "allocations_per_cpu_s": 5000, "kib_per_allocation": 5.5}
    runs = [relay.figures(RUN, WINDOWS)] * 2
    theirs = {f"coturn_{name}": value for name, value in costs.items()}
    scaled = [dict.fromkeys(("processes", "burst", "size", "sessions"), 2)]
    scaled[0] |= {"per_cpu_s_of_one": 0.97, "busiest_share": 0.52, "times_one": 1.87}
    shown = relay.show({"coturn": "4.6.1", "runs": runs, "scaling": scaled, **costs, **theirs})
    upper, middle, lower = shown.split("\n\n")
    assert len(upper.splitlines()) == 3
    assert "1.87" in middle
    assert "coturn 4.6.1" in lower


def test_the_short_plan_holds_every_load_with_a_target() -> None:
    targets = {("peer_to_client", 4, 60), ("peer_to_client", 12, 60), ("peer_to_client", 1, 200)}
    assert targets <= {(run.direction, run.burst, run.sessions) for run in relay.SHORT if run.processes == 1}
    assert {run.processes for run in relay.SHORT} == {1, 2}
    assert {run.direction for run in relay.SHORT} == set(generator.DIRECTIONS)
    assert set(relay.SHORT) <= set(relay.FULL)
    assert len(relay.FULL) == len(set(relay.FULL)) >= 2 * 3 * 3 * 3 * 4
    assert len(scaling([{**dataclasses.asdict(run), "ours_per_cpu_s": 1, "busiest_share": 1} for run in SHORT])) == 2


@given(st.binary(max_size=200))
def test_any_answer_is_parsed_or_refused(data: bytes) -> None:
    try:
        _, transaction, attributes = client.parse(data)
    except RelayError:
        return
    assert len(transaction) == 12
    assert client.error_code(attributes) >= 0


@given(st.tuples(st.ip_addresses(v=4).map(str), st.integers(0, 65535)))
def test_addresses_are_xored_there_and_back(address: tuple[str, int]) -> None:
    assert client.unpack_address(client.pack_address(address)) == address


def test_the_integrity_is_that_of_rfc_5769() -> None:
    """Section 2.4: a request with long-term credentials."""
    credentials = Credentials(
        "\u30de\u30c8\u30ea\u30c3\u30af\u30b9", "TheMatrIX", b"example.org", b"f//499k954d6OL34oL9FSTvy64sA"
    )
    sent = client.request(1, {}, credentials, bytes.fromhex("78ad3433c6ad72c029da412e"))
    assert sent[-20:].hex() == "f67024656dd64a3e02b8e0712e85c9a28ca89666"
    kind, _, attributes = client.parse(sent)
    assert kind == 1
    assert attributes[client.NONCE] == credentials.nonce


def test_a_load_is_the_same_after_its_way_to_the_generator() -> None:
    targets = (Target("ours", ("127.0.0.1", 3478), "user", "password", (1, 2)), Target("direct"))
    load = Load(targets, BOTH, 4, 1100, 60, 2, 0.5)
    assert generator.read(json.dumps(dataclasses.asdict(load))) == load


@pytest.mark.parametrize("direction", generator.DIRECTIONS)
@pytest.mark.parametrize("gso", [True, False])
@pytest.mark.parametrize("gro", [True, False])
def test_the_direct_way_loses_nothing(direction: str, gso: bool, gro: bool) -> None:
    load = Load((Target("direct"),), direction, 4, 160, 3, 2, 0.1, gso, gro)
    counts = generator.run(load)["direct"]
    assert len(counts) == 2
    for count in counts:
        assert count.received == count.sent == 6 * 4 * 3 * (2 if direction == BOTH else 1)
        assert len(count.delays) == count.received
        assert min(count.delays) > 0


def test_a_summary_has_percentiles_even_of_nothing() -> None:
    assert generator.summary(Count())["p99_ms"] == 0.0
    found = generator.summary(Count(delays=[place * 1_000_000 for place in range(101)]))
    assert (found["p50_ms"], found["p99_ms"]) == (50.0, 99.0)


def test_the_clock_of_a_process_is_read() -> None:
    assert generator.cpu_seconds((os.getpid(),)) > 0
    assert generator.cpu_seconds(()) == 0


async def test_coturn_serves_as_the_benchmark_needs_it() -> None:
    async with servers.coturn(1) as server:
        load = Load((server.target(),), CLIENT_TO_PEER, 2, 160, 2, 1, 0.2)
        (count,) = generator.run(load)["coturn"]
        assert count.received == count.sent == 12 * 2 * 2
        assert count.cpu > 0
        wrong = Client(server.address, Credentials(server.credentials.username, "guessed"))
        with wrong.socket, pytest.raises(RelayError, match="error 401") as refused:
            wrong.allocate()
        assert refused.value.code == 401


def test_coturn_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BenchmarkError, match="apt-get install coturn"):
        servers.coturn_version()


async def test_the_whole_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both servers, one short load, and allocations."""
    monkeypatch.setattr(relay, "SHORT", (Run(1, BOTH, 4, 160, 2),))
    monkeypatch.setattr(relay, "ALLOCATIONS", 50)
    parser = argparse.ArgumentParser()
    relay.add_options(parser)
    found = await relay.measure(parser.parse_args(["--rounds", "2", "--seconds", "0.2"]))
    assert found["coturn"][0].isdigit()
    (run,) = found["runs"]
    assert run["loss"] == run["coturn_loss"] == 0
    assert run["ratio"] > 0
    assert run["busiest_share"] == 1.0
    assert found["allocations"] == 50
    assert found["allocations_per_s"] > 0
    assert found["coturn_allocations_per_s"] > 0
    assert json.loads(json.dumps(found)) == found


async def test_a_failure_of_the_generator_is_one_sentence() -> None:
    with pytest.raises(BenchmarkError, match=r"^The load generator failed: KeyError: 'targets'$"):
        await relay._in_process("benchmarks.gateway.load", {})
