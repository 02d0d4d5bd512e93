"""Both data paths are what the gateway takes them for."""

import inspect
from collections.abc import Callable

import pytest

from turn.datapath.interface import DataPath, Direction
from turn.datapath.portable import PortableDataPath
from turn.relay import token_bucket

compiled = pytest.importorskip("turn.datapath.compiled")

METHODS = {name: each for name, each in vars(DataPath).items() if inspect.isfunction(each) and name[0] != "_"}


@pytest.mark.parametrize("implementation", [compiled.CompiledDataPath, PortableDataPath])
@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_there_with_its_parameters(implementation: type[DataPath], name: str) -> None:
    """A method that is missing would be the protocol's own, which does nothing."""
    method: Callable[..., object] = vars(implementation)[name]
    assert inspect.signature(method) == inspect.signature(METHODS[name])


def test_buckets_lie_in_the_order_of_directions_and_of_the_token_buckets_numbers() -> None:
    from turn.datapath.memory import BUCKETS, Buckets, TokenBucket

    assert list(inspect.get_annotations(Buckets)) == [direction.name.lower() for direction in Direction]
    numbers = [token_bucket.RATE, token_bucket.BURST, token_bucket.TOKENS, token_bucket.FILLED_AT]
    assert numbers == list(range(token_bucket.STATE))
    assert list(inspect.get_annotations(TokenBucket)) == ["rate", "burst", "tokens", "filled_at"]
    assert BUCKETS.itemsize == len(Direction) * token_bucket.STATE * 8
