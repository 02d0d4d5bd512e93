"""The page of settings is the one that the programs' definitions make."""

from pathlib import Path

from coinop import cli, reference

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_in_the_repository_is_current() -> None:
    assert PAGE.read_text() == reference.page(), "run python -m coinop.reference > docs/configuration.md"


def test_every_command_has_a_section() -> None:
    page = reference.page()
    assert [command for command in cli.COMMANDS if f"## coinop {command}\n" not in page] == []
