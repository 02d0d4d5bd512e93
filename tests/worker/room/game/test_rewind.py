"""The way back through states."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from worker.room.game.rewind import Rewind


def state(data: bytes) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.frombuffer(data, np.uint8).copy()


def popped(rewind: Rewind) -> tuple[bytes, int]:
    got = rewind.pop()
    assert got is not None
    return got[0].tobytes(), got[1]


@given(st.lists(st.binary(min_size=1, max_size=3), min_size=1, max_size=20))
def test_states_come_back_in_reverse_and_the_oldest_stays(states: list[bytes]) -> None:
    rewind = Rewind()
    for frame, data in enumerate(states):
        rewind.push(state(data), frame, oldest=0)
    assert len(rewind) == len(states)
    for frame in reversed(range(len(states))):
        assert popped(rewind) == (states[frame], frame)
    assert popped(rewind) == (states[0], 0)
    assert rewind.size == 0


@given(st.lists(st.one_of(st.none(), st.binary(min_size=2, max_size=2)), max_size=40))
def test_going_back_and_on_again_is_a_stack(steps: list[bytes | None]) -> None:
    rewind, stack = Rewind(), list[bytes]()
    for step in steps:
        if step is not None:
            rewind.push(state(step), 0, oldest=0)
            stack.append(step)
        elif stack:
            assert popped(rewind)[0] == stack[-1]
            if len(stack) > 1:
                stack.pop()
        else:
            assert rewind.pop() is None


def test_what_is_too_old_is_forgotten() -> None:
    rewind = Rewind()
    for frame in range(100):
        rewind.push(state(bytes([frame])), frame, oldest=frame - 10)
    assert len(rewind) == 11
    assert [popped(rewind)[1] for _ in range(12)] == [*range(99, 88, -1), 89]


def test_the_past_takes_no_more_than_its_share() -> None:
    rewind = Rewind(max_bytes=10_000)
    noise = np.random.default_rng(0)
    for frame in range(50):
        rewind.push(noise.integers(0, 256, 1000, np.uint8), frame, oldest=0)
        assert rewind.size <= 10_000
    assert 5 < len(rewind) < 12
    assert popped(rewind)[1] == 49
