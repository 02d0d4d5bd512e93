"""``coinop top`` against a real coordinator."""

import asyncio
import errno
import io
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.live import Live

from coinop import top
from coinop.top import RefusedError, UnansweredError
from coordinator.app import create_app
from coordinator.config import Config as CoordinatorConfig
from tests.coinop.test_tables import FIGURES, WORKER, overview

ADMIN = "an admin token of some length"
TOKEN = "a token of 26 characters.."


@pytest.fixture(autouse=True)
def no_token_of_the_tester_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COINOP_ADMIN_TOKEN", raising=False)


@asynccontextmanager
async def coordinator(admin_token: str = ADMIN) -> AsyncIterator[str]:
    config = CoordinatorConfig(worker_token=TOKEN, admin_token=admin_token)  # type: ignore[arg-type]
    async with TestServer(create_app(config)) as server:
        yield str(server.make_url("/"))


def config(url: str, token: str = ADMIN, **more: Any) -> top.Config:
    return top.Config(coordinator=url, admin_token=token, **more)  # type: ignore[arg-type]


async def run(asked: top.Config) -> int:
    return await top.serve(asked, asyncio.Event())


async def test_once_prints_tables(capsys: pytest.CaptureFixture[str]) -> None:
    async with coordinator() as url:
        assert await run(config(url, once=True)) == 0

    said = capsys.readouterr()
    assert "0 workers, 0 rooms" in said.out
    assert said.err == ""


async def test_once_shortens_nothing_for_a_script(capsys: pytest.CaptureFixture[str]) -> None:
    async def ask() -> top.Overview:
        return overview(workers=[{**WORKER, **FIGURES, "name": "a-worker-whose-name-is-that-of-its-machine-or-pod"}])

    await top._show(config("http://arcade.example/", once=True), ask, asyncio.Event())

    said = capsys.readouterr().out
    assert "…" not in said
    assert "a-worker-whose-name-is-that-of-its-machine-or-pod" in said
    assert max(map(len, said.splitlines())) < 200


async def test_json_prints_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    async with coordinator() as url:
        assert await run(config(url, as_json=True)) == 0

    assert json.loads(capsys.readouterr().out)["workers"] == []


@pytest.mark.parametrize(
    ("token", "wanted", "words"),
    [("wrong", ADMIN, "set COINOP_ADMIN_TOKEN to the coordinator's"), (ADMIN, "", "has no admin API")],
)
async def test_a_refusal_is_one_sentence(
    token: str, wanted: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with coordinator(wanted) as url:
        assert await run(config(url, token)) == top.FAILED

    said = capsys.readouterr()
    assert words in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""
    assert token not in said.err


async def test_nobody_there_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(config(f"http://127.0.0.1:{unused_port()}/")) == top.FAILED

    assert f"can't be reached ({os.strerror(errno.ECONNREFUSED)}): check --coordinator." in capsys.readouterr().err


async def test_somebody_else_there_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with server:
        assert await run(config(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")) == top.FAILED

    assert "speaks no HTTP" in capsys.readouterr().err


async def test_it_draws_until_it_is_stopped_and_waits_for_a_coordinator_that_restarts() -> None:
    stop, answers = asyncio.Event(), iter((OVERVIEW, UnansweredError("It is gone."), OVERVIEW))
    console = Console(file=io.StringIO(), force_terminal=True, width=140)

    async def ask() -> top.Overview:
        answer = next(answers, None)
        if answer is None:
            stop.set()
            return OVERVIEW
        if isinstance(answer, Exception):
            raise answer
        return answer

    await top._follow(Live(console=console, auto_refresh=False), ask, 0.0, stop)

    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert text.count("It is gone.") == 1
    assert text.count("1.2.3   0 workers") >= 3


async def test_a_refusal_ends_the_drawing_too() -> None:
    async def ask() -> top.Overview:
        raise RefusedError("No.")

    live = Live(console=Console(file=io.StringIO()), auto_refresh=False)
    with pytest.raises(RefusedError):
        await top._follow(live, ask, 0.0, asyncio.Event())


OVERVIEW: top.Overview = {"version": "1.2.3", "pages": 0, "regions": [], "workers": [], "rooms": []}


@given(status=st.sampled_from([200, 302, 401, 404, 500]), text=st.text())
def test_any_answer_is_an_overview_or_a_sentence(status: int, text: str) -> None:
    with pytest.raises(UnansweredError, match=r"\.$"):
        top._overview(status, text, config("http://arcade.example/"))


async def test_the_token_is_not_sent_on_to_where_a_redirect_leads(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        seen.append(request.path)
        raise web.HTTPFound("/stolen")

    app = web.Application()
    app.router.add_get("/{path:.*}", elsewhere)
    async with TestServer(app) as server:
        assert await run(config(str(server.make_url("/")))) == top.FAILED
    assert seen == ["/admin/overview"]
    assert "answered 302" in capsys.readouterr().err
