"""The server as it runs: its start, its end, and the whole way of a game through it."""

import asyncio
import datetime
import logging
import os
import re
import signal
import socket
import ssl
from contextlib import asynccontextmanager
from ipaddress import ip_address

import pytest
from aiohttp import ClientSession, WSCloseCode
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from coordinator import app as app_module
from coordinator.app import create_app, run, serve, tls_context
from coordinator.config import Config
from coordinator.errors import PortInUseError, TLSError
from coordinator.messages import Game, Register, Registered, Welcome, decode_player_event, decode_worker_command, encode

TOKEN = "a token of 26 characters.."
REGISTER = Register(name="box", capacity=1, games=(Game(id="d", title="Duel", system="NES"),))


class FirstUrl(logging.Handler):
    """Waits for the line that says where the arcade is."""

    def __init__(self):
        super().__init__()
        self.url = asyncio.get_running_loop().create_future()

    def emit(self, record):
        if found := re.search(r"https?://\S+/", record.getMessage()):
            self.url.set_result(found[0])


@asynccontextmanager
async def running(program):
    """Run the program as a task, and read its URL from its log."""
    log = FirstUrl()
    app_module.logger.addHandler(log)
    app_module.logger.setLevel(logging.INFO)
    task = asyncio.create_task(program)
    try:
        done, _ = await asyncio.wait((task, log.url), return_when=asyncio.FIRST_COMPLETED)
        if task in done:
            task.result()
        yield task, log.url.result()
    finally:
        app_module.logger.removeHandler(log)
        app_module.logger.setLevel(logging.NOTSET)
        task.cancel()
        await asyncio.wait((task,))


@pytest.fixture
def config(web_root) -> Config:
    return Config(worker_token=TOKEN, web_root=web_root, port=0)


@pytest.fixture
def stop():
    return asyncio.Event()


async def test_it_serves_until_it_is_told_to_stop(config, stop):
    async with running(serve(config, stop)) as (task, url), ClientSession() as http:
        async with http.get(url) as response:
            assert "arcade" in await response.text()

        stop.set()
        await task


async def test_pages_and_workers_are_told_that_it_stops(config, stop):
    async with running(serve(config, stop)) as (task, url), ClientSession() as http:
        page = await http.ws_connect(f"{url}ws/player")
        worker = await http.ws_connect(f"{url}ws/worker", headers={"Authorization": f"Bearer {TOKEN}"})
        await worker.send_str(encode(REGISTER))
        assert isinstance(decode_worker_command(await worker.receive_str()), Registered)
        assert isinstance(decode_player_event(await page.receive_str()), Welcome)
        await page.receive_str()  # the library

        stop.set()
        await asyncio.gather(page.receive(), worker.receive())
        await task

    assert page.close_code == worker.close_code == WSCloseCode.GOING_AWAY


async def test_a_page_that_does_not_agree_does_not_hold_the_end_up(config, stop, monkeypatch):
    monkeypatch.setattr("coordinator.http.websocket.CLOSE_SECONDS", 0.05)
    async with running(serve(config, stop)) as (task, url), ClientSession() as http:
        page = await http.ws_connect(f"{url}ws/player")
        page._response.connection.transport.pause_reading()

        stop.set()
        await task
        page._response.connection.transport.abort()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signals_end_it(config, number):
    async with running(run(config)) as (task, _):
        os.kill(os.getpid(), number)
        await task


async def test_a_busy_port_is_named_with_the_way_to_another(config, stop):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(PortInUseError) as caught:
            await serve(config.model_copy(update={"port": port}), stop)

    assert str(caught.value) == f"port {port} on 127.0.0.1 is in use: choose one that is free with --port"


async def test_an_address_that_is_not_this_machines_is_no_busy_port(config, stop):
    with pytest.raises(OSError, match=r"203\.0\.113\.1") as caught:
        await serve(config.model_copy(update={"host": "203.0.113.1"}), stop)

    assert not isinstance(caught.value, PortInUseError)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/"),
        ("0.0.0.0", "http://127.0.0.1:8000/"),
        ("::", "http://[::1]:8000/"),
        ("arcade.example", "http://arcade.example:8000/"),
    ],
)
def test_the_url_is_one_that_a_browser_opens(config, host, url):
    assert app_module._url(config.model_copy(update={"host": host}), 8000) == url


class TestTLS:
    @pytest.fixture
    def files(self, tmp_path):
        """Make a key, its certificate for 127.0.0.1, and another key."""
        folder = tmp_path
        key, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "arcade")])
        today = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(today - datetime.timedelta(days=1))
            .not_valid_after(today + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
            .sign(key, hashes.SHA256())
        )
        (folder / "certificate.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        for file, secret in (("key.pem", key), ("other.pem", other)):
            (folder / file).write_bytes(
                secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            )
        (folder / "locked.pem").write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
        )
        return folder

    async def test_pages_and_sockets_are_served_over_https(self, config, stop, files):
        secure = config.model_copy(
            update={"certificate": files / "certificate.pem", "key": files / "key.pem", "host": "127.0.0.1"}
        )
        trusting = ssl.create_default_context(cafile=files / "certificate.pem")
        async with running(serve(secure, stop)) as (_, url), ClientSession() as http:
            assert url.startswith("https://")
            async with http.get(url, ssl=trusting) as response:
                assert "arcade" in await response.text()
            async with http.ws_connect(f"{url}ws/player", ssl=trusting) as page:
                assert isinstance(decode_player_event(await page.receive_str()), Welcome)

    @pytest.mark.parametrize("key", ["other.pem", "locked.pem", "missing.pem", "certificate.pem"])
    def test_files_that_do_not_fit_are_named_with_what_is_needed(self, config, files, key):
        wrong = config.model_copy(update={"certificate": files / "certificate.pem", "key": files / key})

        with pytest.raises(TLSError, match="without a passphrase") as caught:
            tls_context(wrong)

        assert key in str(caught.value)


async def test_two_applications_share_nothing(config):
    first, second = create_app(config), create_app(config)

    assert first[app_module.SWITCHBOARD] is not second[app_module.SWITCHBOARD]
