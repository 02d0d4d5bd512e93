"""What of a battery memory is worth storing."""

from worker.room.game.battery import Battery


def test_a_memory_that_was_never_written_to_is_not_stored() -> None:
    battery = Battery(None)
    assert not battery.changed(b"\xff" * 64)
    assert not battery.changed(bytes(64))
    assert battery.changed(b"\xff" * 63 + b"\x00")


def test_only_what_changed_is_stored() -> None:
    battery = Battery(b"score")
    assert not battery.changed(b"score")
    assert battery.changed(b"Score")
    battery.handed_on(b"Score")
    assert not battery.changed(b"Score")
    assert battery.changed(bytes(5)), "also when all of it was erased"
