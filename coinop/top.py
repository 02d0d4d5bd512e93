"""``coinop top``: workers, rooms, players and how the games do, by region, drawn again and again in the terminal.

It asks the coordinator's admin API (docs/operations.md). How it is drawn is ``coinop.tables``'s business.
"""

import asyncio
import json
import os
import sys
from contextlib import suppress
from typing import Any, Protocol

import aiohttp
from pydantic import Field, HttpUrl, SecretStr
from pydantic_settings import BaseSettings, CliSuppress, SettingsConfigDict
from rich.console import Console
from rich.live import Live

from coinop.tables import Overview, screen

FAILED = 1

ANSWER_SECONDS = 5.0
"""For the coordinator to answer: it is not busy for longer, and nobody looks at a table for longer than that."""

UNBOUNDED = 1000
"""Columns of what is no terminal: a script or a log wants whole figures, and rich would take it for one of 80."""


class Config(BaseSettings):
    """Show workers, rooms and players of a coordinator, live; it asks with the token in COINOP_ADMIN_TOKEN."""

    model_config = SettingsConfigDict(
        env_prefix="COINOP_TOP_", populate_by_name=True, hide_input_in_errors=True, cli_shortcuts={"as-json": "json"}
    )

    coordinator: HttpUrl = Field(HttpUrl("http://127.0.0.1:8000/"), description="URL of the coordinator's page")
    # Not shown as an option: a command line can be read by everybody on the machine.
    admin_token: CliSuppress[SecretStr] = Field(
        SecretStr(""), validation_alias="COINOP_ADMIN_TOKEN", description="the coordinator's admin token"
    )
    every: float = Field(2.0, ge=0.5, le=3600, description="seconds between two looks")
    once: bool = Field(False, description="show it once, for scripts")
    as_json: bool = Field(False, description="print one JSON object, once")


class UnansweredError(Exception):
    """The coordinator did not tell. The text is a sentence for the person who asked."""


class RefusedError(UnansweredError):
    """It never will: asking again does not help."""


class Ask(Protocol):
    """Gives the overview. Raises UnansweredError."""

    async def __call__(self) -> Overview:
        """Now."""


async def serve(config: Config, stop: asyncio.Event) -> int:
    """Show it, once or until ``stop``. Its exit code: 0, or 1 after a sentence on standard error."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:

        async def ask() -> Overview:
            return await fetch(session, config)

        try:
            await _show(config, ask, stop)
        except UnansweredError as error:
            print(f"coinop top: {error}", file=sys.stderr)  # noqa: T201
            return FAILED
    return 0


async def _show(config: Config, ask: Ask, stop: asyncio.Event) -> None:
    if config.as_json:
        print(json.dumps(await ask()))  # noqa: T201
    elif config.once:
        Console(width=None if sys.stdout.isatty() else UNBOUNDED).print(screen(await ask()))
    else:
        await _follow(Live(screen(await ask()), screen=True, auto_refresh=False), ask, config.every, stop)


async def _follow(live: Live, ask: Ask, every: float, stop: asyncio.Event) -> None:
    """Draw anew until ``stop``. A coordinator that restarts is waited for."""
    last: Overview = {}
    with live:
        while not stop.is_set():
            words = ""
            try:
                last = await ask()
            except RefusedError:
                raise
            except UnansweredError as error:
                words = str(error)
            live.update(screen(last, words), refresh=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(every):
                    await stop.wait()


async def fetch(session: aiohttp.ClientSession, config: Config) -> Overview:
    """Ask the coordinator for its overview. Raises UnansweredError."""
    url = f"{str(config.coordinator).rstrip('/')}/admin/overview"
    headers = {"Authorization": f"Bearer {config.admin_token.get_secret_value()}"}
    try:
        async with session.get(url, headers=headers, allow_redirects=False) as response:
            return _overview(response.status, await response.text(), config)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        raise UnansweredError(
            f"{config.coordinator} can't be reached ({_reason(error)}): check --coordinator."
        ) from error


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno and error.errno > 0:
        return os.strerror(error.errno)
    return "no answer" if isinstance(error, TimeoutError) else "what answers there speaks no HTTP"


def _overview(status: int, text: str, config: Config) -> Overview:
    if status == 401:
        raise RefusedError(f"{config.coordinator} wants another token: set COINOP_ADMIN_TOKEN to the coordinator's.")
    if status == 404:
        raise RefusedError(
            f"{config.coordinator} has no admin API: start the coordinator with a COINOP_ADMIN_TOKEN of at least 16"
            " characters."
        )
    if status != 200:
        raise UnansweredError(f"{config.coordinator} answered {status}: check --coordinator, and the proxy before it.")
    try:
        found: Any = json.loads(text)
        return {name: found[name] for name in ("version", "pages", "regions", "workers", "rooms")}
    except (ValueError, TypeError, KeyError) as error:
        raise RefusedError(f"{config.coordinator} is no coordinator of this release: check --coordinator.") from error
