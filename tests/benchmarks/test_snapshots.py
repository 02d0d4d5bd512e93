from pathlib import Path

from benchmarks.snapshots import figures, play, show
from tests.cores.build import build
from tests.cores.own_process import in_own_process


@in_own_process
def test_a_game_is_played_and_its_states_are_kept(tmp_path: Path) -> None:
    game = tmp_path / "Game.echo"
    game.write_bytes(b"echo")
    found = play(build("echo", tmp_path), game, 30)
    assert found["state_kib"] == 0
    assert found["longest_ms"] > 0


def test_shares_are_of_one_core() -> None:
    found = figures(1 << 20, own=0.01, beside=0.06, longest=0.0012, seconds=20.0)
    assert found == {"state_kib": 1024, "frames_thread": 0.0005, "beside": 0.003, "longest_ms": 1.2}
    head, row = show({"games": [{"game": "Duel", **found}]}).splitlines()
    assert head.split() == ["game", "state", "KiB", "frames'", "thread", "beside", "longest", "ms"]
    assert row.split() == ["Duel", "1024", "0.05%", "0.30%", "1.2"]
