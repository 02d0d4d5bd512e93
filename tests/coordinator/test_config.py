"""The coordinator's settings."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings, CliApp, CliSubCommand, get_subcommand

from coordinator.config import SECRET_SENTENCE, TOKEN_SENTENCE, Config

TOKEN = "sixteen or more.."
SECRET = "the gateways know it"


@pytest.fixture(autouse=True)
def environment(monkeypatch, web_root):
    monkeypatch.setenv("COINOP_WORKER_TOKEN", TOKEN)
    monkeypatch.delenv("COINOP_TURN_SECRET", raising=False)
    monkeypatch.setenv("COINOP_COORDINATOR_WEB_ROOT", str(web_root))
    return monkeypatch


def mistakes(**settings):
    with pytest.raises(ValidationError) as caught:
        Config(**settings)
    return str(caught.value)


def test_the_defaults_serve_this_machine_only():
    config = Config()

    assert (config.host, config.port) == ("127.0.0.1", 8000)
    assert config.allowed_origins == ()
    assert config.worker_token.get_secret_value() == TOKEN


def test_the_page_is_found_beside_the_package(environment):
    environment.delenv("COINOP_COORDINATOR_WEB_ROOT")

    assert Config().web_root == Path(__file__).parents[2] / "web"


def test_the_environment_sets_every_field(environment):
    environment.setenv("COINOP_COORDINATOR_PORT", "9000")
    environment.setenv("COINOP_COORDINATOR_ALLOWED_ORIGINS", "https://A.example, http://b.example:8080")
    environment.setenv("COINOP_COORDINATOR_LOG_FORMAT", "json")

    config = Config()

    assert config.port == 9000
    assert config.allowed_origins == ("https://a.example", "http://b.example:8080")
    assert config.log_format == "json"


@pytest.mark.parametrize("token", [None, "", "short", " , ", f"{TOKEN},short"])
def test_without_a_token_a_sentence_says_what_to_do(environment, token):
    environment.delenv("COINOP_WORKER_TOKEN")
    if token is not None:
        environment.setenv("COINOP_WORKER_TOKEN", token)

    text = mistakes()

    assert TOKEN_SENTENCE in text
    assert "short" not in text.replace(TOKEN_SENTENCE, "")


def test_the_token_is_not_shown():
    assert TOKEN not in repr(Config())


def test_every_cluster_may_have_a_token_of_its_own(environment):
    environment.setenv("COINOP_WORKER_TOKEN", f"{TOKEN}, of another cluster,")

    assert Config().worker_tokens == [TOKEN, "of another cluster"]


def test_without_a_gateway_none_is_needed():
    config = Config()

    assert (config.issuing_secret, config.turn_ttl, config.relay_only) == ("", 6 * 3600, False)


@pytest.mark.parametrize(
    ("secret", "issuing"), [("", ""), (SECRET, SECRET), (f" {SECRET} , one that was before", SECRET)]
)
def test_the_first_of_the_gateways_secrets_is_the_one_to_issue_with(environment, secret, issuing):
    environment.setenv("COINOP_TURN_SECRET", secret)

    config = Config()

    assert config.issuing_secret == issuing
    assert SECRET not in repr(config)


@pytest.mark.parametrize("secret", ["short", f"{SECRET},short"])
def test_a_short_secret_is_refused_and_not_shown(environment, secret):
    environment.setenv("COINOP_TURN_SECRET", secret)

    text = mistakes()

    assert SECRET_SENTENCE in text
    assert "short" not in text.replace(SECRET_SENTENCE, "")


@pytest.mark.parametrize("origin", ["a.example", "https://", "https://a.example/", "ftp://a.example", "https://a b"])
def test_what_is_no_origin_is_refused(origin):
    assert "without a path" in mistakes(allowed_origins=(origin,))


def test_a_web_root_that_is_not_there_is_refused(tmp_path):
    assert "must be a folder" in mistakes(web_root=tmp_path / "nowhere")


@pytest.mark.parametrize(
    "setting", [{"port": 70000}, {"port": -1}, {"max_players": 0}, {"log_format": "xml"}, {"turn_ttl": 1}]
)
def test_values_out_of_range_are_refused(setting):
    assert next(iter(setting)) in mistakes(**setting)


def test_every_field_is_documented():
    assert [name for name, field in Config.model_fields.items() if not field.description] == []


class Program(BaseSettings, cli_kebab_case=True):
    """A program with the coordinator as its subcommand."""

    coordinator: CliSubCommand[Config]


def test_it_is_a_subcommand(environment):
    environment.setenv("COINOP_COORDINATOR_PORT", "7000")
    arguments = ["coordinator", "--host", "::", "--allowed-origins", "https://a.example", "--max-players", "3"]

    config = get_subcommand(CliApp.run(Program, cli_args=arguments))

    assert isinstance(config, Config)
    assert (config.host, config.port, config.max_players) == ("::", 7000, 3)
    assert config.allowed_origins == ("https://a.example",)
    assert config.worker_token.get_secret_value() == TOKEN


def test_the_help_does_not_offer_the_token_as_an_option(capsys):
    with pytest.raises(SystemExit):
        CliApp.run(Program, cli_args=["coordinator", "--help"])

    shown = capsys.readouterr().out
    assert "--port" in shown
    assert "token" not in shown.lower()
    assert "--turn-secret" not in shown


def test_trusted_proxies_are_addresses_or_networks(environment):
    environment.setenv("COINOP_COORDINATOR_TRUSTED_PROXIES", "10.0.0.2, fd00::/8")

    assert [str(network) for network in Config().trusted_proxies] == ["10.0.0.2/32", "fd00::/8"]
    for wrong in ("my-proxy", "10.0.0.2,10.0.0.1/8", "::/129"):
        with pytest.raises(ValidationError, match="must be addresses or networks such as") as caught:
            Config(trusted_proxies=wrong)
        assert caught.value.error_count() == 1


def test_an_admin_token_is_long_or_none(environment):
    assert not Config().admin_token.get_secret_value()
    environment.setenv("COINOP_ADMIN_TOKEN", "short")
    assert "at least 16 characters" in mistakes()

    environment.setenv("COINOP_ADMIN_TOKEN", "long enough to be one")

    assert Config().admin_token.get_secret_value() == "long enough to be one"


@pytest.mark.parametrize("alone", ["certificate", "key"])
def test_a_certificate_needs_its_key_and_a_key_its_certificate(alone):
    assert "go together" in mistakes(**{alone: "file.pem"})
