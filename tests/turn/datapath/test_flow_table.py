"""The table of flows against a dictionary, and what it gives for a key."""

from hypothesis import given
from hypothesis import strategies as st

from turn.datapath.datagram import Way, source_at
from turn.datapath.flow_table import FIRST_ROWS, HEADER, LEG, UNTIL, Flows, Key, slot_of, socket_word

PEER = ("192.0.2.1", 5000)


class Nowhere:
    """A socket that nothing is sent by."""

    def fileno(self) -> int:
        return 7


WAY = Way(Nowhere(), PEER)  # type: ignore[arg-type]

words = st.integers(-(1 << 63), (1 << 63) - 1)
keys = st.tuples(st.integers(3, 6).map(socket_word), st.integers(0, 3), st.integers(0, 2), st.integers(0, 1)) | (
    st.tuples(st.integers(3 << 32, (1 << 52) - 1), words, words, words)
)


def found(flows: Flows, key: Key) -> tuple[int, int, int] | None:
    at = slot_of(flows.address, flows.mask, *key)
    return None if at < 0 else tuple(flows.rows[at][[UNTIL, HEADER, LEG]].tolist())


@given(st.lists(st.tuples(st.sampled_from(["put", "drop", "drop", "clear"]), keys, st.integers(0, 100)), max_size=60))
def test_it_is_a_dictionary(steps: list[tuple[str, Key, int]]) -> None:
    flows, model = Flows(), {}
    for what, key, number in steps:
        if what == "put":
            flows.put(key, number, number << 16, WAY, number)
            model[key] = (number, number << 16, number)
        elif what == "drop":
            flows.drop(key)
            model.pop(key, None)
        else:
            flows.clear()
            model.clear()
        assert len(flows) == len(model)
        assert all(found(flows, known) == value for known, value in model.items())
        assert found(flows, key) == model.get(key)


def test_it_grows_with_what_it_holds() -> None:
    flows = Flows()
    for number in range(3 * FIRST_ROWS):
        flows.put((socket_word(5), number, 0, 0), number, 0, WAY, 0)
    assert len(flows.rows) == 8 * FIRST_ROWS
    assert all(found(flows, (socket_word(5), number, 0, 0)) == (number, 0, 0) for number in range(3 * FIRST_ROWS))


def test_it_does_not_grow_with_what_is_gone() -> None:
    flows = Flows()
    for number in range(20 * FIRST_ROWS):
        flows.put((socket_word(5), number, 0, 0), 1, 0, WAY, 0)
        flows.drop((socket_word(5), number, 0, 0))
    assert (len(flows), len(flows.rows)) == (0, FIRST_ROWS)


def test_addresses_that_are_neighbours_do_not_pile_up() -> None:
    """Ports of one host, sockets and channels one after the other: as a gateway's are."""
    flows = Flows()
    for fd in range(10, 110):
        for channel in range(2):
            flows.put((socket_word(fd, 0x4000 + channel), *source_at(("127.0.0.1", 40_000 + fd))), 1, 0, WAY, 0)
    rows = flows.rows
    longest = run = 0
    for row in rows:
        run = run + 1 if row[0] else 0
        longest = max(longest, run)
    assert longest < 20
