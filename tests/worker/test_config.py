import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from coordinator.messages import GATEWAY_URL, Register, decode_worker_message, encode
from tests.worker.stand_ins.rooms import TOKEN
from worker.config import Config, own_games
from worker.runtime.procfs import available_cpus

SECRET = "the gateway has it too"


def configure(**settings: Any) -> Config:
    return Config(**settings)


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Config.model_fields:
        monkeypatch.delenv(f"COINOP_WORKER_{field.upper()}", raising=False)
    monkeypatch.delenv("COINOP_TURN_SECRET", raising=False)
    monkeypatch.delenv("POD_NAME", raising=False)


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
        "GATEWAYS": '["turn:gateway.example:3478?transport=udp"]',
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"COINOP_WORKER_{name}", value)
    config = configure()
    assert config.games == (Path("/roms"), Path.home() / "more")
    assert config.core_overrides == {"nes": "nestopia"}
    assert config.core_options == {"fceumm": {"a": "b"}}
    assert [str(address) for address in config.addresses] == ["127.0.0.1", "::1"]
    assert config.gateways == ("turn:gateway.example:3478?transport=udp",)


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
    "url",
    [
        "turn:a",
        "turn:a:3478",
        "turns:a:5349?transport=tcp",
        "stun:192.0.2.1:3478",
        "turn:[2001:db8::1]:3478?transport=udp",
        "turn:{host}:3478?transport=udp",
        "stun:{host}",
    ],
)
def test_a_gateways_url_is_one_that_the_coordinator_takes(url: str) -> None:
    assert configure(token=TOKEN, gateways=(url,)).gateways == (url,)
    assert decode_worker_message(encode(Register(name="a", capacity=1, games=(), gateways=(url,))))


@pytest.mark.parametrize(
    "url",
    [
        *("", "a", "a:3478", "turn:", "turn://a", "http://a", "turn:a:0", "turn:a:65536", "turn:a:b:1", "turn:a b"),
        *("turn:user:password@a", "turn:a?transport=tls", "turn:a?transport=", "turn:[]", "turn:[::1", "turn:[1:2]:3"),
        *("stun:a?transport=udp", "turn:::1", "TURN:a", "turn:{name}", "turn:{host}.example", "turn:{host"),
    ],
)
def test_what_is_no_gateway_is_one_sentence(url: str) -> None:
    with pytest.raises(ValidationError, match="must be ICE URLs such as turn:") as caught:
        configure(token=TOKEN, gateways=("turn:a", url))
    assert [error["loc"] for error in caught.value.errors()] == [("gateways",)]
    assert "password" not in str(caught.value)


@settings(deadline=None)  # the first of a regular expression's strings takes a while
@given(st.text() | st.from_regex(GATEWAY_URL, fullmatch=True))
def test_any_text_is_a_gateway_that_the_coordinator_takes_or_refused(url: str) -> None:
    try:
        config = configure(token=TOKEN, gateways=(url,))
    except ValidationError:
        return
    register = Register(name="a", capacity=1, games=(), gateways=config.gateways)
    assert decode_worker_message(encode(register)) == register


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": "short"},
        {"capacity": 0},
        {"name": ""},
        {"addresses": ("somewhere",)},
        {"metrics_port": 70_000},
        {"gateways": ("turn:a",) * 17},
    ],
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


def test_of_several_tokens_it_shows_the_first() -> None:
    assert configure(token=f" {TOKEN} , of another cluster").own_token.get_secret_value() == TOKEN


@pytest.mark.parametrize("token", ["short, but more after the comma", " , , , , , , , , , , "])
def test_a_first_token_that_is_too_short_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(ValidationError, match="at least 16 characters before the first comma") as caught:
        configure(token=token)
    assert "short" not in str(caught.value).replace("at least", "")


@pytest.mark.parametrize(
    ("secret", "announced"), [("", ""), (SECRET, SECRET), (f"{SECRET}, one that was before, that was before", SECRET)]
)
def test_the_gateways_secret(monkeypatch: pytest.MonkeyPatch, secret: str, announced: str) -> None:
    monkeypatch.setenv("COINOP_TURN_SECRET", secret)
    config = configure(token=TOKEN)
    assert config.announced_secret == announced
    assert SECRET not in repr(config)
    register = Register(name="a", capacity=1, games=(), turn_secret=announced)
    assert decode_worker_message(encode(register)) == register


@pytest.mark.parametrize("secret", ["too short", "x" * 513, "too short, but more after the comma"])
def test_a_secret_that_the_coordinator_does_not_take_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(ValidationError, match="must be the gateway's secret") as caught:
        configure(token=TOKEN, turn_secret=secret)
    assert secret not in str(caught.value)


@given(st.text(st.characters()) | st.text(st.characters(), min_size=16))
def test_any_text_is_a_secret_that_the_coordinator_takes_or_refused(secret: str) -> None:
    try:
        config = configure(token=TOKEN, turn_secret=secret)
    except ValidationError:
        return
    register = Register(name="a", capacity=1, games=(), turn_secret=config.announced_secret)
    assert decode_worker_message(encode(register)) == register


def test_what_it_is_told_of_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COINOP_WORKER_GATEWAY_SERVICE", "coinop-turn")
    monkeypatch.setenv("POD_NAME", "coinop-worker-5d9f.0")
    config = configure(token=TOKEN)
    assert (config.gateway_service, config.pod_name) == ("coinop-turn", "coinop-worker-5d9f.0")
    assert configure(token=TOKEN, gateway_service="stunner/udp-gateway").gateway_service == "stunner/udp-gateway"


@pytest.mark.parametrize("setting", ["gateway_service", "pod_name"])
@pytest.mark.parametrize("name", ["a/b/c", "/a", "a/", "/", "A", "-a", "a b", "a/..", "x" * 254])
def test_what_is_no_name_in_kubernetes(setting: str, name: str) -> None:
    with pytest.raises(ValidationError, match="must be the name of an object in Kubernetes"):
        configure(token=TOKEN, **{setting: name})


@pytest.mark.parametrize("setting", ["gateway_service", "pod_name"])
@given(st.text() | st.just("../secrets/other"))
def test_any_text_is_a_name_in_a_path_or_refused(setting: str, name: str) -> None:
    try:
        configure(token=TOKEN, **{setting: name})
    except ValidationError:
        return
    assert not set(name.replace("/", "", setting == "gateway_service")) & set("/?#%\\ \n")


@given(st.text())
def test_any_text_is_an_address_or_refused(url: str) -> None:
    try:
        config = configure(token=TOKEN, coordinator=url)
    except ValidationError:
        return
    assert config.link_url.startswith(("ws://", "wss://"))


def test_the_store_is_in_the_saves_folder_unless_it_is_said(tmp_path: Path) -> None:
    assert configure(token=TOKEN, saves=tmp_path).store_url == (tmp_path / "store").as_uri()
    assert configure(token=TOKEN, store="s3://bucket/folder").store_url == "s3://bucket/folder"


@pytest.mark.parametrize("url", ["gs://bucket", "az://account/container", "file:///srv/store", "s3a://b/c/"])
def test_stores_that_can_be_used(url: str) -> None:
    assert configure(token=TOKEN, store=url).store == url


@pytest.mark.parametrize(
    "url", ["http://files.example/dav", "bucket", "s3:", "s3://", "file:relative", "s3://[", "ftp://x/y"]
)
def test_what_is_no_store_is_said(url: str) -> None:
    with pytest.raises(ValidationError, match="must be a URL such as s3://bucket/folder"):
        configure(token=TOKEN, store=url)


@pytest.mark.parametrize("url", ["s3://key:hush@bucket/folder", "s3://bucket/folder?key=hush"])
def test_secrets_do_not_belong_into_the_url(url: str) -> None:
    with pytest.raises(ValidationError, match="put those into COINOP_WORKER_STORE_OPTIONS") as failure:
        configure(token=TOKEN, store=url)
    assert "hush" not in str(failure.value)


def test_options_of_the_store_are_kept_out_of_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COINOP_WORKER_STORE_OPTIONS", '{"secret_access_key": "hush", "region": "eu-west-1"}')
    config = configure(token=TOKEN)
    assert "hush" not in repr(config) + config.model_dump_json()
    assert config.store_options["region"].get_secret_value() == "eu-west-1"


@given(st.text(max_size=40))
def test_any_text_is_a_store_or_a_sentence(url: str) -> None:
    mistakes: list[str] = []
    try:
        configure(token=TOKEN, store=url)
    except ValidationError as error:
        mistakes += [details["msg"] for details in error.errors()]
    assert all(mistake.startswith("Value error, must be a URL") for mistake in mistakes)
