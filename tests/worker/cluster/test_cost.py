"""The pod's deletion cost, over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from lightkube import ApiError
from lightkube.resources.core_v1 import Pod

from tests.worker.cluster.api import Api
from tests.worker.stand_ins.rooms import SECONDS
from worker.cluster import access, cost
from worker.cluster.cost import ANNOTATION, PODS, DeletionCost

RIGHT = ("patch", PODS.resource)


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "EVERY_SECONDS", 0.02)


@asynccontextmanager
async def keeping(seated: Callable[[], int]) -> AsyncIterator[None]:
    client = access.connect("this test")
    task = asyncio.create_task(DeletionCost(client, "worker-0", seated).keep())
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await client.close()


async def until_it_is(api: Api, value: str) -> None:
    async with asyncio.timeout(SECONDS):
        while (await api.annotations("worker-0")).get(ANNOTATION) != value:  # noqa: ASYNC110 (it is the API's)
            await asyncio.sleep(0.01)


async def test_it_follows_the_seated_players(api: Api) -> None:
    await api.server.allow(RIGHT)
    await api.pod("worker-0")
    seated = 0
    async with keeping(lambda: seated):
        await until_it_is(api, "0")
        seated = 3
        await until_it_is(api, "3")
        await until_it_is(api, "3")


async def test_what_was_written_before_a_restart_is_put_right(api: Api) -> None:
    await api.server.allow(RIGHT)
    await api.pod("worker-0")
    async with keeping(lambda: 5):
        await until_it_is(api, "5")
    async with keeping(lambda: 0):
        await until_it_is(api, "0")


async def test_nothing_is_written_while_nothing_changes(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    await api.server.allow(RIGHT)
    await api.pod("worker-0")
    looks = asyncio.Semaphore(0)

    def seated() -> int:
        looks.release()
        return 2

    async with keeping(seated):
        await until_it_is(api, "2")
        await api.server.allow()  # from here on, writing would be complained of
        caplog.clear()
        for _ in range(5):
            await asyncio.wait_for(looks.acquire(), SECONDS)
    assert not caplog.records


async def test_a_failure_is_said_once_and_harmless(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    await api.pod("worker-0")
    looks = asyncio.Semaphore(0)

    def seated() -> int:
        looks.release()
        return 1

    async with keeping(seated):
        for _ in range(4):
            await asyncio.wait_for(looks.acquire(), SECONDS)
        (record,) = caplog.records
        assert "Scaling down may hit a worker with players" in record.getMessage()
        assert "a Role with the verbs patch on pods/status" in record.getMessage()
        await api.server.allow(RIGHT)
        await until_it_is(api, "1")


async def test_a_pod_that_is_gone_is_no_trouble(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    await api.server.allow(RIGHT)
    looks = asyncio.Semaphore(0)

    def seated() -> int:
        looks.release()
        return 1

    async with keeping(seated):
        for _ in range(4):
            await asyncio.wait_for(looks.acquire(), SECONDS)
    (record,) = caplog.records
    assert "answers 404" in record.getMessage()


async def test_its_right_is_for_nothing_else(api: Api) -> None:
    await api.server.allow(RIGHT)
    await api.pod("worker-0")
    async with keeping(lambda: 1):
        await until_it_is(api, "1")
    client = access.connect("this test")
    with pytest.raises(ApiError) as refused:
        await client.patch(Pod, "worker-0", {"metadata": {"labels": {"a": "b"}}})
    assert access.status_of(refused.value) == 403
    image = {"spec": {"containers": [{"name": "worker", "image": "another"}]}}
    await client.patch(Pod.Status, "worker-0", image)
    await client.close()
    spec = (await api.admin.get(Pod, "worker-0")).spec
    assert spec is not None
    assert spec.containers[0].image == "coinop-worker"
