"""Settings from options and environment, and one sentence per mistake."""

import tempfile
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, CliSuppress, SettingsConfigDict

from coinop import settings
from coinop.settings import ConfigurationError, Setting

SECRET = "a-secret-of-24-characters"


class Config(BaseSettings):
    """A program."""

    model_config = SettingsConfigDict(env_prefix="TEST_")

    port: int = Field(80, ge=0, le=65535, description="The port of the page")
    folders: tuple[Path, ...] = Field((Path("games"),), description="Folders")
    form: Literal["text", "json"] = "text"
    name: str = Field(description="What others call it")
    quick: bool = Field(False, description="Skip the slow part")
    token: CliSuppress[SecretStr] = Field(min_length=16, validation_alias="SHARED_TOKEN", description="The token")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_NAME", "first")
    monkeypatch.setenv("SHARED_TOKEN", SECRET)


def mistakes(*arguments: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as raised:
        settings.read(Config, "coinop test", arguments)
    assert all(line.startswith("coinop test: ") for line in str(raised.value).splitlines())
    return raised.value.mistakes


def test_an_option_wins_over_the_environment_and_that_over_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_PORT", "81")
    assert settings.read(Config, "coinop test").port == 81
    read = settings.read(Config, "coinop test", ["--port", "82", "--folders", "a", "--folders", "b", "--quick"])
    assert (read.port, read.folders, read.quick) == (82, (Path("a"), Path("b")), True)
    assert (read.form, read.name, read.token.get_secret_value()) == ("text", "first", SECRET)


def test_a_missing_setting_is_named_with_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_NAME")
    monkeypatch.delenv("SHARED_TOKEN")
    assert mistakes() == (
        "--name or TEST_NAME is missing: set it to what others call it",
        "SHARED_TOKEN is missing: set it to the token (at least 16 characters)",
    )


def test_each_wrong_value_gets_its_sentence() -> None:
    port, form = mistakes("--port", "70000", "--form", "xml")
    assert port.startswith("--port or TEST_PORT is '70000': it must ")
    assert "65535" in port
    assert form.startswith("--form or TEST_FORM is 'xml': it must ")
    assert "'text'" in form
    assert "'json'" in form


def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARED_TOKEN", "hunter2")
    assert mistakes() == ("SHARED_TOKEN is not usable: it must be the token (at least 16 characters)",)


def test_a_secret_may_be_in_a_file_but_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "shared_token").write_text("a-secret-from-a-file\n")
    monkeypatch.setenv(settings.SECRETS_FOLDER, str(tmp_path))
    assert settings.read(Config, "coinop test").token.get_secret_value() == SECRET
    monkeypatch.delenv("SHARED_TOKEN")
    assert settings.read(Config, "coinop test").token.get_secret_value() == "a-secret-from-a-file"


def test_a_folder_of_secrets_that_is_none_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(settings.SECRETS_FOLDER, str(tmp_path / "none"))
    (mistake,) = mistakes()
    assert mistake.startswith(f"COINOP_SECRETS_FOLDER is '{tmp_path}/none': it must be a folder")


def test_a_file_that_is_no_text_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "shared_token").write_bytes(b"\xff" * 20)
    monkeypatch.setenv(settings.SECRETS_FOLDER, str(tmp_path))
    monkeypatch.delenv("SHARED_TOKEN")
    assert mistakes() == (
        "the file shared_token in COINOP_SECRETS_FOLDER can't be read: it must be text, for this user too",
    )


@given(st.binary(max_size=40))
def test_any_file_is_a_secret_or_a_sentence(value: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        Path(folder, "shared_token").write_bytes(value)
        patch.setenv(settings.SECRETS_FOLDER, folder)
        patch.delenv("SHARED_TOKEN")
        said = ""
        try:
            found = settings.read(Config, "coinop test").token.get_secret_value()
        except ConfigurationError as error:
            said = str(error)
        assert said.startswith("coinop test: ") if said else found == value.decode().strip()


def test_an_unknown_option_points_to_the_help() -> None:
    (mistake,) = mistakes("--prot", "80")
    assert "--prot 80" in mistake
    assert mistake.endswith(" (`coinop test --help` lists the options)")


def test_a_list_in_the_environment_has_to_be_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_FOLDERS", '["a", "b"]')
    assert settings.read(Config, "coinop test").folders == (Path("a"), Path("b"))
    monkeypatch.setenv("TEST_FOLDERS", "a:b")
    (mistake,) = mistakes()
    assert mistake.startswith("TEST_FOLDERS can't be read: write it as JSON")


def test_help_shows_the_environment_variables_and_hides_what_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        settings.read(Config, "coinop test", ["--help"])
    text = capsys.readouterr().out
    assert exited.value.code == 0
    assert "TEST_PORT" in text
    assert "--token" not in text


def test_describe_lists_each_setting_for_people() -> None:
    assert list(settings.describe(Config)) == [
        Setting("--port", "TEST_PORT", "80", "The port of the page"),
        Setting("--folders", "TEST_FOLDERS", "games", "Folders"),
        Setting("--form", "TEST_FORM", "text", "a value"),
        Setting("--name", "TEST_NAME", "required", "What others call it"),
        Setting("--quick", "TEST_QUICK", "no", "Skip the slow part"),
        Setting("", "SHARED_TOKEN", "required", "The token (at least 16 characters)"),
    ]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=5))
def test_any_command_line_is_read_or_refused_in_sentences(arguments: list[str]) -> None:
    said = "read"
    try:
        settings.read(Config, "coinop test", arguments)
    except ConfigurationError as error:
        said = str(error)
    except SystemExit as exited:  # --help
        said = f"exit {exited.code}"
    assert said in ("read", "exit 0") or said.startswith("coinop test: ")
    assert SECRET not in said
