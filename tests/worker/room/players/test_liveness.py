"""Silence, and what follows from it."""

from worker.room.players.liveness import ABSENT_SECONDS, GONE_SECONDS, RELEASE_SECONDS, Liveness

PING_SECONDS = 0.2


def test_a_viewer_that_was_never_heard_is_not_missed() -> None:
    liveness = Liveness()
    assert not liveness.must_release(1e9)
    assert not liveness.is_absent(1e9)
    assert not liveness.is_gone(1e9)


def test_silence_costs_the_buttons_then_the_game_then_the_place() -> None:
    liveness = Liveness()
    liveness.mark_heard(10.0)
    assert not liveness.must_release(10.0 + RELEASE_SECONDS)
    assert liveness.must_release(10.1 + RELEASE_SECONDS)
    assert not liveness.must_release(10.2 + RELEASE_SECONDS), "once for each silence"
    assert not liveness.is_absent(10.0 + ABSENT_SECONDS)
    assert liveness.is_absent(10.1 + ABSENT_SECONDS)
    assert not liveness.is_gone(10.0 + GONE_SECONDS)
    assert liveness.is_gone(10.1 + GONE_SECONDS)


def test_a_sign_of_life_ends_the_silence() -> None:
    liveness = Liveness()
    liveness.mark_heard(0.0)
    assert liveness.must_release(4.0)
    liveness.mark_heard(4.1)
    assert not liveness.is_absent(4.2)
    assert liveness.must_release(6.0)


def test_four_lost_pings_in_a_row_are_no_alarm() -> None:
    liveness = Liveness()
    liveness.mark_heard(0.0)
    assert not liveness.must_release(5 * PING_SECONDS - 0.001)
