"""Credentials over HTTP, in the form that other applications know."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from tests.turn.http.test_health import Asked
from tests.turn.live_gateway import HOST, SECRET, run
from turn.http.health import Health, serving
from turn.http.rest import Rest, uris_for
from turn.wire.credentials import expiry_of, password_for, user_of

URIS = ["turn:gateway.example:3478?transport=udp"]


async def ask(path: str, key: str = "", headers: dict[str, str] | None = None) -> tuple[int, Any]:
    rest = Rest(lambda: SECRET, lambda: URIS, key)
    async with (
        serving(HOST, 0, 0, Health(Asked(), dict), rest.routes()) as (_, port),
        aiohttp.ClientSession() as session,
        session.get(f"http://{HOST}:{port}{path}", headers=headers) as answer,
    ):
        return answer.status, await answer.json() if answer.status == 200 else await answer.text()


def test_turn_credentials() -> None:
    async def scenario() -> None:
        status, found = await ask("/?service=turn&username=ann&ttl=60")
        assert status == 200
        assert found["uris"] == URIS
        assert found["ttl"] == 60
        assert user_of(found["username"]) == "ann"
        assert found["password"] == password_for(SECRET, found["username"])
        expiry = expiry_of(found["username"])
        assert expiry is not None
        assert abs(expiry - time.time() - 60) < 30
        assert (await ask("/?service=turn"))[1]["ttl"] == 86_400

    run(scenario)


def test_an_ice_configuration() -> None:
    async def scenario() -> None:
        _, found = await ask("/ice?service=turn&username=ann&iceTransportPolicy=relay")
        (server,) = found["iceServers"]
        assert server["urls"] == URIS
        assert server["credential"] == password_for(SECRET, server["username"])
        assert found["iceTransportPolicy"] == "relay"

    run(scenario)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/", "service=turn is missing"),
        ("/ice", "service=turn is missing"),
        ("/?service=stun", "service=turn"),
        ("/?service=turn&ttl=soon", "ttl has to be"),
        ("/?service=turn&ttl=0", "ttl has to be"),
        ("/?service=turn&ttl=99999999999999", "ttl has to be"),
        ("/?service=turn&ttl=-5", "ttl has to be"),
        ("/ice?service=turn&iceTransportPolicy=some", "iceTransportPolicy"),
        ("/?service=turn&username=" + "a" * 300, "username"),
        ("/?service=turn&username=a%0Ab", "printed"),
    ],
)
def test_what_makes_no_sense(path: str, sentence: str) -> None:
    async def scenario() -> None:
        status, text = await ask(path)
        assert status == 400
        assert sentence in text

    run(scenario)


def test_the_key() -> None:
    async def scenario() -> None:
        assert (await ask("/?service=turn", "key"))[0] == 401
        assert (await ask("/?service=turn&key=wrong", "key"))[0] == 401
        assert (await ask("/?service=turn&key=key", "key"))[0] == 200
        assert (await ask("/ice?service=turn", "key", {"X-API-Key": "key"}))[0] == 200

    run(scenario)


def test_a_key_that_is_no_text_is_a_wrong_one() -> None:
    async def scenario() -> None:
        rest = Rest(lambda: SECRET, lambda: URIS, "key")
        async with serving(HOST, 0, 0, Health(Asked(), dict), rest.routes()) as (_, port):
            reader, writer = await asyncio.open_connection(HOST, port)
            writer.write(b"GET /?service=turn HTTP/1.1\r\nHost: gateway\r\nX-API-Key: \xff\r\n\r\n")
            assert (await reader.readline()).startswith(b"HTTP/1.1 401 ")
            writer.close()
            await writer.wait_closed()

    run(scenario)


def test_without_a_secret_there_are_no_credentials() -> None:
    """The file that is followed may have named one, and name none now."""

    async def scenario() -> None:
        rest = Rest(str, lambda: URIS)
        async with (
            serving(HOST, 0, 0, Health(Asked(), dict), rest.routes()) as (_, port),
            aiohttp.ClientSession() as session,
            session.get(f"http://{HOST}:{port}/?service=turn") as answer,
        ):
            assert answer.status == 503
            assert "no secret" in await answer.text()

    run(scenario)


def test_uris() -> None:
    listeners = [("udp", 3478), ("tcp", 3478), ("tls", 5349), ("dtls", 5349), ("udp", 3478)]
    assert uris_for("gateway.example", listeners) == [
        "turn:gateway.example:3478?transport=udp",
        "turn:gateway.example:3478?transport=tcp",
        "turns:gateway.example:5349?transport=tcp",
        "turns:gateway.example:5349?transport=udp",
    ]
    assert uris_for("::1", [("udp", 5)]) == ["turn:[::1]:5?transport=udp"]
