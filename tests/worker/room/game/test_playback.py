"""When a game runs, and the player who changed that."""

from worker.room.game.playback import PlaybackControl, PlaybackSetting


def test_a_game_rests_until_somebody_is_there() -> None:
    playback = PlaybackControl()
    assert playback.resting
    playback.watched = True
    assert not playback.resting
    playback.frozen = True
    assert playback.resting


def test_a_paused_game_can_still_be_rewound() -> None:
    playback = PlaybackControl()
    playback.watched = True
    assert playback.pause(True, "Player 2")
    assert playback.resting
    assert playback.rewind(True, "Player 1")
    assert not playback.resting
    assert playback.rewind(False, "Player 1")
    assert playback.resting


def test_only_changes_are_changes() -> None:
    playback = PlaybackControl()
    assert not playback.pause(False, "Player 1")
    assert not playback.run_at(1, "Player 1")
    assert not playback.rewind(False, "Player 1")
    assert playback.by == ""
    assert playback.run_at(4, "Player 2")
    assert not playback.run_at(4, "Player 1")
    assert (playback.speed, playback.by) == (4, "Player 2")


def test_what_a_snapshot_keeps_is_restored() -> None:
    one, other = PlaybackControl(), PlaybackControl()
    one.pause(True, "Player 2")
    one.run_at(2, "Player 1")
    other.restore(one.setting)
    assert other.setting == one.setting == PlaybackSetting(paused=True, by="Player 1", speed=2)
    assert not other.watched
