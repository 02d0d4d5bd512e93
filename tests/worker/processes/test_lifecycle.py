import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.processes.lifecycle import TRANSITIONS, Event, Lifecycle, State, TimeLimits, UnexpectedEventError

PATIENCE = TimeLimits(start=10, open=5, silence=3, close=1)


def test_a_life_from_start_to_end() -> None:
    life = Lifecycle(PATIENCE, 100)
    assert (life.state, life.deadline) == (State.STARTING, 110)
    life.step(Event.READY, 101)
    assert (life.state, life.deadline) == (State.SPARE, None)
    life.step(Event.OPEN_SENT, 200)
    assert (life.state, life.deadline) == (State.OPENING, 205)
    life.step(Event.OPENED, 202)
    assert (life.state, life.deadline) == (State.OPEN, 205)
    life.step(Event.CLOSE_SENT, 203)
    assert (life.state, life.deadline) == (State.CLOSING, 204)
    life.step(Event.ENDED, 203.5)
    assert (life.state, life.deadline) == (State.GONE, None)


def test_only_figures_show_that_an_open_room_lives() -> None:
    life = Lifecycle(PATIENCE, 0)
    for event in (Event.READY, Event.OPEN_SENT, Event.OPENED):
        life.step(event, 0)
    life.step(Event.VIEWER, 2)
    assert life.deadline == 3
    life.step(Event.FIGURES, 2)
    assert life.deadline == 5


def test_an_opening_room_gets_no_more_time_for_being_talkative() -> None:
    life = Lifecycle(PATIENCE, 0)
    for event in (Event.OPEN_SENT, Event.READY, Event.FIGURES, Event.VIEWER):
        life.step(event, 4)
    assert (life.state, life.deadline) == (State.OPENING, 9)


@pytest.mark.parametrize(
    ("state", "event"),
    [
        (State.STARTING, Event.OPENED),
        (State.SPARE, Event.READY),
        (State.SPARE, Event.FIGURES),
        (State.OPEN, Event.OPENED),
        (State.GONE, Event.ENDED),
    ],
)
def test_what_can_not_come_raises_and_changes_nothing(state: State, event: Event) -> None:
    life = Lifecycle(PATIENCE, 0)
    life.state = state
    with pytest.raises(UnexpectedEventError) as caught:
        life.step(event, 1)
    assert (caught.value.state, caught.value.event) == (state, event)
    assert str(caught.value) == f"{event.name} can't come in state {state.name}"
    assert life.state is state


def test_any_process_may_end_at_any_time() -> None:
    for state in State:
        if state is not State.GONE:
            assert TRANSITIONS[state][Event.ENDED] is State.GONE


@given(st.lists(st.sampled_from(Event)))
def test_only_a_spare_and_a_gone_process_may_stay_as_they_are(events: list[Event]) -> None:
    life = Lifecycle(PATIENCE, 0)
    for now, event in enumerate(events):
        try:
            life.step(event, now)
        except UnexpectedEventError:
            continue
        assert (life.deadline is None) == (life.state in (State.SPARE, State.GONE))
