"""Names in the store: nothing from outside gets into them unchecked, and snapshots sort by age."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.store.naming import keys
from worker.store.naming.keys import SnapshotId

PROFILE = "a" * 64
GAME = "0123456789abcdef"

ids = st.builds(SnapshotId, st.integers(0, 9), st.integers(0, 2**48 - 1), st.integers(0, 2**32 - 1))


def test_each_thing_has_its_folder() -> None:
    assert keys.slot(PROFILE, GAME, 3) == f"saves/{PROFILE}/{GAME}/03/"
    assert keys.slot(PROFILE, GAME, 3).startswith(keys.saves(PROFILE, GAME))
    assert keys.battery(PROFILE, GAME) == f"battery/{PROFILE}/{GAME}/"
    assert keys.battery("", GAME) == f"battery/shared/{GAME}/"
    assert keys.room("secret").startswith(keys.ROOMS)
    assert "secret" not in keys.room("secret")


@pytest.mark.parametrize("profile", ["..", "", "A" * 64, "a" * 63, f"{'a' * 64}\n", f"{'a' * 60}/../"])
def test_what_is_no_profile_names_no_folder(profile: str) -> None:
    assert not keys.is_profile(profile)
    with pytest.raises(ValueError, match="can't be part"):
        keys.saves(profile, GAME)


@pytest.mark.parametrize("game", ["..", "", "a/b", "game\n", ".", "a" * 129])
def test_what_is_no_game_names_no_folder(game: str) -> None:
    with pytest.raises(ValueError, match="can't be part"):
        keys.saves(PROFILE, game)
    with pytest.raises(ValueError, match="can't be part"):
        keys.battery("", game)


@given(ids, ids)
def test_names_of_snapshots_sort_as_their_marks_do(one: SnapshotId, other: SnapshotId) -> None:
    assert (str(one) < str(other)) == (one < other)
    assert keys.parse_snapshot_id(str(one)) == one


@given(ids, ids)
def test_a_later_process_comes_after_all_of_an_earlier(one: SnapshotId, other: SnapshotId) -> None:
    if (one.epoch, one.began) < (other.epoch, other.began):
        assert one.next < other


@given(ids, ids)
def test_a_process_that_goes_on_comes_after_the_one_before_unless_it_was_opened_earlier(
    one: SnapshotId, other: SnapshotId
) -> None:
    assert (one.after(other).epoch, one.after(other).number) == (one.epoch, one.number)
    assert (one.after(other) > other) == (one.epoch >= other.epoch)


@given(st.text(max_size=30))
def test_any_text_is_a_mark_that_says_the_same_or_none(text: str) -> None:
    id = keys.parse_snapshot_id(text)
    assert id is None or str(id) == text
