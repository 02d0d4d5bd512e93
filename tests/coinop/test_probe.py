"""A probe says whether a program answers that it is well."""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from coinop import probe
from coinop.probe import Config
from tests.e2e.arcade.stack import self_signed
from tests.ports import free_port


async def ready(request: web.Request) -> web.Response:
    well = request.query.get("well") == "1"
    return web.Response(text="ready" if well else "No worker is registered yet.", status=200 if well else 503)


@pytest_asyncio.fixture
async def serving(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Serve, over http or https, answers that are as well as the path asks for; give the URL."""
    context = None
    if request.param == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self_signed(tmp_path))
    app = web.Application()
    app.add_routes([web.get("/ready", ready)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"{request.param}://127.0.0.1:{runner.addresses[0][1]}/ready"
    await runner.cleanup()


@pytest.mark.parametrize("serving", ["http", "https"], indirect=True)
async def test_a_program_that_is_well(serving: str) -> None:
    assert await probe.serve(Config(url=serving + "?well=1"), asyncio.Event()) == 0


@pytest.mark.parametrize("serving", ["http"], indirect=True)
async def test_a_program_that_is_not_says_why(serving: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert await probe.serve(Config(url=serving), asyncio.Event()) == 1
    assert capsys.readouterr().err == f"{serving}: 503 No worker is registered yet.\n"


def test_nobody_there() -> None:
    assert probe.probe(Config(url=f"http://127.0.0.1:{free_port()}/live")).startswith("no answer: ")


def test_somebody_who_says_nothing_has_a_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config = Config(url=f"http://127.0.0.1:{silent.getsockname()[1]}/live", seconds=0.05)
        assert probe.probe(config).startswith("no answer: ")


@pytest.mark.parametrize("url", ["", "127.0.0.1:8000", "ftp://a/", "http://", "http://a:b/", "http://a/ b", "http://["])
def test_what_can_t_be_asked_is_one_sentence(url: str) -> None:
    with pytest.raises(ValidationError, match="must be a URL such as"):
        Config(url=url)


@given(st.binary(max_size=100) | st.binary(max_size=100).map(b"HTTP/1.1 ".__add__))
def test_any_answer_is_well_or_a_complaint(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_answer_once, args=(server, answer))
        thread.start()
        complaint = probe.probe(Config(url=f"http://127.0.0.1:{server.getsockname()[1]}/live", seconds=5))
        thread.join()
    assert complaint or b" 200" in answer


def _answer_once(server: socket.socket, answer: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(1024)
        connection.sendall(answer)
