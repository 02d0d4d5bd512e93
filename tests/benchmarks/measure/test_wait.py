import pytest

from benchmarks.measure.report import BenchmarkError
from benchmarks.measure.wait import until


async def test_it_waits_for_a_condition_with_and_without_await() -> None:
    looks = iter([False, True, True])

    async def there() -> bool:
        return next(looks)

    await until(there, "never", 5)
    await until(lambda: next(looks), "never", 5)
    assert list(looks) == []


async def test_it_says_what_did_not_happen() -> None:
    with pytest.raises(BenchmarkError, match=r"^no spare was ready after 0 seconds\.$"):
        await until(lambda: False, "no spare was ready", 0.01)
