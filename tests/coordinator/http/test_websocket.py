"""One WebSocket's rules, with a real client at the other end of a server that only echoes and refuses."""

import asyncio
from dataclasses import replace

import pytest
from aiohttp import ClientSession, WSCloseCode, WSMsgType, web
from aiohttp.test_utils import TestServer

from coordinator.errors import PeerError
from coordinator.fleet.registry import Registry
from coordinator.http import websocket as connection_module
from coordinator.http.metrics import Metrics
from coordinator.http.websocket import Limits, accept
from coordinator.messages import MAX_MESSAGE_BYTES, Leave, Refused, Start, decode_player_message, encode
from coordinator.rooms.rooms import Rooms

LIMITS = Limits(
    peer="page",
    messages_per_second=0.001,
    burst=5,
    queued_bytes=1 << 20,
    remedy="Reload the page.",
    heartbeat_seconds=30,
)

MEGABYTES_BEYOND_ALL_BUFFERS = 64


class Echo:
    """Sends every message back, until the connection ends; then says so."""

    def __init__(self):
        self.limits = LIMITS
        self.metrics = Metrics(registry := Registry(), Rooms(registry))
        self.connections = set()
        self.opened = asyncio.Event()
        self.ended = asyncio.Event()
        self.connection = None

    async def handle(self, request):
        try:
            async with accept(request, self.limits, self.metrics, self.connections) as connection:
                self.connection = connection
                self.opened.set()
                await self.converse(connection)
            return connection.socket
        finally:
            self.ended.set()

    async def converse(self, connection):
        while (message := await connection.receive(decode_player_message)) is not None:
            if isinstance(message, Start):
                raise PeerError("no_starts", "Nothing starts here.")
            connection.send(message)


@pytest.fixture
async def echo():
    return Echo()


@pytest.fixture
async def server(echo):
    app = web.Application()
    app.router.add_get("/", echo.handle)
    async with TestServer(app) as server:
        yield server


@pytest.fixture
async def client(server):
    async with ClientSession() as http, http.ws_connect(server.make_url("/"), max_msg_size=0) as socket:
        yield socket


async def texts_until_end(socket):
    texts = []
    while (received := await socket.receive(5)).type is WSMsgType.TEXT:
        texts.append(received.data)
    return texts


def refusal(code, sentence):
    return encode(Refused(code=code, message=sentence))


async def test_messages_come_and_go_in_order(client, echo):
    await client.send_str('{"type":"leave"}')
    await client.send_str('{"type":"candidate","candidate":{"candidate":""}}')

    assert await client.receive_str() == '{"type":"leave"}'
    assert await client.receive_str() == '{"type":"candidate","candidate":{"candidate":""}}'
    assert echo.connections == {echo.connection}


async def test_the_end_of_the_client_is_the_end_of_the_conversation(client, echo):
    await client.close()
    await echo.ended.wait()

    assert client.close_code == WSCloseCode.OK
    assert not echo.connections


async def test_what_was_sent_before_a_refusal_arrives_before_it(client):
    await client.send_str('{"type":"leave"}')
    await client.send_str('{"type":"start","game":"d","offer":"v=0"}')
    await client.send_str('{"type":"leave"}')

    assert await texts_until_end(client) == ['{"type":"leave"}', refusal("no_starts", "Nothing starts here.")]
    assert client.close_code == WSCloseCode.POLICY_VIOLATION


async def test_the_refusal_of_garbage_says_what_to_do(client):
    await client.send_str("garbage")

    [text] = await texts_until_end(client)
    assert "Reload the page." in text
    assert "This is not a message that may be sent here: " in text


async def test_beyond_the_burst_there_is_one_refusal(client, echo):
    for _ in range(20):
        await client.send_str('{"type":"leave"}')

    texts = await texts_until_end(client)
    assert texts[:-1] == ['{"type":"leave"}'] * LIMITS.burst
    assert "too_many_messages" in texts[-1]


async def test_a_message_as_long_as_the_limit_is_read(client):
    await client.send_str('{"type":"leave"}'.ljust(MAX_MESSAGE_BYTES))

    assert await client.receive_str() == '{"type":"leave"}'


async def test_a_peer_that_does_not_agree_to_the_end_is_cut_off(client, echo, monkeypatch):
    monkeypatch.setattr(connection_module, "CLOSE_SECONDS", 0.05)
    await client.send_str('{"type":"start","game":"d","offer":"v=0"}')

    await echo.ended.wait()  # though the client has not read, and so has not answered, the close frame

    assert not echo.connections


async def test_a_peer_that_does_not_read_is_dropped(server, echo):
    echo.limits = replace(LIMITS, queued_bytes=1000)
    async with ClientSession() as http, http.ws_connect(server.make_url("/")) as client:
        client._response.connection.transport.pause_reading()
        await echo.opened.wait()
        for _ in range(MEGABYTES_BEYOND_ALL_BUFFERS):
            echo.connection.send(Leave(), "x" * (1 << 20))
        await echo.ended.wait()
        client._response.connection.transport.abort()

    assert not echo.connections
    value = echo.metrics.collector.get_sample_value("coinop_coordinator_slow_dropped_total", {"peer": "page"})
    assert value == 1


async def test_messages_after_the_end_are_thrown_away(client, echo):
    await client.close()
    await echo.ended.wait()

    echo.connection.send(Leave())
    await echo.connection.close()


async def test_a_peer_that_is_silent_beyond_its_heartbeats_is_gone(server, echo):
    echo.limits = replace(LIMITS, heartbeat_seconds=0.02)
    async with ClientSession() as http, http.ws_connect(server.make_url("/"), autoping=False):
        await echo.ended.wait()

    assert not echo.connections


async def test_an_error_shows_its_fields():
    error = PeerError("bad_message", "It is bad.")

    assert (error.code, error.sentence) == ("bad_message", "It is bad.")
    assert str(error) == "bad_message: It is bad."
