"""``coinop doctor``: what is here, what is missing, and what to do about it.

It reads the worker's settings, so that it looks where the worker would. The machine itself is ``coinop.machine``'s.
"""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from coinop import machine, settings
from coinop.machine import Finding
from worker.config import Config as WorkerConfig
from worker.config import own_games
from worker.library.cores import find_cores
from worker.library.library import Scanner

PLACEHOLDER_TOKEN = "doctor connects to nobody"
"""The worker's settings ask for a token; nothing here uses it."""


class Config(BaseSettings):
    """Look at cores, games, encoders, ports and the system; exit code 1 if something is missing."""

    model_config = SettingsConfigDict(env_prefix="COINOP_DOCTOR_", cli_shortcuts={"as-json": "json"})

    games: tuple[Path, ...] = Field((), description="folder with game files, besides coinop's own; may be repeated")
    cores: tuple[Path, ...] = Field((), description="folder with libretro cores, searched first; may be repeated")
    port: int = Field(8000, ge=1, le=65535, description="port that the page would have")
    turn_port: int = Field(3478, ge=1, le=65535, description="port that the gateway would have")
    as_json: bool = Field(False, description="print one JSON object")


async def serve(config: Config, _stop: asyncio.Event) -> int:
    """Print the findings; 1 if something is missing. Raises ConfigurationError if the worker's settings are wrong."""
    worker = _worker_config(config)
    ports = {config.port: "the page", worker.metrics_port: "the worker's metrics"}
    findings = [
        *await asyncio.to_thread(lambda: [*_folders(worker), *_cores(worker), *_games(worker)]),
        *machine.look({number: purpose for number, purpose in ports.items() if number}, config.turn_port),
    ]
    print(to_json(findings) if config.as_json else to_text(findings))  # noqa: T201
    return int(is_missing(findings))


def is_missing(findings: list[Finding]) -> bool:
    """Whether something that people expect does not work."""
    return any(finding.state == "missing" for finding in findings)


def to_json(findings: list[Finding]) -> str:
    """``{"ok": …, "findings": [{"area", "name", "state", "detail", "remedy"}, …]}``"""
    return json.dumps({"ok": not is_missing(findings), "findings": [asdict(finding) for finding in findings]}, indent=2)


def to_text(findings: list[Finding]) -> str:
    """Aligned columns under a heading for each area, a remedy below what needs one, and a verdict."""
    width = max(len(finding.name) for finding in findings)
    lines = []
    for area, found in groupby(findings, key=lambda finding: finding.area):
        lines.append(area)
        for finding in found:
            lines.append(f"  {finding.state:<7}  {finding.name:<{width}}  {finding.detail}")
            if finding.remedy and finding.state != "ok":
                lines.append(f"           {finding.remedy}")
        lines.append("")
    missing = sum(finding.state == "missing" for finding in findings)
    lines.append(f"{missing} missing: see above what to do." if missing else "All is there.")
    return "\n".join(lines)


def _worker_config(config: Config) -> WorkerConfig:
    given: dict[str, Any] = {"token": PLACEHOLDER_TOKEN}
    if config.games:
        given["games"] = (own_games(), *config.games)
    if config.cores:
        given["cores"] = config.cores
    return settings.read(WorkerConfig, "coinop doctor", **given)


def _folders(worker: WorkerConfig) -> Iterator[Finding]:
    for option, folders in (("--games", worker.games), ("--cores", worker.cores)):
        for folder in folders:
            if not folder.is_dir():
                yield Finding("Folders", str(folder), "missing", "is no folder", f"Make it, or correct {option}.")


def _cores(worker: WorkerConfig) -> Iterator[Finding]:
    found = find_cores(worker.cores, None if worker.standard_cores else ())
    for name, path in sorted(found.items()):
        yield Finding("Cores", name, "ok", str(path))
    if not found:
        remedy = "Run `pip install 'coinop[cores]'`, or name a folder with cores: --cores FOLDER."
        yield Finding("Cores", "none", "missing", "nothing can be played", remedy)


def _games(worker: WorkerConfig) -> Iterator[Finding]:
    entries = Scanner(worker).scan().entries
    for entry in entries:
        if entry.core:
            yield Finding("Games", entry.game.title, "ok", f"{entry.game.system}, runs in {entry.core.name}")
        else:
            yield Finding("Games", entry.game.title, "missing", f"{entry.game.system}, no core", entry.remedy)
    if not entries:
        yield Finding("Games", "none", "missing", "nothing can be played", "Name a folder with games: --games FOLDER.")
