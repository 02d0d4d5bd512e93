"""What a room's save is on top of: what its player knew, and its own saves before."""

from worker.store.lineage import Lineage
from worker.store.naming.versions import History, Version, after


def save(lineage: Lineage, number: int, based_on: Version | None = None) -> Version:
    parent = lineage.parent(str(based_on or ""))
    version = after(parent, number, bytes(4))
    lineage.saved(version, parent)
    return version


def test_a_first_save_is_on_top_of_what_was_there_on_entering() -> None:
    there = after(None, 1, bytes(4))
    lineage = Lineage()
    assert lineage.parent("") is None
    lineage.listed(History([there]))
    assert lineage.parent("") == there
    assert lineage.parent("no version") == there


def test_own_saves_follow_each_other_whatever_the_player_knew() -> None:
    there = after(None, 1, bytes(4))
    lineage = Lineage(base=there)
    first = save(lineage, 2, there)
    second = save(lineage, 3, there)
    third = save(lineage, 4, first)
    fourth = save(lineage, 5)
    assert [version.parent for version in (first, second, third, fourth)] == [there.id, first.id, second.id, third.id]


def test_another_room_s_save_that_the_player_knows_is_built_on() -> None:
    lineage = Lineage()
    own = save(lineage, 1)
    theirs = after(own, 2, b"them")
    assert save(lineage, 3, theirs).parent == theirs.id
    lineage.listed(History([own, theirs]))
    later = after(theirs, 9, b"them")
    lineage.listed(History([own, theirs, later]))
    assert lineage.parent("") == later


def test_what_was_listed_before_an_own_save_does_not_hide_it() -> None:
    there = after(None, 1, bytes(4))
    lineage = Lineage(base=there)
    own = save(lineage, 2)
    lineage.listed(History([there]))
    assert lineage.parent("") == own
