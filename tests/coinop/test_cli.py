"""The command line as a person uses it: as a process."""

import os
import re
import subprocess
import sys

import pytest

from coinop import cli

HEAVY = ("aiortc", "av", "aiohttp", "numpy", "cffi")


def coinop(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command with these variables instead of any COINOP_ ones of the tester's."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COINOP_")}
    return subprocess.run(
        [sys.executable, "-m", "coinop", *arguments],
        env={**environment, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_lists_every_command() -> None:
    shown = coinop("--help")
    assert shown.returncode == 0
    assert [name for name in cli.COMMANDS if not re.search(rf"^  {name} +\w", shown.stdout, re.MULTILINE)] == []


def test_version_is_the_distribution_s() -> None:
    assert re.fullmatch(r"coinop \d+\.\d+\.\d+\S*\n", coinop("--version").stdout)


def test_help_imports_neither_codecs_nor_servers() -> None:
    look = f"import sys; from coinop import cli; cli._parser().format_help(); print(set({HEAVY}) & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=60, check=True)
    assert shown.stdout == "set()\n"


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_each_command_has_help_with_its_variables(command: str) -> None:
    shown = coinop(command, "--help")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith(f"usage: coinop {command} ")
    assert f"COINOP_{command.upper().replace(' ', '_')}_" in shown.stdout


@pytest.mark.parametrize("arguments", [[], ["arcade"], ["play", "--port", "none"], ["doctor", "--prot"]])
def test_misuse_is_exit_code_2_and_no_traceback(arguments: list[str]) -> None:
    shown = coinop(*arguments)
    assert shown.returncode == cli.MISUSED
    assert shown.stdout == ""
    assert "coinop" in shown.stderr
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize("command", ["coordinator", "worker"])
def test_a_missing_token_is_one_sentence_that_names_the_variable(command: str) -> None:
    shown = coinop(command)
    assert shown.returncode == cli.MISUSED
    (line,) = shown.stderr.splitlines()
    assert line.startswith(f"coinop {command}: ")
    assert "COINOP_WORKER_TOKEN" in line


@pytest.mark.parametrize("command", ["coordinator", "worker"])
def test_a_short_token_is_refused_and_not_shown(command: str) -> None:
    shown = coinop(command, COINOP_WORKER_TOKEN="hunter2")
    assert shown.returncode == cli.MISUSED
    assert "COINOP_WORKER_TOKEN" in shown.stderr
    assert "hunter2" not in shown.stderr


@pytest.mark.parametrize(("command", "package", "extra"), [("worker", "obstore", "worker"), ("turn", "ifaddr", "turn")])
def test_a_package_that_is_not_installed_is_one_sentence_that_says_how_it_comes(
    command: str, package: str, extra: str
) -> None:
    """As in an installation for another program: `pip install coinop` is enough for a coordinator."""
    without = f"import sys; sys.modules['{package}'] = None; from coinop.cli import main; main(['{command}'])"
    secrets = {"COINOP_WORKER_TOKEN": "a-secret-of-24-characters", "COINOP_TURN_SECRET": "a-secret-of-24-characters"}
    shown = subprocess.run(
        [sys.executable, "-c", without],
        env={**os.environ, **secrets},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert shown.returncode == cli.FAILED
    assert shown.stderr == (f"coinop {command}: {package} is not installed: run `pip install 'coinop[{extra}]'`\n")
