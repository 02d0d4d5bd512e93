from collections import Counter
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.library.systems import SYSTEMS, assign, override_for, system_of


@pytest.mark.parametrize(
    ("extension", "folder", "name"),
    [
        ("nes", "", "NES"),
        ("NES", "whatever", "NES"),
        ("bin", "MegaDrive", "Mega Drive"),
        ("bin", "atari2600", "Atari 2600"),
        ("bin", "", None),
        ("bin", "psx", None),
        ("cue", "psx", "PlayStation"),
        ("md", "nes", "Mega Drive"),
        ("txt", "nes", None),
        ("", "", None),
    ],
)
def test_system_by_extension_and_folder(extension: str, folder: str, name: str | None) -> None:
    system = system_of(extension, folder)
    assert (system and system.name) == name


def test_the_table_contradicts_itself_nowhere() -> None:
    extensions = Counter(extension for system in SYSTEMS for extension in system.extensions)
    folders = Counter(folder for system in SYSTEMS for folder in system.folders)
    names = Counter(system.name for system in SYSTEMS)
    assert {name: count for name, count in (extensions + folders + names).items() if count > 1 and name in names} == {}
    assert max(extensions.values()) == max(folders.values()) == 1
    for system in SYSTEMS:
        assert system.cores
        assert not set(system.extensions) & set(system.shared_extensions)
        assert system.folders or not system.shared_extensions


@pytest.mark.parametrize(
    ("file", "overrides", "system", "core"),
    [
        ("a.nes", {}, "NES", "fceumm"),
        ("a.nes", {"nes": "nestopia"}, "NES", "nestopia"),
        ("nes/a.nes", {"nes": "nestopia"}, "NES", "nestopia"),
        ("famicom/a.nes", {"famicom": "mesen"}, "NES", "mesen"),
        ("famicom/a.nes", {"famicom": "mesen", "nes": "nestopia"}, "NES", "mesen"),
        ("famicom/a.nes", {"famicom": "mesen", "A*.nes": "quicknes"}, "NES", "quicknes"),
        ("famicom/b.nes", {"other/*.nes": "quicknes"}, "NES", "fceumm"),
        ("a.echo", {"echo": "echo"}, "echo", "echo"),
        ("tools/a.dat", {"tools/*.dat": "my_core"}, "my core", "my_core"),
    ],
)
def test_assignment(file: str, overrides: dict[str, str], system: str, core: str) -> None:
    path = PurePath(file)
    found = assign(path, path.parts[0] if len(path.parts) > 1 else "", overrides)
    assert found is not None
    assert (found.system, found.cores[0]) == (system, core)


def test_a_folder_alone_makes_no_game_of_a_file() -> None:
    assert assign(PurePath("nes/readme.txt"), "nes", {"nes": "nestopia"}) is None


def test_a_file_without_extension_is_no_game() -> None:
    assert assign(PurePath("readme"), "", {"": "nestopia"}) is None


@given(st.text(min_size=1), st.dictionaries(st.text(), st.just("core")))
def test_any_pattern_is_matched_or_not(name: str, overrides: dict[str, str]) -> None:
    assert override_for(PurePath(name), overrides) in (None, "core")
