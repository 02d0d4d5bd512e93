"""What processes are handed down, and what they tell each other; test_server.py has them run."""

import asyncio
import sys
import textwrap
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.turn.live_gateway import run, settings, until
from turn.gateway.sockets import bind, close
from turn.http.metrics import Figure
from turn.processes import HANDED_DOWN, HandedDown, Said, Siblings

PROGRAM = f"""
import json, os, socket, sys
handed = json.loads(os.environ["{HANDED_DOWN}"])
control = socket.socket(fileno=handed["control"])
lines = control.makefile("rw")
"""
"""How a process begins that does not do what it should."""


def command(rest: str) -> tuple[str, ...]:
    return sys.executable, "-c", PROGRAM + textwrap.dedent(rest)


OBEDIENT = """
print('{"ready": true}', file=lines, flush=True)
for line in lines:
    if line == "drain\\n":
        break
    print(json.dumps({"figures": [["stunner_allocations_active", [], 3], ["coinop_turn_dropped_total", ["x"], 2]]}),
          file=lines, flush=True)
"""
DYING = "sys.exit(3)"
CONFUSED = """
print('{"ready": true}', file=lines, flush=True)
print("nonsense", file=lines, flush=True)
lines.read()
"""
"""What it says makes no sense, and it does not end by itself."""


@given(st.integers(0, 1000), st.lists(st.tuples(st.sampled_from(["udp", "tcp"]), st.integers(0, 99))), st.binary())
def test_what_is_handed_down_arrives(control: int, sockets: list[tuple[str, int]], key: bytes) -> None:
    handed = HandedDown(control, tuple(sockets), key)
    assert HandedDown.from_environment(handed.to_environment()) == handed


def started(rest: str, count: int = 2, **changes: float) -> tuple[Siblings, list]:
    config = settings(processes=count, **changes)
    bound = bind(config)
    return Siblings(config, bound, b"key", command(rest)), bound


def test_they_are_ready_add_up_and_end() -> None:
    async def scenario() -> None:
        siblings, bound = started(OBEDIENT)
        stop = asyncio.Event()
        running = asyncio.create_task(siblings.run(stop))
        assert siblings.state == "NOT-READY"
        await until(lambda: siblings.state == "READY")
        figures = dict((name, value) for name, _, value in await siblings.figures())
        assert figures["stunner_allocations_active"] == 6
        assert figures["coinop_turn_dropped_total"] == 4
        stop.set()
        await running
        assert siblings.state == "TERMINATING"
        await siblings.close()
        for each in bound:
            close(each)

    run(scenario)


@pytest.mark.parametrize("rest", [DYING, CONFUSED])
def test_one_that_ends_is_started_again_more_and_more_slowly(
    rest: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        monkeypatch.setattr("turn.processes.FIRST_DELAY", 0.001)
        siblings, bound = started(rest, count=1)
        stop = asyncio.Event()
        running = asyncio.create_task(siblings.run(stop))
        await until(lambda: caplog.text.count("starting it again") == 3)
        figures = await siblings.figures()
        assert [value for name, _, value in figures if name == "coinop_turn_restarts_total"] == [3]
        stop.set()
        await siblings.close()
        await running
        for each in bound:
            close(each)

    run(scenario)


figures = st.lists(
    st.tuples(st.text(), st.lists(st.text()).map(tuple), st.floats(allow_nan=False, allow_infinity=False))
)


@given(st.booleans(), st.none() | figures)
def test_what_is_said_is_heard(ready: bool, counted: list[Figure] | None) -> None:
    assert Said.from_line(Said(ready, counted).to_line()) == Said(ready, counted)


@given(st.binary(max_size=60))
@example(b"5\n")
@example(b'{"figures": [["name", [], "many"]]}\n')
@example(100_000 * b"[")
def test_any_line_is_heard_or_refused(line: bytes) -> None:
    with suppress(ValueError):
        assert isinstance(Said.from_line(line), Said)
