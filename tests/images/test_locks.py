"""The images' lock files hold what pyproject.toml asks for, with hashes, and the same versions in each image."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DEPENDENCIES = PROJECT["project"]["dependencies"]
EXTRAS = PROJECT["project"]["optional-dependencies"]

WANTED = {
    "coordinator": [*DEPENDENCIES, *EXTRAS["kubernetes"]],
    "worker": [*DEPENDENCIES, *EXTRAS["kubernetes"], *EXTRAS["worker"]],
    "turn": [*DEPENDENCIES, *EXTRAS["turn"]],
    "build": PROJECT["build-system"]["requires"],
}

IMAGE = {
    "sys_platform": "linux",
    "python_version": "3.11",
    "python_full_version": "3.11.2",
    "implementation_name": "cpython",
}
"""Debian's Python, on any processor."""

REMEDY = "run `make lock`"


def entries(lock: str) -> dict[str, str]:
    """Each entry of a lock file that the image installs, by its name, with all of its lines."""
    text = (ROOT / "containers" / "locks" / f"{lock}.txt").read_text()
    found = {}
    for entry in re.split(r"\n(?=[a-z0-9])", text)[1:]:
        requirement = Requirement(entry.partition("\\")[0])
        if requirement.marker is None or requirement.marker.evaluate(IMAGE):
            found[canonicalize_name(requirement.name)] = entry
    return found


def versions(lock: str) -> dict[str, Version]:
    return {name: Version(re.split(r"==|\s", entry)[1]) for name, entry in entries(lock).items()}


@pytest.mark.parametrize("lock", WANTED)
def test_it_holds_what_is_asked_for(lock: str) -> None:
    locked = versions(lock)
    for wanted in map(Requirement, WANTED[lock]):
        if wanted.marker is None or wanted.marker.evaluate(IMAGE):
            version = locked.get(canonicalize_name(wanted.name))
            assert version in wanted.specifier if version else False, (
                f"{lock}: {wanted} ({version} is locked): {REMEDY}"
            )


@pytest.mark.parametrize("lock", WANTED)
def test_every_package_has_its_hashes(lock: str) -> None:
    for name, entry in entries(lock).items():
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), name


def test_no_lock_names_an_index_or_a_place() -> None:
    for lock in WANTED:
        assert "://" not in (ROOT / "containers" / "locks" / f"{lock}.txt").read_text()


def test_images_have_the_same_versions() -> None:
    coordinator, worker, turn = (versions(lock) for lock in ("coordinator", "worker", "turn"))
    for name in {*coordinator, *worker, *turn}:
        assert len({locked[name] for locked in (coordinator, worker, turn) if name in locked}) == 1, f"{name}: {REMEDY}"
