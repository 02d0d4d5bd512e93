"""What this machine has that the programs need or can use: Python, encoders, ports, kernel features, a browser.

Each function looks at one thing and returns findings; none changes anything. Cores and games are ``coinop.doctor``'s.
"""

import platform
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import av.codec
from av.error import FFmpegError

from worker import sandbox
from worker.room.media.codecs import CODECS

State = Literal["ok", "note", "missing"]
"""``note``: things work without it. ``missing``: something that people expect does not work."""

OLDEST_PYTHON = (3, 11)

ENCODERS = {codec.encoder: codec.title for codec in CODECS.values()} | {"libopus": "Opus"}
"""FFmpeg's names of the encoders that rooms use, and what people call what they make."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "firefox")

_UDP_SEGMENT, _UDP_GRO = 103, 104  # linux/udp.h; the socket module doesn't have them


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, and what to do if it isn't as it should be."""

    area: str
    name: str
    state: State
    detail: str
    remedy: str = ""


def look(ports: dict[int, str], turn_port: int) -> Iterator[Finding]:
    """Everything about the machine. ``ports`` says what each TCP port would be for; the gateway's is UDP as well."""
    yield python()
    yield from encoders()
    yield from (port(number, purpose) for number, purpose in ports.items())
    yield port(turn_port, "the gateway", udp=True)
    yield from kernel()
    yield event_loop()
    yield browser()


def python() -> Finding:
    if sys.version_info >= OLDEST_PYTHON:
        return Finding("Python", platform.python_version(), "ok", sys.executable)
    oldest = ".".join(map(str, OLDEST_PYTHON))
    return Finding("Python", platform.python_version(), "missing", sys.executable, f"Install Python {oldest} or newer.")


def encoders() -> Iterator[Finding]:
    for name, codec in ENCODERS.items():
        try:
            av.codec.Codec(name, "w")
        except (FFmpegError, ValueError):
            remedy = "Install PyAV's own wheel: pip install --force-reinstall --only-binary :all: av."
            yield Finding("Codecs", codec, "missing", f"no {name} in PyAV {version('av')}", remedy)
        else:
            yield Finding("Codecs", codec, "ok", f"{name} in PyAV {version('av')}")


def port(number: int, purpose: str, udp: bool = False) -> Finding:
    """Whether a TCP port, and with ``udp`` the UDP port of that number too, is free on the loopback."""
    try:
        socket.create_server(("127.0.0.1", number)).close()
        if udp:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
                datagrams.bind(("127.0.0.1", number))
    except OSError as error:
        remedy = f"If that is not coinop itself, choose another port for {purpose}."
        return Finding("Ports", str(number), "note", f"for {purpose}: {error.strerror}", remedy)
    return Finding("Ports", str(number), "ok", f"free, for {purpose}")


def kernel() -> Iterator[Finding]:
    """Linux features that confine a room or make packets cheaper."""
    if sys.platform != "linux":
        yield Finding("Kernel", platform.system(), "note", "rooms can be confined on Linux alone")
        return
    lacks = "; ".join(sandbox.missing())
    yield _feature("sandbox", not lacks, "Landlock and seccomp lock games in", f"more: {lacks}")
    yield _feature("UDP GSO", _udp_option(_UDP_SEGMENT), "many packets per call", "a kernel from 4.18 on")
    yield _feature("UDP GRO", _udp_option(_UDP_GRO), "many packets per call", "a kernel from 5.0 on")


def event_loop() -> Finding:
    try:
        return Finding("Kernel", "uvloop", "ok", version("uvloop"))
    except PackageNotFoundError:
        return Finding("Kernel", "uvloop", "note", "not installed; asyncio's own loop serves", "pip install uvloop")


def browser() -> Finding:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found:
        return Finding("Browser", Path(found).name, "ok", found)
    return Finding("Browser", "none here", "note", "only the tests need one on this machine", "apt install chromium")


def _feature(name: str, there: bool, detail: str, wanted: str) -> Finding:
    if there:
        return Finding("Kernel", name, "ok", detail)
    return Finding("Kernel", name, "note", "not available; coinop works without it", f"It takes {wanted}.")


def _udp_option(option: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        try:
            udp.getsockopt(socket.IPPROTO_UDP, option)
        except OSError:
            return False
        return True
