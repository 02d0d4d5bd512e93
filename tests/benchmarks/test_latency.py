from typing import Any

import pytest

from benchmarks import latency
from benchmarks.arcade import stack
from benchmarks.arcade.browser import PROBE, chromium
from benchmarks.latency import LAMP, PICTURE, Turn


def sample(pressed: float, **changes: Any) -> dict[str, Any]:
    moments = {"received": 13.0, "presented": 16.0, "shown": 20.0, "displayed": 17.0}
    times = {name: pressed + ms for name, ms in moments.items()}
    return {"pressed": pressed, **times, "ticks": 0, "roundTrip": 1.0, **changes}


def turn() -> Turn:
    made = Turn()
    receiver = {"bufferDelay": 1.0, "buffered": 100, "decodeTime": 1.0, "decoded": 100, "codec": "video/H264"}
    later = {"bufferDelay": 1.05, "buffered": 200, "decodeTime": 1.1, "decoded": 200, "codec": "video/H264"}
    worker = {stack.FRAMES: 50.0, stack.RUN: 1.0, stack.ENCODE: 2.0}
    worked = {stack.FRAMES: 150.0, stack.RUN: 1.07, stack.ENCODE: 2.04}
    for at in (0.0, 1000.0):
        made.add([sample(at)], (receiver, later), (worker, worked))
    return made


def test_the_figures_of_a_stream() -> None:
    found = latency.stream_figures(turn())
    assert found["p50_ms"] == found["p95_ms"] == found["mean_ms"] == 20.0
    assert found["presses"] == 2
    assert found["presentation_time"] == {"p50_ms": 16.0, "p95_ms": 16.0}
    assert found["jitter_buffer_ms"] == 0.5
    assert found["decode_ms"] == 1.0
    assert found["rtt_ms"] == 1.0
    assert found["shown_after_first_frame_ms"] == 0.0


def test_the_stages_add_up() -> None:
    stages = latency.stages(turn())
    assert sum(stages.values()) == pytest.approx(20.0)
    assert stages["run"] == pytest.approx(0.7)
    assert stages["encode"] == pytest.approx(0.4)
    assert stages["wait_for_frame"] == pytest.approx(13.0 - 1.0 - 0.7 - 0.4)
    assert stages["wait_for_refresh"] == pytest.approx(7.0 - 0.5 - 1.0)


def test_figures_that_a_browser_does_not_give_are_left_out() -> None:
    made = turn()
    made.samples = [sample(0.0, ticks=None, roundTrip=None)]
    found = latency.stream_figures(made)
    assert found["rtt_ms"] == 0.0
    assert found["shown_after_first_frame_ms"] is None


def test_the_table_compares_and_splits() -> None:
    stream = latency.stream_figures(turn())
    shown = latency.show(
        {"reference": latency.reference_figures(turn()), **dict.fromkeys(latency.STREAMS, stream), "machine_busy": 0.5}
    )
    upper, lower, machine = shown.split("\n\n")
    assert [row.split()[0] for row in upper.splitlines()[1:]] == ["reference", "h264", "vp8", "h264_relayed"]
    assert [row.split()[0] for row in lower.splitlines()[1:]] == [*stream["stages_ms"], "all"]
    assert machine == "The machine was busy for 50% of the time."


async def test_the_reference_answers_in_a_real_browser() -> None:
    async with chromium() as browser:
        page = await browser.new_page()
        await page.add_init_script(path=PROBE)
        await page.goto("about:blank")
        found = await latency.probe(page, "reference", 3, LAMP, PICTURE, {"width": 512, "height": 480})
    made = Turn()
    made.add(found["samples"])
    figures = latency.reference_figures(made)
    assert figures["presses"] == 3
    assert figures["p50_ms"] > 0
