"""The command ``coinop``: finds the program, reads its settings, runs it until it is told to stop.

A program is a settings class and a coroutine function ``serve(config, stop)``. The settings class *is* the program's
command line (``coinop.settings``), so an option, its environment variable and its check are written once. Programs are
imported when they are asked for: ``coinop --help`` waits for neither codecs nor servers.
"""

import argparse
import asyncio
import pkgutil
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, NoReturn

from pydantic import create_model
from pydantic_settings import BaseSettings

from coinop import logs, settings
from coinop.child import stop_with_parent

MISUSED, FAILED = 2, 1

OURS = ("coinop", "coordinator", "turn", "worker")
"""Packages that every installation has."""

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Serve = Callable[[Any, asyncio.Event], Awaitable[int | None]]


@dataclass(frozen=True)
class Command:
    """A program: where its settings class and its coroutine function are, as ``module:name``."""

    summary: str
    config: str
    serve: str
    logs: bool = False
    loop: str = ""
    """What makes its event loop; without it, uvloop does."""
    extra: str = ""
    """The extra of the distribution that brings the packages which not every program needs."""


COMMANDS = {
    "play": Command(
        "start everything on this machine and open the page", "coinop.play:Config", "coinop.play:serve", extra="all"
    ),
    "coordinator": Command(
        "the page, the library and the signalling", "coordinator.config:Config", "coordinator.app:serve", logs=True
    ),
    "worker": Command(
        "the games: cores and streams", "worker.config:Config", "worker.agent.agent:serve", logs=True, extra="worker"
    ),
    "turn": Command(
        "the gateway: the public media port",
        "turn.config:Config",
        "turn.server:serve",
        loop="turn.datapath.event_loop:new_event_loop",
        extra="turn",
    ),
    "turn probe": Command("ask a gateway whether it does its work", "turn.probe:Config", "turn.probe:serve"),
    "top": Command("workers, rooms and players, live", "coinop.top:Config", "coinop.top:serve"),
    "secrets": Command("make the secrets that are missing", "coinop.secrets:Config", "coinop.secrets:serve"),
    "probe": Command("ask a program whether it is well", "coinop.probe:Config", "coinop.probe:serve"),
    "doctor": Command("what is here, and what is missing", "coinop.doctor:Config", "coinop.doctor:serve", extra="all"),
}


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line (``sys.argv`` by default), and exit with its code."""
    chosen = _parser().parse_args(arguments)
    name, options = chosen.command, chosen.arguments
    if options and f"{name} {options[0]}" in COMMANDS:
        name, options = f"{name} {options[0]}", options[1:]
    program = f"coinop {name}"
    try:
        config = settings.read(config_class(name), program, options)
        logs.configure(getattr(config, "log_level", "warning"), getattr(config, "log_format", "text"))
        sys.exit(_run(COMMANDS[name], config))
    except settings.ConfigurationError as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(MISUSED)
    except ModuleNotFoundError as error:
        package, _, _ = (error.name or "").partition(".")
        if not COMMANDS[name].extra or package in OURS:
            raise
        remedy = f"run `pip install 'coinop[{COMMANDS[name].extra}]'`"
        print(f"{program}: {package} is not installed: {remedy}", file=sys.stderr)  # noqa: T201
        sys.exit(FAILED)
    except OSError as error:
        print(f"{program}: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def config_class(command: str) -> type[BaseSettings]:
    """Find the settings class of a command; a program that logs has two settings more for that."""
    found: type[BaseSettings] = pkgutil.resolve_name(COMMANDS[command].config)
    if not COMMANDS[command].logs or "log_level" in found.model_fields:
        return found
    return create_model(found.__name__, __base__=(logs.LogConfig, found), __doc__=found.__doc__)


def _parser() -> argparse.ArgumentParser:
    commands = "\n".join(f"  {name:<13} {command.summary}" for name, command in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="coinop",
        description="A self-hosted cloud arcade.",
        epilog=f"commands:\n{commands}\n\n`coinop COMMAND --help` lists the options of a command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"coinop {version('coinop')}")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of the commands below")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="the options of the command")
    return parser


def _run(command: Command, config: BaseSettings) -> int:
    serve: Serve = pkgutil.resolve_name(command.serve)
    factory = pkgutil.resolve_name(command.loop) if command.loop else _loop_factory()
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(_serve_until_stopped(serve, config)) or 0


async def _serve_until_stopped(serve: Serve, config: BaseSettings) -> int | None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def signalled(number: int) -> None:
        stop.set()
        loop.remove_signal_handler(number)  # a second Ctrl-C doesn't wait

    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, signalled, number)
    stop_with_parent(stop)
    return await serve(config, stop)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
