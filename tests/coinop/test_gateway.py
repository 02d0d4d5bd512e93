"""Where the gateway of ``coinop play`` is, and whom it reaches."""

import errno
import logging
import socket
from ipaddress import ip_address

import pytest

from coinop import gateway
from coinop.gateway import LOOPBACK, Gateway, find, own_addresses, usable_port
from coordinator.messages import Register, decode_worker_message, encode
from turn.config import Config as TurnConfig
from worker.config import Config as WorkerConfig

SECRET = "a-secret-of-24-characters"


@pytest.fixture(autouse=True)
def a_machine_with_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "own_addresses", lambda: (LOOPBACK, "192.0.2.7"))
    monkeypatch.setattr(gateway, "usable_port", lambda host, port: port)


@pytest.mark.parametrize(
    ("page", "host", "peers"),
    [
        ("127.0.0.1", LOOPBACK, (LOOPBACK, "192.0.2.7")),
        ("::1", LOOPBACK, (LOOPBACK, "192.0.2.7")),
        ("0.0.0.0", "192.0.2.7", ("192.0.2.7",)),
        ("::", "192.0.2.7", ("192.0.2.7",)),
        ("198.51.100.1", "198.51.100.1", ("198.51.100.1",)),
    ],
)
def test_it_is_where_the_page_s_browsers_are_and_reaches_the_rooms_alone(
    page: str, host: str, peers: tuple[str, ...]
) -> None:
    found = find(ip_address(page), 3478)
    assert (found.host, found.port, found.peers) == (host, 3478, peers)


def test_another_port_is_said(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(gateway, "usable_port", lambda host, port: 40_000)
    assert find(ip_address(LOOPBACK), 3478).port == 40_000
    assert "on port 40000 instead of 3478" in caplog.text


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_port_in_use_gives_way_to_one_that_is_free(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind((LOOPBACK, 0))
        if kind is socket.SOCK_STREAM:
            taken.listen()
        port = taken.getsockname()[1]
        found = usable_port(LOOPBACK, port)
        assert found not in (0, port)
        assert usable_port(LOOPBACK, found) == found


def test_no_port_is_any_that_is_free() -> None:
    assert usable_port(LOOPBACK, 0) > 0


def test_an_address_that_is_not_ours_is_an_error() -> None:
    with pytest.raises(OSError, check=lambda error: error.errno == errno.EADDRNOTAVAIL):
        usable_port("192.0.2.7", 3478)


def test_this_machine_s_addresses_begin_with_the_loopback() -> None:
    assert own_addresses()[0] == LOOPBACK


def test_the_programs_understand_what_they_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Gateway(LOOPBACK, 3479, 8087, (LOOPBACK, "192.0.2.7"))
    for name, value in place.environment(SECRET, "warning").items():
        monkeypatch.setenv(name, value)
    config = TurnConfig()
    assert (config.host, config.port, config.health_port) == ((LOOPBACK,), 3479, 8087)
    assert (config.peers, config.secrets, config.grace_seconds) == ((LOOPBACK, "192.0.2.7"), (SECRET,), 0)
    assert config.log_level == "warning"
    urls = WorkerConfig(token=SECRET, gateways=place.urls).gateways
    register = Register(name="box", capacity=1, games=(), gateways=urls)
    assert decode_worker_message(encode(register)) == register
    assert urls == ("turn:127.0.0.1:3479?transport=udp", "turn:127.0.0.1:3479?transport=tcp")
    assert place.ready_url == "http://127.0.0.1:8087/ready"
