import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.worker.rooms.harness import TOKEN
from worker.config import Config, own_games
from worker.usage import available_cpus


def configure(**settings: Any) -> Config:
    return Config(**settings)


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Config.model_fields:
        monkeypatch.delenv(f"COINOP_WORKER_{field.upper()}", raising=False)


def test_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("COINOP_WORKER_TOKEN", TOKEN)
    config = configure()
    assert config.link_url == "ws://127.0.0.1:8000/ws/worker"
    assert config.name == socket.gethostname()
    assert config.capacity == 6 * available_cpus()
    assert config.games == (own_games(),)
    assert (config.saves, config.system) == (tmp_path / "coinop" / "saves", tmp_path / "coinop" / "system")


@pytest.mark.parametrize("home", ["", "relative/folder"])
def test_a_data_home_that_does_not_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: str) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", home)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert configure(token=TOKEN).saves == tmp_path / ".local/share/coinop/saves"


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {
        "TOKEN": TOKEN,
        "GAMES": '["/roms", "~/more"]',
        "CORE_OVERRIDES": '{"nes": "nestopia"}',
        "CORE_OPTIONS": '{"fceumm": {"a": "b"}}',
        "ADDRESSES": '["127.0.0.1", "::1"]',
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"COINOP_WORKER_{name}", value)
    config = configure()
    assert config.games == (Path("/roms"), Path.home() / "more")
    assert config.core_overrides == {"nes": "nestopia"}
    assert config.core_options == {"fceumm": {"a": "b"}}
    assert [str(address) for address in config.addresses] == ["127.0.0.1", "::1"]


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://arcade.example", "wss://arcade.example/ws/worker"),
        ("https://example:8443/arcade/", "wss://example:8443/arcade/ws/worker"),
        ("wss://arcade.example/ws/worker", "wss://arcade.example/ws/worker"),
        ("ws://[::1]:8000/", "ws://[::1]:8000/ws/worker"),
    ],
)
def test_the_links_address(url: str, link: str) -> None:
    assert configure(token=TOKEN, coordinator=url).link_url == link


@pytest.mark.parametrize("url", ["arcade.example", "ftp://a", "http://", "http://a:port", "http://[", "http://u:p@a"])
def test_what_is_no_address_of_a_coordinator(url: str) -> None:
    with pytest.raises(ValidationError, match="must be a URL"):
        configure(token=TOKEN, coordinator=url)


@pytest.mark.parametrize(
    "wrong",
    [{"token": "short"}, {"capacity": 0}, {"name": ""}, {"addresses": ("somewhere",)}, {"metrics_port": 70_000}],
)
def test_what_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        configure(**{"token": TOKEN, **wrong})
    assert [error["loc"][0] for error in caught.value.errors()] == list(wrong)


def test_the_token_is_shown_nowhere() -> None:
    assert TOKEN not in repr(configure(token=TOKEN))
    with pytest.raises(ValidationError) as caught:
        configure(token="tooshort")
    assert "tooshort" not in str(caught.value)


@given(st.text())
def test_any_text_is_an_address_or_refused(url: str) -> None:
    try:
        config = configure(token=TOKEN, coordinator=url)
    except ValidationError:
        return
    assert config.link_url.startswith(("ws://", "wss://"))
