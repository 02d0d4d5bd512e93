"""Changing discs, through both versions of the interface."""

from pathlib import Path

import pytest

from tests.cores.build import Builder
from tests.cores.own_process import in_own_process
from tests.worker.libretro.recording import open_core
from worker.libretro.errors import CoreError

BOTH_VERSIONS = pytest.mark.parametrize("version", [0, 1])


@BOTH_VERSIONS
@in_own_process
def test_selecting_opens_and_closes_the_drive(build: Builder, tmp_path: Path, version: int) -> None:
    disks = open_core(build("disks", define=f"VERSION={version}"), tmp_path).disks
    assert (disks.present, disks.count, disks.index, disks.ejected) == (True, 2, 0, False)
    disks.select(1)
    assert (disks.index, disks.ejected) == (1, False)
    disks.select(2)
    assert disks.index is None
    with pytest.raises(CoreError, match=r"^the core could not put in disk 8$"):
        disks.select(7)
    assert not disks.ejected


@BOTH_VERSIONS
@in_own_process
def test_adding_replacing_and_taking_away(build: Builder, tmp_path: Path, version: int) -> None:
    disks = open_core(build("disks", define=f"VERSION={version}"), tmp_path).disks
    with pytest.raises(CoreError, match=r"^the core could not add a disk$"):
        disks.add(tmp_path / "three.cue")  # the drive is closed
    disks.eject()
    disks.add(tmp_path / "three.cue")
    disks.replace(0, tmp_path / "other.cue")
    assert disks.count == 3
    if version:
        assert [disks.path(index) for index in range(3)] == [
            str(tmp_path / "other.cue"),
            "/games/two.cue",
            str(tmp_path / "three.cue"),
        ]
    disks.replace(2, None)
    disks.insert()
    assert disks.count == 2


@in_own_process
def test_labels(build: Builder, tmp_path: Path) -> None:
    disks = open_core(build("disks", define="VERSION=1"), tmp_path).disks
    assert [disks.label(index) for index in range(3)] == ["Disk 1", "Disk 2", ""]
    assert disks.path(1) == "/games/two.cue"


@in_own_process
def test_the_first_version_has_no_labels(build: Builder, tmp_path: Path) -> None:
    disks = open_core(build("disks", define="VERSION=0"), tmp_path).disks
    assert (disks.label(0), disks.path(0)) == ("", "")


@in_own_process
def test_a_core_without_a_drive(build: Builder, tmp_path: Path) -> None:
    disks = open_core(build("echo"), tmp_path).disks
    assert (disks.present, disks.count, disks.index, disks.label(0)) == (False, 0, None, "")
    with pytest.raises(CoreError, match=r"^the core has no disk drive$"):
        disks.eject()
