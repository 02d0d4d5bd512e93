"""What the names of a slot's versions tell: whatever two rooms do at once, nothing that was saved is lost unseen."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.store.naming.versions import KEEP, MAX_HEADS, NOTHING, History, Version, after, parse


def chain(length: int, parent: Version | None = None, start: int = 1) -> list[Version]:
    versions: list[Version] = []
    for number in range(length):
        parent = after(parent, start + number, number.to_bytes(4, "big"))
        versions.append(parent)
    return versions


@given(st.text(max_size=60))
def test_any_text_is_a_version_that_says_the_same_or_none(text: str) -> None:
    version = parse(text)
    assert version is None or str(version) == text


@given(st.integers(0, 2**60), st.binary(min_size=4, max_size=4), st.booleans(), st.booleans())
def test_a_version_is_read_back_from_its_name(milliseconds: int, salt: bytes, blind: bool, gone: bool) -> None:
    version = after(None, milliseconds, salt, blind=blind)
    version = version.tombstone if gone else version
    assert parse(str(version)) == version


@given(st.integers(0, 2**47), st.integers(0, 2**47))
def test_a_version_sorts_after_its_parent_whatever_the_clocks_say(first: int, second: int) -> None:
    parent = after(None, first, bytes(4))
    assert parent < after(parent, second, bytes(4))


def test_an_empty_slot_has_nothing() -> None:
    history = History([])
    assert (history.newest, history.heads, history.superfluous()) == (None, [], [])


def test_the_newest_of_a_chain_is_its_only_head() -> None:
    versions = chain(3)
    history = History(versions)
    assert history.heads == [versions[2]]
    assert history.newest == versions[2]
    assert history.find("") == versions[::-1]
    assert history.find(str(versions[0])) == [versions[0]]
    assert history.find("nonsense") == []
    assert history.find(str(after(None, 9, b"gone"))) == []


def test_two_saves_on_top_of_one_version_are_both_heads() -> None:
    [base] = chain(1)
    mine, yours = after(base, 10, b"mine"), after(base, 11, b"your")
    history = History([base, mine, yours])
    assert history.heads == [mine, yours]
    assert history.newest == yours
    assert history.superfluous() == []


def test_what_was_written_without_reading_stays_behind_what_was_not() -> None:
    known = after(None, 1, bytes(4))
    blind = after(None, 2, bytes(4), blind=True)
    more = after(blind, 3, bytes(4), blind=True)
    assert History([known, blind, more]).heads == [known, more]
    assert History([known, blind, more]).newest == known
    assert History([blind, more]).newest == more
    assert History([known, blind, more, after(more, 4, bytes(4))]).newest == after(more, 4, bytes(4))


def test_the_newest_versions_and_every_head_are_kept() -> None:
    versions = chain(KEEP + 3)
    other = after(versions[0], 2, b"head")
    history = History([*versions, other])
    assert history.superfluous() == versions[:3]


def test_deleting_a_version_leaves_no_false_contradiction() -> None:
    first, second, third = chain(3)
    assert History([first, second.tombstone, second, third]).heads == [third]
    assert History([first, second.tombstone, third]).heads == [third]
    assert History([first, second.tombstone, third.tombstone]).heads == [first]


def test_a_mark_goes_after_what_it_marks() -> None:
    [version] = chain(1)
    assert History([version, version.tombstone]).superfluous() == [version, version.tombstone]
    first, second, third = chain(3)
    assert History([first, second.tombstone, third]).superfluous() == []


def test_heads_without_number_are_bounded() -> None:
    heads = [after(None, number, bytes(4)) for number in range(1, MAX_HEADS + 5)]
    assert History(heads).superfluous() == heads[:4]


# ----- two rooms, one slot


@dataclass
class Writer:
    """A room: it knows the slot as it last read it, and what it wrote itself."""

    clock: int
    based_on: Version | None = None
    wrote: list[Version] = field(default_factory=list)


STEPS = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from(["save", "read", "prune", "prune half"])), min_size=1, max_size=50
)


@given(STEPS, st.integers(0, 100_000), st.integers(0, 100_000))
def test_no_interleaving_of_two_rooms_loses_what_nobody_saved_over(
    steps: list[tuple[int, str]], clock: int, other_clock: int
) -> None:
    store: set[Version] = set()
    seen_over: set[Version] = set()  # what a later save knew of, and so was allowed to replace
    rooms = [Writer(clock), Writer(other_clock)]
    for number, (which, step) in enumerate(steps):
        room = rooms[which]
        if step == "save":
            version = after(room.based_on, room.clock + number, number.to_bytes(4, "big"))
            if room.based_on:
                seen_over.add(room.based_on)
            store.add(version)
            room.wrote.append(version)
            room.based_on = version
        elif step == "read":
            room.based_on = History(store).newest
        else:
            superfluous = History(store).superfluous()
            store -= set(superfluous[: len(superfluous) // 2 if step == "prune half" else None])
        written = {version for room in rooms for version in room.wrote}
        assert set(History(store).heads) == written - seen_over
        newest = sorted(written)[-KEEP:]
        assert set(newest) <= store


@given(STEPS, st.sets(st.integers(0, 59), max_size=10))
def test_pruning_shows_no_head_that_was_none(steps: list[tuple[int, str]], deleted: set[int]) -> None:
    store: list[Version] = []
    bases: list[Version | None] = [None, None]
    for number, (which, step) in enumerate(steps):
        if step == "read":
            bases[which] = History(store).newest
        else:
            bases[which] = after(bases[which], number, number.to_bytes(4, "big"))
            store.append(bases[which])
    for number in deleted & set(range(len(store))):
        store.append(store[number].tombstone)
    before = History(store)
    for count in range(len(before.superfluous()) + 1):
        left = set(store) - set(before.superfluous()[:count])
        assert History(left).heads == before.heads


@pytest.mark.parametrize("name", ["", "00", "0" * 41, f"{NOTHING}-{NOTHING}-lost", f"{NOTHING}-{NOTHING}\n"])
def test_other_names_are_no_versions(name: str) -> None:
    assert parse(name) is None
