"""One program's settings, from its command line, its environment, files of secrets and its defaults, in this order.

Each program declares its settings once, in a ``BaseSettings`` class; pydantic-settings makes options, environment
variables and checks of it. This module puts what can be wrong with them into one sentence per mistake, and lists the
settings for the documentation. What the settings mean is the programs' own business.
"""

import argparse
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from annotated_types import MinLen
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import CLI_SUPPRESS, BaseSettings, CliSettingsSource, SettingsError

ConfigT = TypeVar("ConfigT", bound=BaseSettings)

SECRETS_FOLDER = "COINOP_SECRETS_FOLDER"
"""Names a folder with a file for each secret that is not in the environment; ``coinop.secrets`` makes it."""

_COMMAND_LINE_MISTAKE = "error parsing CLI: "
_UNREADABLE_FIELD = re.compile(r'error (?P<what>parsing|getting) value for field "(?P<field>\w+)"')

_INSTALLED_IN = Path(__file__).resolve().parents[1]
"""The folder of our packages; defaults that lie in it are shown without it."""


class ConfigurationError(Exception):
    """The settings can't be used. One sentence for each mistake; none of them holds a secret."""

    def __init__(self, program: str, mistakes: Sequence[str]) -> None:
        super().__init__(program, mistakes)
        self.program = program
        self.mistakes = tuple(mistakes)

    def __str__(self) -> str:
        return "\n".join(f"{self.program}: {mistake}" for mistake in self.mistakes)


@dataclass(frozen=True)
class Setting:
    """One setting, as a person reads about it."""

    option: str
    variable: str
    default: str
    description: str


def read(config: type[ConfigT], program: str, arguments: Sequence[str] = (), **given: Any) -> ConfigT:
    """Read the settings of a program; ``given`` counts before the environment.

    Raises ConfigurationError, or SystemExit(0) after ``--help``.
    """
    try:
        command_line: CliSettingsSource[Any] = CliSettingsSource(
            config,
            cli_parse_args=list(arguments),
            cli_prog_name=program,
            cli_kebab_case=True,
            cli_implicit_flags=True,
            cli_avoid_json=True,
            cli_hide_none_type=True,
            cli_show_env_vars=True,
            cli_exit_on_error=False,
            formatter_class=_HelpFormatter,
        )
        return config(_cli_settings_source=command_line, _secrets_dir=_secrets_folder(config, program), **given)
    except ValidationError as error:
        mistakes = [_mistake(config, details) for details in error.errors(include_url=False)]
    except SettingsError as error:
        mistakes = [_unreadable(config, program, str(error))]
    raise ConfigurationError(program, mistakes)


def describe(config: type[BaseSettings]) -> Iterator[Setting]:
    """Every setting of the class, in its order."""
    for name, field in config.model_fields.items():
        yield Setting(_option(name, field), _variable(config, name), _default(field), _description(field))


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Help for people: without Python's names for types, and without defaults that say nothing."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return re.sub(r" \(default(: |: None|: \(\)| factory: .*?)\)(?= \[env|$)", "", action.help or "")

    def _format_args(self, action: argparse.Action, default_metavar: str) -> str:
        return (
            re.sub(r"^(?:tuple|list)\[(\w+).*|^dict\[.*", r"\1", super()._format_args(action, default_metavar))
            or "JSON"
        )


def _secrets_folder(config: type[BaseSettings], program: str) -> Path | None:
    """Where to look for this program's secrets, if it has some."""
    named = os.environ.get(SECRETS_FOLDER, "")
    if not named or not any(map(_is_secret, config.model_fields.values())):
        return None
    if not Path(named).is_dir():
        mistake = f"{SECRETS_FOLDER} is {named!r}: it must be a folder, such as `coinop secrets --folder {named}` makes"
        raise ConfigurationError(program, [mistake])
    return Path(named)


def _mistake(config: type[BaseSettings], details: ErrorDetails) -> str:
    message = details["msg"].removeprefix("Value error, ")
    found = _field(config, details["loc"])
    if found is None:
        return message
    name, field = found
    variable = _variable(config, name)
    place = " or ".join(filter(None, (_option(name, field), variable)))
    if details["type"] == "missing":
        return f"{place} is missing: set it to {_inline(_description(field))}"
    if details["type"] == "value_error":  # the program's own sentence
        return f"{place}: {message}"
    if _is_secret(field):
        return f"{place} is not usable: it must be {_inline(_description(field))}"
    requirement = re.sub(r"^(Input|Value|String) should ", "must ", message)
    return f"{place} is {str(details['input'])!r:.100}: it {requirement}"


def _field(config: type[BaseSettings], location: Sequence[int | str]) -> tuple[str, FieldInfo] | None:
    """Find the field that an error is about. pydantic names it as the input did: by its name or its alias."""
    for name, field in config.model_fields.items():
        if location and location[0] in (name, field.validation_alias):
            return name, field
    return None


def _unreadable(config: type[BaseSettings], program: str, message: str) -> str:
    if found := _UNREADABLE_FIELD.search(message):
        variable = _variable(config, found["field"])
        if found["what"] == "getting":
            return f"the file {variable.lower()} in {SECRETS_FOLDER} can't be read: it must be text, for this user too"
        return f'{variable} can\'t be read: write it as JSON, such as ["first", "second"] or {{"name": "value"}}'
    return f"{message.removeprefix(_COMMAND_LINE_MISTAKE)} (`{program} --help` lists the options)"


def _option(name: str, field: FieldInfo) -> str:
    """Name the option of a field; empty for one that is kept off the command line."""
    return "" if CLI_SUPPRESS in field.metadata else "--" + name.replace("_", "-")


def _variable(config: type[BaseSettings], name: str) -> str:
    alias = config.model_fields[name].validation_alias
    return alias if isinstance(alias, str) else (config.model_config.get("env_prefix", "") + name).upper()


def _description(field: FieldInfo) -> str:
    description = (field.description or "a value").rstrip(".")
    lengths = [rule.min_length for rule in field.metadata if isinstance(rule, MinLen)]
    return f"{description} (at least {lengths[0]} characters)" if lengths and _is_secret(field) else description


def _inline(sentence: str) -> str:
    """Put the sentence inside another one: ``The port`` begins with a small letter, ``TCP`` doesn't."""
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]


def _is_secret(field: FieldInfo) -> bool:
    return "Secret" in str(field.annotation)


def _default(field: FieldInfo) -> str:
    """Put the default in words. Names and numbers that a function finds out differ from machine to machine."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    return "the machine's" if field.default_factory and isinstance(value, (str, int)) else _plain(value)


def _plain(value: Any) -> str:
    if value is None or isinstance(value, SecretStr):
        return ""
    if isinstance(value, (tuple, list)):
        return ", ".join(_plain(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}={_plain(item)}" for key, item in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _plain_path(value) if isinstance(value, Path) else str(value)


def _plain_path(path: Path) -> str:
    if path.is_relative_to(_INSTALLED_IN):
        return path.relative_to(_INSTALLED_IN).as_posix()
    return f"~/{path.relative_to(Path.home()).as_posix()}" if path.is_relative_to(Path.home()) else str(path)
