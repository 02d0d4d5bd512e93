"""Log lines as text and as JSON."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from coinop import logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the lines go; the root logger is put back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    for handler in handlers:  # configure() closes those that it drops, and pytest's are still needed
        root.removeHandler(handler)
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_text_has_level_logger_and_message(stream: io.StringIO) -> None:
    logs.configure("info", "text", stream)
    logging.getLogger("worker.agent.agent").info("room %s is open", "r1")
    assert stream.getvalue().endswith(" INFO    worker.agent: room r1 is open\n")


def test_json_is_one_object_per_line_with_the_fields_of_the_adapter(stream: io.StringIO) -> None:
    logs.configure("info", "json", stream)
    log = logging.LoggerAdapter(logging.getLogger("worker.room"), {"room": "r1"})
    log.warning("late by %d ms", 20)
    try:
        raise ValueError("two\nlines")
    except ValueError:
        log.exception("failed")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first.pop("time")
    assert first == {"level": "WARNING", "logger": "worker.room", "message": "late by 20 ms", "room": "r1"}
    assert "ValueError: two\nlines" in second["exception"]


def test_lower_levels_are_left_out(stream: io.StringIO) -> None:
    logs.configure("warning", "text", stream)
    logging.getLogger("worker").info("not this")
    assert stream.getvalue() == ""


def test_changes_in_watched_folders_are_not_logged(stream: io.StringIO) -> None:
    """What a change means is said by whoever watches; a log that is written in such a folder would go on and on."""
    logs.configure("info", "text", stream)
    logging.getLogger("watchfiles.main").info("1 change detected")
    assert stream.getvalue() == ""


def test_configuring_again_replaces_the_handler(stream: io.StringIO) -> None:
    logs.configure("info", "text", io.StringIO())
    logs.configure("info", "text", stream)
    logging.getLogger("worker").info("once")
    assert len(stream.getvalue().splitlines()) == 1
    assert len(logging.getLogger().handlers) == 1
