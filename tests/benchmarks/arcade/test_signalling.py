import json

import pytest

from benchmarks.arcade import signalling
from benchmarks.arcade.signalling import LEAVE, OFFER, START, TRICKLED
from benchmarks.measure.report import BenchmarkError
from coordinator.messages import decode_player_message


def test_the_figures() -> None:
    found = signalling.figures([0.001] * 98 + [0.002, 0.003], 0.2, 50.0)
    assert found["signalling_per_cpu_s"] == 500
    assert found["p50_ms"] == 1
    assert 2 <= found["p99_ms"] <= 3


def test_without_processor_time_there_are_none() -> None:
    with pytest.raises(BenchmarkError, match="longer"):
        signalling.figures([0.001], 0.0, 50.0)


def test_what_a_page_says_is_what_pages_say() -> None:
    for text in (START, *TRICKLED, LEAVE):
        decode_player_message(text)
    assert len(json.dumps(OFFER)) > 5000


async def test_sessions_come_and_go() -> None:
    found = await signalling.measure(40, 1)
    assert found["signalling_per_cpu_s"] > 0
    assert found["p99_ms"] >= found["p50_ms"] > 0
