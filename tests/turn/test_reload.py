"""What changes while running: files that make sense take effect, others are said to make none."""

import asyncio
import errno
import logging
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.turn.live_gateway import certificate, run, settings, until
from turn.relay.peer_rules import Name
from turn.relay.policy import rule
from turn.reload import Certificates, Unusable, follow, read

SECRET = "a secret that is long enough"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("live.toml", 'peers = ["10.0.0.0/8", "worker:9000"]\nsecrets = ["%s"]\n[users]\nann = "pass"\n'),
        ("live.json", '{"peers": ["10.0.0.0/8", "worker:9000"], "secrets": ["%s"], "users": {"ann": "pass"}}'),
    ],
)
def test_a_file_takes_the_place_of_settings(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text % SECRET)
    found = read(settings(file=tmp_path / name))
    assert found.peers == (rule("10.0.0.0/8"), Name("worker", 9000, 9000))
    assert found.users == {"ann": "pass"}
    assert found.secrets == (SECRET,)
    assert SECRET not in repr(found)
    assert "pass" not in repr(found)


def test_what_a_file_does_not_name_stays(tmp_path: Path) -> None:
    (tmp_path / "live.toml").write_text("peers = []")
    found = read(settings(file=tmp_path / "live.toml", secret=SECRET))
    assert (found.peers, found.secrets) == ((), (SECRET,))
    assert found.users == {"user": "password"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("peers = [", "can't be read"),
        ("peers = 5", "peers.*; it may hold peers, users and secrets"),
        ('peer = ["10.0.0.0/8"]', r"peer\b.*; it may hold peers, users and secrets"),
        ('peers = ["http://worker"]', "is no peer"),
        ('secrets = ["short"]', "16 characters"),
        ('users = {ann = ""}', "a name and a password"),
        ("\xff", "can't be read"),
        ("peers = " + 5000 * "[", "nested too deeply"),
    ],
)
def test_a_mistake_is_said_with_the_files_name(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "live.toml").write_text(text)
    with pytest.raises(Unusable, match=sentence) as caught:
        read(settings(file=tmp_path / "live.toml"))
    assert "live.toml" in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=f"{os.strerror(errno.ENOENT)}$"):
        read(settings(file=tmp_path / "live.toml"))
    (tmp_path / "live.json").write_text("{")
    with pytest.raises(Unusable, match="it is no JSON"):
        read(settings(file=tmp_path / "live.json"))
    (tmp_path / "live.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(Unusable, match="UTF-8"):
        read(settings(file=tmp_path / "live.toml"))


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200), suffix=st.sampled_from([".toml", ".json"]))
def test_any_file_can_be_read_or_is_unusable(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"live{suffix}"
    path.write_bytes(content)
    try:
        found = read(settings(file=path))
    except Unusable:
        return
    assert isinstance(found.peers, tuple)


def test_a_certificate_that_is_none(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    certificates = Certificates(cert, key)
    key.write_text("no key")
    with pytest.raises(Unusable, match="can't be used"):
        certificates.load()
    with pytest.raises(Unusable, match=f"{os.strerror(errno.ENOENT)}$"):
        Certificates(tmp_path / "nothing.pem", key)
    with pytest.raises(Unusable, match="not a certificate and its key as PEM"):
        Certificates(key, key)
    (tmp_path / "other").mkdir()
    with pytest.raises(Unusable, match="the key is another certificate's"):
        Certificates(cert, certificate(tmp_path / "other")[1])


def test_nobody_is_asked_for_a_pass_phrase(tmp_path: Path) -> None:
    """OpenSSL asks at the terminal, and while it waits nothing else goes on."""
    cert, key = certificate(tmp_path)
    encrypted = tmp_path / "encrypted.pem"
    made = load_pem_private_key(key.read_bytes(), None)
    form = (Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass phrase"))
    encrypted.write_bytes(made.private_bytes(*form))
    with pytest.raises(Unusable, match="is encrypted"):
        Certificates(cert, encrypted)


def test_files_that_are_written_or_exchanged_are_noticed(tmp_path: Path) -> None:
    async def scenario() -> None:
        seen: list[str] = []
        path = tmp_path / "live.toml"
        path.write_text("first")

        async def changed() -> None:
            seen.append(path.read_text())

        following = asyncio.create_task(follow([path], changed))

        def written(text: str, *, exchanged: bool) -> bool:
            if exchanged:
                (tmp_path / "new").write_text(text)
                os.replace(tmp_path / "new", path)
            else:
                path.write_text(text)
            return text in seen

        await until(lambda: written("second", exchanged=False))
        await until(lambda: written("third", exchanged=True))
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    run(scenario)


def test_nothing_to_follow_is_done_at_once() -> None:
    async def scenario() -> None:
        async def changed() -> None:
            raise AssertionError

        await follow([], changed)

    run(scenario)


def test_a_folder_that_is_not_there_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        seen = asyncio.Event()

        async def changed() -> None:
            seen.set()

        monkeypatch.setattr("turn.reload.RETRY_SECONDS", 0.01)
        following = asyncio.create_task(follow([tmp_path / "later" / "live.toml"], changed))
        await until(lambda: "can't be watched" in caplog.text)
        (tmp_path / "later").mkdir()

        def written() -> bool:
            (tmp_path / "later" / "live.toml").write_text("now")
            return seen.is_set()

        await until(written)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    with caplog.at_level(logging.WARNING):
        run(scenario)
