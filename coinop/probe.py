"""``coinop probe``: does a program of ours answer? For containers' health checks, whose images have no other client.

It asks over HTTP, as any probe would; the gateway has a probe of its own, which does what browsers do
(``coinop turn probe``).
"""

import asyncio
import http.client
import ssl
import sys
from http import HTTPStatus
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MAX_SENTENCE = 500
"""Bytes of an answer that are shown."""


class Config(BaseSettings):
    """Ask a program whether it is well; exit code 1 if it is not."""

    model_config = SettingsConfigDict(env_prefix="COINOP_PROBE_", frozen=True)

    url: str = Field(
        description="what to ask, such as http://127.0.0.1:8000/live or http://127.0.0.1:8001/ready; of https any"
        " certificate will do"
    )
    seconds: float = Field(3, gt=0, description="seconds until the probe has failed")

    @field_validator("url")
    @classmethod
    def _is_a_url(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:  # from urlsplit, or from the port
            usable = False
        if not usable or not (url.isascii() and url.isprintable()) or " " in url:
            raise ValueError("must be a URL such as http://127.0.0.1:8000/live")
        return url


async def serve(config: Config, _stop: asyncio.Event) -> int:
    """Probe once. The exit code: 0 if all is well, 1 after a sentence if not."""
    complaint = await asyncio.to_thread(probe, config)
    if complaint:
        print(f"{config.url}: {complaint}", file=sys.stderr)  # noqa: T201
    return int(bool(complaint))


def probe(config: Config) -> str:
    """Ask the program whether it is well: what is wrong, or an empty text."""
    try:
        status, body = _get(config)
    except (OSError, http.client.HTTPException) as error:
        return f"no answer: {error}"
    said = body.decode(errors="replace").strip()
    return "" if status == HTTPStatus.OK else f"{status} {said}"


def _get(config: Config) -> tuple[int, bytes]:
    parts = urlsplit(config.url)
    host = parts.hostname or ""
    connection = http.client.HTTPConnection(host, parts.port, timeout=config.seconds)
    if parts.scheme == "https":
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # is it there, not: is it the right one
        connection = http.client.HTTPSConnection(host, parts.port, timeout=config.seconds, context=context)
    try:
        connection.request("GET", parts._replace(scheme="", netloc="", fragment="").geturl() or "/")
        answer = connection.getresponse()
        return answer.status, answer.read(MAX_SENTENCE)
    finally:
        connection.close()
