"""Any bytes as a line that one process of the gateway says to another: read, or refused as a whole."""

from turn.http import metrics
from turn.processes import Said


def one_input(data: bytes) -> None:
    """What was read can be added up, shown, and said again."""
    try:
        said = Said.from_line(data)
    except ValueError:
        return
    assert said.ready in (True, False)
    assert Said.from_line(said.to_line()) == said
    if said.figures is not None:
        metrics.counted(metrics.total([said.figures, said.figures]))
        metrics.exposition(said.figures)
