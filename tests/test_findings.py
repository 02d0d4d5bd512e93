"""The form of findings; they run outside continuous integration."""

import re
import subprocess
from pathlib import Path

import pytest

FINDINGS = Path(__file__).parents[1] / "findings"
SCRIPTS = sorted(FINDINGS.glob("*.sh"))

by_script = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)


def header(script: Path) -> str:
    """Read the comment that a script begins with, without its marks."""
    lines = script.read_text().splitlines()
    assert lines[0] == "#!/bin/sh"
    end = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    return "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines[1:end])


def test_there_are_some_and_the_readme_lists_them() -> None:
    listed = re.findall(r"^\| `([a-z0-9-]+)` \|", (FINDINGS / "README.md").read_text(), flags=re.M)
    assert listed == [script.stem for script in SCRIPTS] != []


@by_script
def test_the_header_says_what_happens_and_what_was_expected(script: Path) -> None:
    sentence, blank, *about = header(script).splitlines()
    assert sentence.endswith(".")
    assert blank == ""
    labels = re.findall(r"^(\w+): \S", "\n".join(about), flags=re.M)
    assert labels == ["Versions", "Guess", "Found"]
    assert re.search(r"^Versions: .*\d+\.\d+", "\n".join(about), flags=re.M)


@by_script
def test_it_stops_at_an_error_and_leaves_nothing(script: Path) -> None:
    code = [line for line in script.read_text().splitlines() if line and not line.startswith("#")]
    assert code[:3] == ["set -eu", "folder=$(mktemp -d)", "trap 'rm -rf \"$folder\"' EXIT"]


@by_script
def test_it_installs_exact_versions_and_fails_if_something_changes(script: Path) -> None:
    lines = script.read_text().splitlines()
    installs = [line.split(" install ")[1] for line in lines if " install " in line and not line.startswith("#")]
    packages = [word for line in installs for word in line.split() if not word.startswith("-")]
    assert packages
    assert all(re.fullmatch(r"[a-zA-Z0-9_.-]+==[0-9.]+", package) for package in packages), packages
    assert lines[-1] == 'diff "$folder/expected" "$folder/seen"'


@by_script
def test_it_does_without_the_product(script: Path) -> None:
    assert not re.search(r"^\s*(from|import) (coinop|coordinator|turn|worker)\b", script.read_text(), flags=re.M)


@by_script
def test_it_is_a_script_for_any_sh(script: Path) -> None:
    assert subprocess.run(["sh", "-n", script], check=False, capture_output=True).returncode == 0
