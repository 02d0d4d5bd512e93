import subprocess
import sys
from pathlib import Path

import pytest

from worker.library import cores
from worker.library.systems import SYSTEMS


def make_core(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name + cores.SUFFIX)
    path.touch()
    return path


def test_the_first_folder_with_a_core_counts(tmp_path: Path) -> None:
    mine = make_core(tmp_path / "mine", "fceumm")
    make_core(tmp_path / "standard", "fceumm")
    theirs = make_core(tmp_path / "standard", "mgba")
    (tmp_path / "mine" / "notes.txt").touch()
    (tmp_path / "mine" / ("folder" + cores.SUFFIX)).mkdir()
    found = cores.find_cores((tmp_path / "nowhere", tmp_path / "mine"), (tmp_path / "standard",))
    assert found == {"fceumm": mine, "mgba": theirs}


def test_the_first_wanted_core_is_chosen(tmp_path: Path) -> None:
    found = cores.find_cores((make_core(tmp_path, "nestopia").parent,), ())
    assert cores.choose(("fceumm", "nestopia"), found) == found["nestopia"]
    assert cores.choose(("fceumm",), found) is None


def test_standard_folders_of_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    core = make_core(tmp_path / ".config/retroarch/cores", "test_of_the_home")
    assert cores.find_cores(())["test_of_the_home"] == core


def test_the_wheel_is_found_without_being_imported() -> None:
    pytest.importorskip("stable_retro")
    script = "from worker.library import cores; import sys; assert cores.stable_retro_folder(); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert "stable_retro" not in modules.split()
    assert cores.find_cores(()).keys() >= cores.WHEEL_CORES


def test_the_remedy_names_what_there_is() -> None:
    sentence = cores.remedy(("fceumm", "nestopia"))
    assert "pip install 'coinop[cores]'" in sentence
    assert "apt install libretro-nestopia" in sentence
    assert "fceumm_libretro" in sentence
    assert "pip" not in cores.remedy(("nestopia",))
    assert cores.remedy(("echo",)).startswith("To play it, put echo_libretro")


def test_every_package_is_for_a_core_that_some_system_wants() -> None:
    wanted = {core for system in SYSTEMS for core in system.cores}
    assert set(cores.DEBIAN_PACKAGES) <= wanted
