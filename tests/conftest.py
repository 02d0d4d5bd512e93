"""What holds for all tests."""

from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no failure: examples have no deadline, the tests' own timeout ends what hangs.
settings.register_profile("coinop", deadline=None)
settings.load_profile("coinop")

TESTS = Path(__file__).parent
TOGETHER = ("e2e", "k8s", "turn/peers")
"""Folders whose modules share what takes long to make: a browser and its stacks, overlays, servers."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a module, or such a folder, in one process: of a run with several, each takes the next group."""
    for item in items:
        module = item.path.relative_to(TESTS).as_posix()
        group = next((folder for folder in TOGETHER if module.startswith(f"{folder}/")), module)
        item.add_marker(pytest.mark.xdist_group(group))
