"""One gateway, one coturn and one echoing peer for all tests that only use them."""

from collections.abc import Iterator

import pytest

from tests.turn.peers import servers
from tests.turn.peers.servers import Server


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with servers.gateway(tmp_path_factory.mktemp("gateway")) as server:
        yield server


@pytest.fixture(scope="session")
def coturn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with servers.coturn(tmp_path_factory.mktemp("coturn")) as server:
        yield server


@pytest.fixture(scope="session")
def echo_peer() -> Iterator[int]:
    with servers.echo_peer() as port:
        yield port
