"""A cluster around the test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.worker.cluster.api import SERVERS, Api, running


@pytest.fixture(params=SERVERS)
async def api(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    async with running(request.param, tmp_path, monkeypatch) as found:
        yield found
