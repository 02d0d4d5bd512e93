"""``python -m coinop.reference > docs/configuration.md``: the settings of every program, from their own definitions."""

from collections.abc import Iterator

from coinop import cli, settings

INTRODUCTION = """\
# Configuration

Every program reads its settings from its command line, then from the environment, then from the defaults below.
A setting that is a list or a table is JSON in the environment (`["/srv/games", "/mnt/games"]`) unless its description
shows another form; as an option it may be repeated. A mistake is one sentence that names the setting, and exit code 2.

`make play` needs none of them. Secrets travel in the environment, because everybody on a machine can read a command
line, or in files: what a program has no variable for it looks up in the folder that `COINOP_SECRETS_FOLDER` names, in a
file of the variable's name in small letters (`coinop_worker_token`). `coinop secrets` makes such a folder.

In Kubernetes set `enableServiceLinks: false`: a Service called `coinop-coordinator` would otherwise put a
`COINOP_COORDINATOR_PORT` of its own into every pod.

This page is made from the settings' definitions: `python -m coinop.reference > docs/configuration.md`.
"""


def page() -> str:
    """Write the whole page, in Markdown."""
    return "\n".join([INTRODUCTION, *(line for command in cli.COMMANDS for line in _section(command))])


def _section(command: str) -> Iterator[str]:
    yield f"## coinop {command}\n"
    yield "| option | variable | default | what it is |"
    yield "|---|---|---|---|"
    for setting in settings.describe(cli.config_class(command)):
        cells = (_code(setting.option), _code(setting.variable), setting.default, setting.description)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201
