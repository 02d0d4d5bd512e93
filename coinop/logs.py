"""Logs on standard error, as text for people or as one JSON object per line for machines.

Which events are worth a line, and at which level, is decided where they happen.
"""

import logging
import sys
from typing import Literal, TextIO

from pydantic import Field
from pydantic_settings import BaseSettings
from pythonjsonlogger.json import JsonFormatter

TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


class LogConfig(BaseSettings):
    """How a program logs: two settings that every long-running program has."""

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="the least level that is logged"
    )
    log_format: Literal["text", "json"] = Field("text", description="text for people, or one JSON object per line")


def configure(level: str, form: str, stream: TextIO | None = None) -> None:
    """Send the records of this level and above to standard error (or ``stream``), as ``text`` or ``json``.

    Handlers that were there before are dropped.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_json_formatter() if form == "json" else logging.Formatter(TEXT))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("watchfiles").setLevel(logging.WARNING)  # it has a line for every change in a watched folder


def _json_formatter() -> logging.Formatter:
    return JsonFormatter(
        ["levelname", "name", "message"],
        rename_fields={"levelname": "level", "name": "logger", "exc_info": "exception"},
        timestamp="time",
    )
