"""Settings: what they may be, and the sentence about what they may not."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from turn.config import Config

SECRET = "a secret that is long enough"


def config(**values: Any) -> Config:
    return Config(**{"secret": SECRET} | values)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET", "USERS", "PEERS", "HOST", "PORT"):
        monkeypatch.delenv(f"COINOP_TURN_{name}", raising=False)


def test_the_defaults_admit_nobody_and_listen_everywhere() -> None:
    made = config()
    assert made.peers == ()
    assert made.host == ("0.0.0.0", "::")
    assert made.relay_port_range == (49152, 65535)


@pytest.mark.parametrize("text", ["10.0.0.0/8, worker.example:9000", '["10.0.0.0/8", "worker.example:9000"]'])
def test_lists_have_commas_or_are_json(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("COINOP_TURN_PEERS", text)
    assert config().peers == ("10.0.0.0/8", "worker.example:9000")


def test_a_peer_in_brackets_is_no_json() -> None:
    assert config(peers="[fd00::1]:9000,10.1.2.3").peers == ("[fd00::1]:9000", "10.1.2.3")


def test_several_secrets_are_good() -> None:
    made = config(secret=f"{SECRET} 1, {SECRET} 2")
    assert made.secrets == (f"{SECRET} 1", f"{SECRET} 2")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"secret": ""}, "nobody could use the gateway"),
        ({"secret": "short"}, "at least 16 characters"),
        ({"secret": f"{SECRET},short"}, "at least 16 characters"),
        ({"host": "example.org"}, "must be IP addresses"),
        ({"peers": "http://worker"}, "is no peer"),
        ({"relay_ports": "1-5"}, "range of ports"),
        ({"relay_ports": "many"}, "range of ports"),
        ({"relay_ports": "60000-50000"}, "range of ports"),
        ({"certificate": "cert.pem"}, "a certificate needs its key"),
        ({"relay_address": ["10.0.0.1", "10.0.0.2"]}, "once for IPv4 and once for IPv6"),
        ({"relay_address": ["a host"]}, "must be addresses or host names"),
        ({"relay_address": ["10.0.0.300"]}, "must be addresses or host names"),
        ({"secret": "", "users": {"u": "p"}, "rest": True}, "REST issues time-limited credentials"),
        ({"users": {"": "p"}}, "a name and a password"),
        ({"users": {"u": ""}}, "a name and a password"),
        ({"max_lifetime": 10}, "max_lifetime"),
    ],
)
def test_what_can_not_be_is_said(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        config(**values)


def test_no_secret_is_in_an_error_or_a_repr() -> None:
    with pytest.raises(ValidationError) as caught:
        config(secret="tooshort", relay_ports="x")
    assert "tooshort" not in str(caught.value)
    assert SECRET not in repr(config())


def test_another_process_can_be_given_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    made = config(
        host="127.0.0.1,::1",
        users={"u": "p"},
        peers="10.0.0.0/8",
        relay_address=["10.0.0.1"],
        file=Path("settings.toml"),
        tcp=False,
        rest_key="key",
        grace_seconds=1.5,
    )
    for name, value in made.environment().items():
        monkeypatch.setenv(name, value)
    again = Config()
    assert again == made
    assert again.users == {"u": SecretStr("p")}
