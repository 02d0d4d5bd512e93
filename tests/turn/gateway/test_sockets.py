"""The sockets that clients reach: which there are, shared by processes, and what is said when one can't be had."""

import errno
import socket
from pathlib import Path

import pytest

from tests.turn.live_gateway import HOST, certificate, settings
from turn.gateway.sockets import NotServedError, bind, close


def test_one_for_each_protocol_and_address(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    (bound,) = bind(settings(host=f"{HOST},::1", certificate=cert, key=key))
    try:
        assert [each.protocol for each in bound] == ["tcp", "udp", "tls", "dtls"] * 2
        ports = {each.protocol: each.sock.getsockname()[1] for each in bound}
        assert all(ports[each.protocol] == each.sock.getsockname()[1] for each in bound)
        assert (ports["tcp"], ports["tls"]) == (ports["udp"], ports["dtls"])
        assert ports["tcp"] != ports["tls"]
    finally:
        close(bound)


def test_udp_alone() -> None:
    (bound,) = bind(settings(tcp=False))
    assert [each.protocol for each in bound] == ["udp"]
    close(bound)


def test_processes_share_their_ports() -> None:
    one, other = bind(settings(processes=2))
    assert [each.sock.getsockname() for each in one] == [each.sock.getsockname() for each in other]
    close(one)
    close(other)


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_port_that_is_taken_is_said_and_nothing_stays_open(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind((HOST, 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        with pytest.raises(NotServedError, match="choose a port that is free with --port"):
            bind(settings(port=taken.getsockname()[1]))


def test_an_address_of_another_machine_is_an_error() -> None:
    with pytest.raises(NotServedError, match=r"192\.0\.2\.1 port 0: that is no address of this machine.*--host"):
        bind(settings(host="192.0.2.1"))


def test_a_port_that_is_not_for_this_user_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "no words of ours")

    monkeypatch.setattr("turn.gateway.sockets._prepare", forbid)  # root may open any
    with pytest.raises(NotServedError, match=r"port 443, which takes more rights than this user has.*--port"):
        bind(settings(port=443))


def test_a_machine_without_ipv6_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket

    def without_ipv6(family: int, kind: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "the family is odd")
        return real(family, kind)

    monkeypatch.setattr("turn.gateway.sockets.socket.socket", without_ipv6)
    (bound,) = bind(settings(host="0.0.0.0,::"))
    assert {each.sock.family for each in bound} == {socket.AF_INET}
    close(bound)
    with pytest.raises(NotServedError, match="the family is odd"):
        bind(settings(host="::1"))
