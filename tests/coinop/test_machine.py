"""What doctor finds out about the machine, on this machine."""

import errno
import os
import socket
import sys

import pytest

from coinop import machine
from coinop.gateway import usable_port


def test_everything_that_the_tests_run_on_is_found() -> None:
    findings = list(machine.look({}, 3478))
    needed = {finding.name: finding.state for finding in findings if finding.area in ("Python", "Codecs")}
    assert set(needed.values()) == {"ok"}
    assert {"H.264", "VP8", "Opus"} < needed.keys()


def test_what_is_not_ok_has_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "ENCODERS", {"libnone": "H.999"})
    monkeypatch.setattr(machine, "OLDEST_PYTHON", (99, 0))
    monkeypatch.setattr(machine, "BROWSERS", ())
    findings = [finding for finding in machine.look({}, 3478) if finding.state != "ok"]
    assert {finding.name for finding in findings} >= {"H.999", "none here"}
    assert [finding for finding in findings if not finding.remedy and sys.platform == "linux"] == []
    assert {finding.area for finding in findings if finding.state == "missing"} == {"Python", "Codecs"}


def test_a_port_is_free_or_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        (found,) = [finding for finding in machine.look({number: "the page"}, 3478) if finding.name == str(number)]
        assert (found.name, found.state) == (str(number), "note")
        assert found.detail.startswith(f"for the page: {os.strerror(errno.EADDRINUSE)}")
        assert "the page" in found.remedy
    assert machine.port(number, "the page").state == "ok"


def test_the_gateways_port_is_udp_too() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        number = usable_port("127.0.0.1", 0)
        taken.bind(("127.0.0.1", number))
        (found,) = [finding for finding in machine.look({}, number) if finding.area == "Ports"]
        assert (found.name, found.state) == (str(number), "note")
        assert "the gateway" in found.remedy
        assert machine.port(number, "the page").state == "ok"
    assert machine.port(number, "the gateway", udp=True).state == "ok"
