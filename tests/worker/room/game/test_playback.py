"""When a game runs, and who changed that."""

from worker.room.game.playback import Playback, Setting


def test_a_game_rests_until_somebody_is_there() -> None:
    playback = Playback()
    assert playback.resting
    playback.watched = True
    assert not playback.resting
    playback.frozen = True
    assert playback.resting


def test_a_paused_game_can_still_be_rewound() -> None:
    playback = Playback()
    playback.watched = True
    assert playback.pause(True, "Player 2")
    assert playback.resting
    assert playback.rewind(True, "Player 1")
    assert not playback.resting
    assert playback.rewind(False, "Player 1")
    assert playback.resting


def test_only_changes_are_changes() -> None:
    playback = Playback()
    assert not playback.pause(False, "Player 1")
    assert not playback.run_at(1, "Player 1")
    assert not playback.rewind(False, "Player 1")
    assert playback.by == ""
    assert playback.run_at(4, "Player 2")
    assert not playback.run_at(4, "Player 1")
    assert (playback.speed, playback.by) == (4, "Player 2")


def test_what_a_snapshot_keeps_is_taken_up() -> None:
    one, other = Playback(), Playback()
    one.pause(True, "Player 2")
    one.run_at(2, "Player 1")
    other.take_up(one.setting)
    assert other.setting == one.setting == Setting(paused=True, by="Player 1", speed=2)
    assert not other.watched
