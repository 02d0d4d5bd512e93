"""``coinop play``: coordinator, gateway and worker on this machine, one page, and one Ctrl-C that ends it all.

The three run as the programs that they are anywhere else, in processes of their own. This module gives them secrets
that nobody else knows, waits until the page can be played, and sees that none outlives it. What they say goes to
standard error as it is; standard output gets one line, the address. Where the gateway is, and for whom, is
``coinop.gateway``'s business.
"""

import asyncio
import errno
import json
import os
import secrets
import socket
import sys
import webbrowser
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack, suppress
from http import HTTPStatus
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import Field, IPvAnyAddress
from pydantic_settings import BaseSettings, SettingsConfigDict

from coinop import gateway
from coinop.child import Child
from coinop.gateway import Gateway
from worker.config import own_games

READY_WITHIN = 30.0
"""Seconds until the page has to be playable: a first start from a slow disk takes a few."""

FAILED = 1

READY_POLL = 0.1
"""Seconds between two looks at ``/ready``."""


class Config(BaseSettings):
    """Start everything on this machine, and open the page."""

    model_config = SettingsConfigDict(env_prefix="COINOP_PLAY_")

    host: IPvAnyAddress = Field(
        IPv4Address("127.0.0.1"), description="address to serve on; 0.0.0.0 lets other machines play too"
    )
    port: int = Field(8000, ge=1, le=65535, description="port of the page")
    games: tuple[Path, ...] = Field((), description="folder with game files, besides coinop's own; may be repeated")
    cores: tuple[Path, ...] = Field((), description="folder with libretro cores, searched first; may be repeated")
    turn_port: int = Field(3478, ge=0, le=65535, description="port of the gateway; if it is in use, any that is free")
    relay_only: bool = Field(False, description="send all media through the gateway, as a far-away player's would go")
    browser: bool = Field(True, description="open the page where there is a display")
    verbose: bool = Field(False, description="show what the programs log, not only their warnings")

    @property
    def log_level(self) -> str:
        """What the programs log."""
        return "info" if self.verbose else "warning"

    @property
    def url(self) -> str:
        """Where this machine finds the page."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(str(self.host), str(self.host))
        return f"http://[{host}]:{self.port}/" if ":" in host else f"http://{host}:{self.port}/"


class PlayError(Exception):
    """The local stack can't start, or can't go on. Its text is a sentence for the person who started it."""


async def serve(config: Config, stop: asyncio.Event) -> int:
    """Run the local stack until ``stop``. Its exit code: 0, or 1 after a sentence on standard error."""
    try:
        await _run(config, stop)
    except PlayError as error:
        print(f"coinop play: {error}", file=sys.stderr)  # noqa: T201
        return FAILED
    return 0


async def _run(config: Config, stop: asyncio.Event) -> None:
    _check_port(config)
    token, secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    relay = gateway.find(config.host, config.turn_port)
    programs = {
        "coordinator": _coordinator_environment(config, token),
        "turn": relay.environment(secret, config.log_level),
        "worker": _worker_environment(config, token, secret, relay),
    }
    async with AsyncExitStack() as stack:
        children = []
        for name, environment in programs.items():
            child = await Child.start(name, environment)
            stack.push_async_callback(child.end)
            children.append(child)
        await _first(stop.wait(), _show(config, relay), *(_end_of(child) for child in children))


def _check_port(config: Config) -> None:
    """Find out now, before three programs are up. The coordinator finds out too, if another was quicker."""
    family = socket.AF_INET6 if config.host.version == 6 else socket.AF_INET
    try:
        socket.create_server((str(config.host), config.port), family=family).close()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise PlayError(f"can't serve on {config.host} port {config.port}: {error.strerror}") from error
        another = config.port + 1
        raise PlayError(
            f"port {config.port} is in use, perhaps by another coinop: choose a free one with"
            f" `coinop play --port {another}` or `make play PORT={another}`"
        ) from error


def _coordinator_environment(config: Config, token: str) -> dict[str, str]:
    return {
        "COINOP_COORDINATOR_HOST": str(config.host),
        "COINOP_COORDINATOR_PORT": str(config.port),
        "COINOP_COORDINATOR_LOG_LEVEL": config.log_level,
        "COINOP_COORDINATOR_RELAY_ONLY": json.dumps(config.relay_only),
        "COINOP_WORKER_TOKEN": token,
    }


def _worker_environment(config: Config, token: str, secret: str, relay: Gateway) -> dict[str, str]:
    environment = {
        "COINOP_TURN_SECRET": secret,
        "COINOP_WORKER_COORDINATOR": config.url,
        "COINOP_WORKER_DRAIN_SECONDS": "0",  # there is no other worker, and Ctrl-C ends all at once
        "COINOP_WORKER_GATEWAYS": json.dumps(relay.urls),
        "COINOP_WORKER_LOG_LEVEL": config.log_level,
        "COINOP_WORKER_METRICS_PORT": "0",
        "COINOP_WORKER_TOKEN": token,
    }
    if config.host.is_loopback:
        environment["COINOP_WORKER_ADDRESSES"] = json.dumps(relay.peers)
    if config.games:
        environment["COINOP_WORKER_GAMES"] = json.dumps([str(path) for path in (own_games(), *config.games)])
    if config.cores:
        environment["COINOP_WORKER_CORES"] = json.dumps([str(path) for path in config.cores])
    return environment


async def _show(config: Config, relay: Gateway) -> None:
    """Say where the page is as soon as it can be played; then there is nothing left to do."""
    await _ready({"coordinator": f"{config.url}ready", "gateway": relay.ready_url})
    print(config.url, flush=True)  # noqa: T201
    if config.browser and _has_display():
        await asyncio.to_thread(webbrowser.open, config.url)
    await asyncio.Event().wait()


async def _ready(programs: Mapping[str, str]) -> None:
    """Wait until the ``/ready`` of every program says so; until then they say in words what is missing."""
    missing = "nothing answers"
    with suppress(TimeoutError):
        async with asyncio.timeout(READY_WITHIN), aiohttp.ClientSession() as session:
            for name, url in programs.items():
                while missing := await _complaint(session, name, url):  # noqa: ASYNC110 (another process has no Event)
                    await asyncio.sleep(READY_POLL)
        return
    raise PlayError(f"not ready after {READY_WITHIN:.0f} seconds: {missing}")


async def _complaint(session: aiohttp.ClientSession, name: str, url: str) -> str:
    """Why the program is not ready, or nothing."""
    try:
        async with session.get(url) as response:
            return "" if response.status == HTTPStatus.OK else (await response.text()).strip()
    except aiohttp.ClientError:  # not listening yet
        return f"the {name} does not answer"


async def _end_of(child: Child) -> None:
    code = await child.wait()
    how = f"exit code {code}" if code >= 0 else f"signal {-code}"
    name = {"turn": "gateway"}.get(child.name, child.name)
    raise PlayError(f"the {name} ended with {how}; what it said last is above")


def _has_display() -> bool:
    return sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


async def _first(*coroutines: Coroutine[Any, Any, object]) -> None:
    """Wait until one of them ends, cancel the others, and let its exception out if it has one."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
