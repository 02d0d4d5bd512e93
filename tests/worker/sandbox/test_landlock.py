"""Grants hold, in a process of their own, for they can't be taken back."""

from pathlib import Path

import pytest

from tests.cores.own_process import run_in_own_process
from worker.sandbox import kernel, landlock
from worker.sandbox.landlock import KEEP, READ, USE, Grant

pytestmark = pytest.mark.skipif(landlock.abi() < landlock.LEAST_ABI, reason="no Landlock on this machine")


def works(action: str, path: Path) -> bool:
    try:
        match action:
            case "read":
                path.read_bytes()
            case "list":
                list(path.iterdir())
            case "write":
                path.write_bytes(b"new")
            case "append":
                with path.open("ab"):
                    pass
            case "remove":
                path.unlink()
            case "link":
                path.symlink_to("/etc/passwd")
    except PermissionError:
        return False
    return True


def restricted(grants: list[Grant], attempts: list[tuple[str, Path]], version: int) -> list[bool]:
    kernel.forbid_new_privileges()
    landlock.restrict(version, grants)
    return [works(*attempt) for attempt in attempts]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("games/a.bin", "games/b.bin", "saves/old.srm", "saves/more/deep", "other/secret", "one", "device"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"old")
    return tmp_path


@pytest.mark.parametrize("version", range(landlock.LEAST_ABI, landlock.abi() + 1))
def test_files_can_be_used_as_granted_and_not_otherwise(place: Path, version: int) -> None:
    grants = [
        Grant(place / "games", READ),
        Grant(place / "one", READ),
        Grant(place / "device", USE),
        Grant(place / "saves", KEEP),
        Grant(place / "absent", KEEP),
    ]
    allowed = [
        ("read", place / "games/a.bin"),
        ("list", place / "games"),
        ("read", place / "one"),
        ("write", place / "device"),
        ("write", place / "saves/old.srm"),
        ("write", place / "saves/new.srm"),
        ("read", place / "saves/more/deep"),
        ("remove", place / "saves/old.srm"),
    ]
    refused = [
        ("write", place / "games/a.bin"),
        ("append", place / "games/a.bin"),
        ("remove", place / "games/b.bin"),
        ("write", place / "games/new"),
        ("append", place / "one"),
        ("read", place / "other/secret"),
        ("list", place),
        ("list", place / "other"),
        ("write", place / "absent"),
        ("link", place / "saves/link"),
    ]
    found = run_in_own_process(restricted, grants, [*allowed, *refused], version)
    assert found == [True] * len(allowed) + [False] * len(refused)
