import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.messages import Game, decode_worker_message, encode
from coordinator.messages import Library as LibraryMessage
from worker.library.titles import MAX_TITLE, alias_for, parse_aliases, title_of


@pytest.mark.parametrize(
    ("stem", "title"),
    [
        ("Comet Hares", "Comet Hares"),
        ("comet_hares", "comet hares"),
        ("Comet Hares (USA) (Rev 1) [!]", "Comet Hares"),
        ("(PD) Comet Hares", "Comet Hares"),
        ("Comet Hares [b1] II", "Comet Hares II"),
        ("Comet Hares (unfinished", "Comet Hares (unfinished"),
        ("[!]", "[!]"),
        ("___", "___"),
        ("", "Untitled"),
        ("Comet\n\x1b[31mHares", "Comet [31mHares"),
        ("x" * 200, "x" * MAX_TITLE),
    ],
)
def test_titles(stem: str, title: str) -> None:
    assert title_of(stem) == title


@given(st.text() | st.binary().map(lambda name: name.decode("utf-8", "surrogateescape")))
def test_every_title_can_be_announced(stem: str) -> None:
    library = LibraryMessage(games=(Game(id="id", title=title_of(stem), system="NES"),))
    assert decode_worker_message(encode(library)) == library


def test_aliases() -> None:
    text = "\ufeff# titles\n\n hares.nes = Comet Hares \nSM = a = b\nno title =\n= no name\njust words\nsm = Again"
    aliases, complaints = parse_aliases(text)
    assert aliases == {"hares.nes": "Comet Hares", "sm": "Again"}
    assert [complaint.split()[1] for complaint in complaints] == ["5", "6", "7"]


def test_an_alias_goes_by_name_before_stem() -> None:
    aliases = {"hares.nes": "By name", "hares": "By stem"}
    assert alias_for("Hares.NES", aliases) == "By name"
    assert alias_for("hares.sfc", aliases) == "By stem"
    assert alias_for("other.nes", aliases) is None
    assert alias_for("noextension", {"": "Wrong"}) is None


@given(st.text())
def test_any_alias_file_is_read(text: str) -> None:
    aliases, complaints = parse_aliases(text)
    assert len(aliases) + len(complaints) <= len(text.splitlines())
    assert all(0 < len(title) <= MAX_TITLE for title in aliases.values())


@given(st.from_regex(r"[a-z0-9.]{1,20}", fullmatch=True), st.from_regex(r"[A-Z][a-z=]{0,20}", fullmatch=True))
def test_what_is_written_as_an_alias_is_found(name: str, title: str) -> None:
    aliases, complaints = parse_aliases(f"{name} = {title}")
    assert complaints == []
    assert alias_for(name.upper(), aliases) == title
