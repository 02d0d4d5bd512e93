"""What a room's save is on top of: what its player knew, and its own saves before."""

from worker.store.lineage import Line
from worker.store.naming.versions import History, Version, after


def save(line: Line, number: int, based_on: Version | None = None) -> Version:
    parent = line.parent(str(based_on or ""))
    version = after(parent, number, bytes(4))
    line.saved(version, parent)
    return version


def test_a_first_save_is_on_top_of_what_was_there_on_entering() -> None:
    there = after(None, 1, bytes(4))
    line = Line()
    assert line.parent("") is None
    line.listed(History([there]))
    assert line.parent("") == there
    assert line.parent("no version") == there


def test_own_saves_follow_each_other_whatever_the_player_knew() -> None:
    there = after(None, 1, bytes(4))
    line = Line(base=there)
    first = save(line, 2, there)
    second = save(line, 3, there)
    third = save(line, 4, first)
    fourth = save(line, 5)
    assert [version.parent for version in (first, second, third, fourth)] == [there.id, first.id, second.id, third.id]


def test_another_room_s_save_that_the_player_knows_is_built_on() -> None:
    line = Line()
    own = save(line, 1)
    theirs = after(own, 2, b"them")
    assert save(line, 3, theirs).parent == theirs.id
    line.listed(History([own, theirs]))
    later = after(theirs, 9, b"them")
    line.listed(History([own, theirs, later]))
    assert line.parent("") == later


def test_what_was_listed_before_an_own_save_does_not_hide_it() -> None:
    there = after(None, 1, bytes(4))
    line = Line(base=there)
    own = save(line, 2)
    line.listed(History([there]))
    assert line.parent("") == own
