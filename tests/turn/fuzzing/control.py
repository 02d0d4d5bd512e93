"""Any bytes as a line from a child to the parent: read, or refused as a whole."""

from turn.http import metrics
from turn.processes import ChildMessage


def one_input(data: bytes) -> None:
    """Read a child's message, add up its figures, show them, and write it again."""
    try:
        message = ChildMessage.from_line(data)
    except ValueError:
        return
    assert message.ready in (True, False)
    assert ChildMessage.from_line(message.to_line()) == message
    if message.figures is not None:
        metrics.counters_of(metrics.total([message.figures, message.figures]))
        metrics.exposition(message.figures)
