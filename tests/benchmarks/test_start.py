from benchmarks import start


def test_cold_starts_lie_evenly_among_the_warm_ones() -> None:
    assert start.order(4, 2) == ["warm", "warm", "cold", "warm", "warm", "cold"]
    kinds = start.order(20, 10)
    assert (kinds.count("warm"), kinds.count("cold")) == (20, 10)


def test_one_kind_alone() -> None:
    assert start.order(2, 0) == ["warm", "warm"]
    assert start.order(0, 1) == ["cold"]


def test_the_table_has_a_row_for_each_kind() -> None:
    found = {
        "warm": {"p50_ms": 210.0, "p95_ms": 260.5, "starts": 20},
        "cold": {"p50_ms": 900.0, "p95_ms": 1000.0, "starts": 10},
    }
    head, *rows = start.show(found).splitlines()
    assert head.split() == ["click", "to", "frame", "starts", "p50", "ms", "p95", "ms"]
    assert [row.split() for row in rows] == [["warm", "20", "210.0", "260.5"], ["cold", "10", "900.0", "1000.0"]]
