"""How the rooms do, as the coordinator is told."""

import math

from hypothesis import given
from hypothesis import strategies as st

from coordinator.messages import MAX_FIGURES, decode_worker_message, encode
from worker.agent.report import Reporter
from worker.messages.control import Figures, ViewerFigures

ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True)


def figures(frames: int, late: int = 0, encode_seconds: float = 0.0, **more: object) -> Figures:
    values = {
        "frames": frames,
        "late_frames": late,
        "run_seconds": 0.0,
        "encode_seconds": encode_seconds,
        "video_bytes": 0,
        "audio_bytes": 0,
        "keyframes": 0,
        "fps": 60.0,
        "bitrate": 0.0,
        **more,
    }
    return Figures(**values)  # type: ignore[arg-type]


def test_what_is_told_is_what_happened_since_the_report_before() -> None:
    reporter = Reporter()
    list(reporter.report([("r1", figures(600, late=300, encode_seconds=6.0))]))

    [message] = reporter.report([("r1", figures(720, late=306, encode_seconds=6.24))])

    assert (message.rooms[0].late, message.rooms[0].encode_ms) == (0.05, 2.0)


def test_a_room_that_stands_still_has_no_late_frames() -> None:
    reporter = Reporter()
    list(reporter.report([("r1", figures(600))]))

    [message] = reporter.report([("r1", figures(600, fps=0.0))])

    assert (message.rooms[0].fps, message.rooms[0].late, message.rooms[0].encode_ms) == (0, 0, 0)


def test_of_the_viewers_the_farthest_counts() -> None:
    viewers = (
        ViewerFigures(viewer="v1"),
        ViewerFigures(viewer="v2", rtt_seconds=0.02, loss=0.5),
        ViewerFigures(viewer="v3", rtt_seconds=0.08, loss=0.25),
    )

    [message] = Reporter().report([("r1", figures(1, viewers=viewers))])

    assert (message.rooms[0].rtt_ms, message.rooms[0].loss) == (80.0, 0.5)


def test_rooms_that_have_said_nothing_are_left_out_and_without_rooms_nothing_is_sent() -> None:
    assert list(Reporter().report([("r1", None)])) == []
    assert list(Reporter().report([])) == []


def test_very_many_rooms_are_told_in_several_messages() -> None:
    rooms = [(f"r{number}", figures(1)) for number in range(MAX_FIGURES + 1)]

    assert [len(message.rooms) for message in Reporter().report(rooms)] == [MAX_FIGURES, 1]


@given(
    frames=st.lists(st.integers(-(2**60), 2**60), min_size=2, max_size=4),
    seconds=ANY_FLOAT,
    fps=ANY_FLOAT,
    rtt=st.none() | ANY_FLOAT,
    loss=st.none() | ANY_FLOAT,
)
def test_whatever_a_damaged_room_says_can_be_sent(
    frames: list[int], seconds: float, fps: float, rtt: float | None, loss: float | None
) -> None:
    reporter = Reporter()
    viewers = (ViewerFigures(viewer="v1", rtt_seconds=rtt, loss=loss),)
    for count in frames:
        said = figures(count, late=count // 2, encode_seconds=seconds, fps=fps, viewers=viewers)
        for message in reporter.report([("r1", said)]):
            assert decode_worker_message(encode(message)) == message
            assert math.isfinite(message.rooms[0].fps)
