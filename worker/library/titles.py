"""A game's title, from its file name or from an alias file. Pure text: files are read in ``library.py``."""

import re
import unicodedata
from pathlib import PurePath

MAX_TITLE = 128
"""Characters; the longest that a message may carry (``coordinator.messages.Name``)."""

_TAGS = re.compile(r"\s*(\([^()]*\)|\[[^\[\]]*\])")
"""``(USA)``, ``[!]``: what collections write behind the title: region, revision, quality of the dump."""


def title_of(stem: str) -> str:
    """Make a title from a file name without extension: tags and underscores taken out, never empty."""
    return _plain(_TAGS.sub(" ", stem).replace("_", " ")) or _plain(stem) or "Untitled"


def parse_aliases(text: str) -> tuple[dict[str, str], list[str]]:
    """Read ``file name or stem = Title`` lines; ``#`` begins a comment line, blank lines are skipped.

    Returns the titles by case-folded name, and one sentence for each line that can't be used.
    """
    aliases: dict[str, str] = {}
    complaints = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, title = (part.strip() for part in line.partition("="))
        if equals and name and _plain(title):
            aliases[name.casefold()] = _plain(title)
        else:
            complaints.append(f"line {number} is not of the form `file name = Title` and is skipped")
    return aliases, complaints


def alias_for(file_name: str, aliases: dict[str, str]) -> str | None:
    """Find the alias of a file, by its whole name or by its stem."""
    name = file_name.casefold()
    return aliases.get(name) or aliases.get(PurePath(name).stem)


def _plain(text: str) -> str:
    """Reduce to one line of printable characters.

    A lone surrogate, from a file name that is no UTF-8, can't be sent either.
    """
    printable = "".join(" " if unicodedata.category(character)[0] in "CZ" else character for character in text)
    return " ".join(printable.split())[:MAX_TITLE].rstrip()
