"""The probe: 0 for a gateway that works, 1 and a sentence for anything else."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from coinop import settings
from tests.turn.live_gateway import HOST, PASSWORD, SECRET, USER, Peer, address_of, certificate, run, serving
from turn.probe import Config, Failed, probe, serve
from turn.wire import attributes as attribute
from turn.wire import stun


def config(address: tuple[str, int], **values: Any) -> Config:
    return Config(**{"host": address[0], "port": address[1], "secret": "", "seconds": 5} | values)


def test_the_port_is_an_option_or_the_gateways_own_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def address(*options: str) -> tuple[str, int]:
        return settings.read(Config, "coinop turn probe", options).address

    for name in ("COINOP_TURN_PORT", "COINOP_TURN_PROBE_PORT"):
        monkeypatch.delenv(name, raising=False)
    assert address() == ("127.0.0.1", 3478)
    assert address("--port", "5", "--host", "gateway.example") == ("gateway.example", 5)
    monkeypatch.setenv("COINOP_TURN_PORT", "6")
    assert address()[1] == 6
    assert address("--port", "5")[1] == 5
    options = [setting.option for setting in settings.describe(Config)]
    assert "--port" in options
    assert not any("COINOP" in option for option in options)
    with pytest.raises(SystemExit):
        address("--help")
    assert "  --port int" in (shown := capsys.readouterr().out)
    assert "--COINOP" not in shown


@pytest.mark.parametrize("protocol", ["udp", "tcp", "tls"])
@pytest.mark.parametrize("credentials", [{}, {"username": USER, "password": PASSWORD}, {"secret": SECRET}])
def test_a_gateway_that_works(tmp_path: Path, protocol: str, credentials: dict[str, str]) -> None:
    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key, secret=SECRET) as node:
            asked = config(address_of(node, protocol), transport=protocol, **credentials)
            sentence = await asyncio.to_thread(probe, asked)
            assert f"sees {HOST}:" in sentence
            assert ("relays from" in sentence) == bool(credentials)
            assert not len(node.gateway.relay.allocations)

    run(scenario)


def test_wrong_credentials(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario() -> None:
        async with serving() as node:
            asked = config(address_of(node, "udp"), username=USER, password="wrong")
            assert await serve(asked, asyncio.Event()) == 1
            assert await serve(config(address_of(node, "udp")), asyncio.Event()) == 0

    run(scenario)
    shown = capsys.readouterr()
    assert "401 Unauthorized" in shown.err
    assert "wrong" not in shown.err
    assert "sees" in shown.out


def test_a_gateway_that_drains_is_there_and_gives_nothing() -> None:
    async def scenario() -> None:
        async with serving() as node:
            node.gateway.relay.draining = True
            await asyncio.to_thread(probe, config(address_of(node, "udp")))
            with pytest.raises(Failed, match="508"):
                await asyncio.to_thread(probe, config(address_of(node, "udp"), username=USER, password=PASSWORD))

    run(scenario)


def test_tls_where_it_is_not_spoken() -> None:
    async def scenario() -> None:
        async with serving() as node:
            with pytest.raises(Failed, match="by TLS, which nobody seems to speak there"):
                await asyncio.to_thread(probe, config(address_of(node, "tcp"), transport="tls"))

    run(scenario)


def test_nobody_there() -> None:
    with Peer() as peer:
        with pytest.raises(Failed, match="does not answer"):
            probe(config(peer.address, seconds=0.2))
        with pytest.raises(Failed, match="can't be reached"):
            probe(config(peer.address, transport="tcp", seconds=0.2))
    with pytest.raises(Failed, match="can't be reached"):
        probe(config(("no-such-host.invalid", 5)))


def test_somebody_else_there() -> None:
    async def scenario() -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(20)
            writer.write(b"\x15\x03\x03\0\x02\x02\x28")  # a TLS alert
            writer.close()

        server = await asyncio.start_server(talk, HOST, 0)
        async with server:
            address = server.sockets[0].getsockname()
            with pytest.raises(Failed, match="no gateway"):
                await asyncio.to_thread(probe, config(address, transport="tcp"))

    run(scenario)


@pytest.mark.parametrize(
    ("number", "value"),
    [(attribute.XOR_MAPPED_ADDRESS, b"\0\7\0\0"), (attribute.REALM, b"\xff"), (attribute.ERROR_CODE, b"\0")],
)
def test_answers_that_make_no_sense(number: int, value: bytes) -> None:
    def answered(request: stun.Message) -> bytes:
        if request.method == stun.BINDING and number != attribute.XOR_MAPPED_ADDRESS:
            mapped = attribute.encode_xor_address((HOST, 5), request.transaction_id)
            return stun.success(request).add(attribute.XOR_MAPPED_ADDRESS, mapped).finish()
        kind = stun.SUCCESS if request.method == stun.BINDING else stun.ERROR
        answer = stun.Writer(request.method, kind, request.transaction_id).add(number, value)
        return answer.add(attribute.NONCE, b"nonce").finish()

    async def scenario() -> None:
        with Peer() as somebody:
            asked = config(somebody.address, username=USER, password=PASSWORD)
            asking = asyncio.create_task(asyncio.to_thread(probe, asked))
            while not asking.done():
                receiving = asyncio.create_task(somebody.receive())
                await asyncio.wait({asking, receiving}, return_when=asyncio.FIRST_COMPLETED)
                if receiving.done():
                    data, source = await receiving
                    somebody.send(answered(stun.parse(data)), source)
                receiving.cancel()
            with pytest.raises(Failed, match="make no sense"):
                await asking

    run(scenario)


def test_somebody_who_hangs_up() -> None:
    with socket.create_server((HOST, 0)) as server:

        async def scenario() -> None:
            server.setblocking(False)
            asking = asyncio.create_task(asyncio.to_thread(probe, config(server.getsockname(), transport="tcp")))
            connection, _ = await asyncio.get_running_loop().sock_accept(server)
            await asyncio.get_running_loop().sock_recv(connection, 100)
            connection.close()
            with pytest.raises(Failed, match=r"it closes the connection|it does not answer: "):
                await asking

        run(scenario)
