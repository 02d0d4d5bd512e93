"""Peers, users and certificates that become others while packets flow: it works at once, and no packet is lost."""

import asyncio
import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.gateway.client import Client, Credentials, RelayError
from tests.turn.peers import servers
from tests.turn.peers.aioice_client import WITHIN, Echo, endpoint
from tests.turn.peers.servers import HOST, PASSWORD, USER, Server, until
from tests.turn.peers.stream import Stream

OTHER = "127.0.0.2"
"""A peer that is granted or not."""


def write(path: Path, **changeable: object) -> None:
    """Exchange the file in one go, as Kubernetes does."""
    new = path.with_name("new")
    new.write_text(json.dumps(changeable))
    new.rename(path)


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.json"
    write(path, peers=[HOST])
    return path


@pytest.fixture
def changing(tmp_path: Path, listed: Path) -> Iterator[Server]:
    """Run a gateway that follows the file."""
    with servers.gateway(tmp_path, {"COINOP_TURN_FILE": str(listed)}) as gateway:
        yield gateway


def code_for_peer(server: Server, host: str) -> int:
    """Return the answer's code to a client that wants to reach the peer: 0 is success."""
    client = server.client()
    with client.socket:
        client.allocate()
        try:
            client.bind((host, 9))
        except RelayError as error:
            return error.code
        finally:
            client.release()
    return 0


def code_for_user(server: Server, username: str, password: str) -> int:
    """Return the answer's code to a client that wants to allocate as this user."""
    client = Client(server.address, Credentials(username, password))
    with client.socket:
        try:
            client.allocate()
        except RelayError as error:
            return error.code
        client.release()
    return 0


def test_peers_come_and_go_under_load(changing: Server, listed: Path) -> None:
    with Stream(changing) as stream:
        assert code_for_peer(changing, OTHER) == 403
        for _ in range(3):
            write(listed, peers=[HOST, OTHER])
            until(lambda: code_for_peer(changing, OTHER) == 0, "the peer is granted")
            write(listed, peers=[HOST])
            until(lambda: code_for_peer(changing, OTHER) == 403, "the peer is not granted any more")
        stream.stop()
    assert stream.sent > 0
    assert stream.lost == 0


def test_a_peer_that_is_withdrawn_is_cut_off(changing: Server, listed: Path) -> None:
    with Stream(changing, answer_within=0.5) as stream:
        until(lambda: stream.sent - stream.lost > 10, "the stream flows")
        write(listed, peers=[OTHER])
        until(lambda: stream.lost > 0, "the stream is cut off")
        write(listed, peers=[HOST])
        arrived = stream.sent - stream.lost
        until(lambda: stream.sent - stream.lost > arrived + 10, "the stream flows again")


def test_users_come_and_go_under_load(changing: Server, listed: Path) -> None:
    with Stream(changing) as stream:
        assert code_for_user(changing, "new", "one") == 401
        write(listed, peers=[HOST], users={"new": "one"})
        until(lambda: code_for_user(changing, "new", "one") == 0, "the new user may enter")
        assert code_for_user(changing, USER, PASSWORD) == 401
        stream.stop()
        assert stream.lost == 0
        stream.client.release()  # an allocation keeps the key that it was made with


async def test_a_certificate_is_renewed_under_load(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    peer, _ = await loop.create_datagram_endpoint(Echo, local_addr=(HOST, 0))
    address = peer.get_extra_info("sockname")
    with servers.gateway(tmp_path) as gateway, Stream(gateway) as stream:
        before = await asyncio.to_thread(shown, gateway)
        async with endpoint(gateway, "tls") as (client, receiver):
            await asyncio.to_thread(servers.certificate, tmp_path, "renewed.example")
            await asyncio.to_thread(until, lambda: shown(gateway) != before, "new connections see the new certificate")
            assert await asyncio.to_thread(shown, gateway) == (tmp_path / "cert.pem").read_text()
            client.sendto(b"still there", address)
            async with asyncio.timeout(WITHIN):
                assert await receiver.received.get() == (b"still there", address)
        await asyncio.to_thread(stream.stop)
        assert stream.lost == 0
    peer.close()


def shown(server: Server) -> str:
    """Return the certificate that a new TLS connection sees."""
    return ssl.get_server_certificate((HOST, server.secure_port), timeout=WITHIN)
