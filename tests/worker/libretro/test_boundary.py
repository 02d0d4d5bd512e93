"""Exceptions on their way over C."""

import pytest

from worker.libretro.boundary import Boundary


def test_an_exception_is_raised_after_the_call_and_the_default_given() -> None:
    boundary = Boundary()
    answers: list[int] = []

    def fail(number: int) -> int:
        raise LookupError(number)

    callback = boundary.callback("int(int)", fail, default=7)
    calls_twice = boundary.callback("int(int)", lambda number: answers.extend([callback(number), callback(9)]) or 0)
    with pytest.raises(LookupError, match="3"):
        boundary.call(calls_twice, 3)
    assert answers == [7, 7]


def test_a_call_after_that_is_clean() -> None:
    boundary = Boundary()

    def fail() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        boundary.call(boundary.callback("void(void)", fail))
    assert boundary.call(boundary.callback("int(void)", lambda: 5)) == 5


def test_a_wrong_type_from_a_callback_is_an_exception_too() -> None:
    boundary = Boundary()
    with pytest.raises(TypeError):
        boundary.call(boundary.callback("int(void)", lambda: "text"))
