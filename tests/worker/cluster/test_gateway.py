"""Following the gateway's Service, over HTTP."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp.web import Response
from lightkube.resources.core_v1 import Service

from tests.worker.cluster.api import Api
from tests.worker.cluster.stand_in import StandIn
from tests.worker.stand_ins.rooms import SECONDS, until
from worker.cluster import access, gateway
from worker.cluster.gateway import ServiceGateway

READ = (("list", "services"), ("watch", "services"))
BALANCED = {"type": "LoadBalancer"}
AT_1 = ("turn:192.0.2.1:3478?transport=udp",)
AT_2 = ("turn:192.0.2.2:3478?transport=udp",)


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(gateway, "MAX_DELAY", 0.1)


class Following:
    """What the worker has been told."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[tuple[str, ...]] = asyncio.Queue()
        self.known = asyncio.Event()

    async def next(self) -> tuple[str, ...]:
        """Return the URLs that are reported next."""
        return await asyncio.wait_for(self.told.get(), SECONDS)


@asynccontextmanager
async def following(service: str = "turn") -> AsyncIterator[Following]:
    """Follow the Service until the end of the block."""
    found = Following()
    client = access.connect("this test")
    task = asyncio.create_task(ServiceGateway(client, service, found.told.put_nowait, found.known).follow())
    try:
        yield found
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await client.close()


async def test_an_address_that_is_there_is_told_at_once(api: Api) -> None:
    await api.server.allow(*READ)
    await api.service(**BALANCED)
    await api.ingress({"ip": "192.0.2.1"})
    async with following() as found:
        assert await found.next() == AT_1
        assert found.known.is_set()


async def test_an_address_that_comes_late_and_changes_is_told(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    await api.server.allow(*READ)
    await api.service(**BALANCED)
    async with following() as found:
        await until(lambda: "no address yet" in caplog.text)
        assert found.known.is_set()
        await api.ingress({"ip": "192.0.2.1"})
        assert await found.next() == AT_1
        await api.ingress({"hostname": "lb.example"}, {"ip": "192.0.2.2"})
        assert await found.next() == ("turn:lb.example:3478?transport=udp", *AT_2)
        await api.ingress()
        assert await found.next() == ()


async def test_a_service_that_is_made_later_and_goes(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    await api.server.allow(*READ)
    async with following() as found:
        await until(lambda: "There is no Service turn here" in caplog.text)
        await api.service(externalIPs=["192.0.2.1"])
        assert await found.next() == AT_1
        await api.admin.delete(Service, "turn")
        assert await found.next() == ()
    assert caplog.text.count("There is no Service turn") == 2


async def test_other_services_are_not_ours(api: Api) -> None:
    await api.server.allow(*READ)
    await api.service(externalIPs=["192.0.2.1"])
    spec = {"externalIPs": ["192.0.2.2"], "ports": [{"port": 3478, "protocol": "UDP"}]}
    other = Service.from_dict({"metadata": {"name": "other"}, "spec": spec})
    async with following() as found:
        assert await found.next() == AT_1
        await api.admin.create(other)
        await api.admin.patch(Service, "turn", {"spec": {"externalIPs": ["192.0.2.2"]}})
        assert await found.next() == AT_2


async def test_a_service_of_another_namespace(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    await api.server.allow(*READ)
    spec = {"externalIPs": ["192.0.2.2"], "ports": [{"port": 3478, "protocol": "UDP"}]}
    other = Service.from_dict({"metadata": {"name": "turn", "namespace": "default"}, "spec": spec})
    await api.service(externalIPs=["192.0.2.1"])
    async with following("default/turn") as found:
        await until(lambda: "There is no Service default/turn here" in caplog.text)
        await api.admin.create(other)
        assert await found.next() == AT_2


async def test_without_a_load_balancer_the_nodes_are_asked(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    await api.server.allow(*READ)
    await api.node("a", ("InternalIP", "10.0.0.1"), ("ExternalIP", "192.0.2.1"))
    await api.node("b", ("InternalIP", "10.0.0.2"))
    ports = [{"name": "udp", "port": 3478, "protocol": "UDP", "nodePort": 30478}]
    await api.service(type="NodePort", ports=ports)
    async with following() as found:
        await until(lambda: "a ClusterRole with the verbs list on nodes" in caplog.text)
        await api.server.allow(*READ, ("list", "nodes"))
        assert await found.next() == ("turn:192.0.2.1:30478?transport=udp",)


async def test_a_missing_right_is_said_once_and_waited_for(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    await api.service(externalIPs=["192.0.2.1"])
    async with following() as found:
        await until(lambda: "a Role with the verbs list, watch on services" in caplog.text)
        assert found.known.is_set()
        assert "The Kubernetes API refuses (" in caplog.text
        await api.server.allow(("list", "services"))  # it may read and not watch
        assert await found.next() == AT_1
        await api.server.allow(*READ)
        await api.admin.patch(Service, "turn", {"spec": {"externalIPs": ["192.0.2.2"]}})
        assert await found.next() == AT_2
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) <= 3


async def test_a_token_that_is_not_known_is_said(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    (api.account / "token").write_text("of another cluster")
    async with following():
        await until(lambda: "does not know this pod's service account" in caplog.text)
    assert "of another cluster" not in caplog.text


async def test_a_new_token_is_read_when_the_old_one_is_refused(api: Api) -> None:
    await api.server.allow(*READ)
    await api.service(externalIPs=["192.0.2.1"])
    right = (api.account / "token").read_text()
    (api.account / "token").write_text("one that has expired")
    async with following() as found:
        (api.account / "token").write_text(right)
        assert await found.next() == AT_1


async def test_the_api_may_restart(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "worker.cluster.gateway")
    await api.server.allow(*READ)
    await api.service(externalIPs=["192.0.2.1"])
    async with following() as found:
        assert await found.next() == AT_1
        await api.server.stop()
        await until(lambda: "can't be reached" in caplog.text)
        await api.start()
        await api.admin.patch(Service, "turn", {"spec": {"externalIPs": ["192.0.2.2"]}})
        assert await found.next() == AT_2


class TestOnlyTheStandInCan:
    """A real API forgets after five minutes, and loses no watch on one machine."""

    @pytest.fixture
    def stand_in(self, api: Api) -> StandIn:
        if not isinstance(api.server, StandIn):
            pytest.skip("nothing for the real one")
        return api.server

    async def test_it_reads_anew(self, api: Api, stand_in: StandIn, caplog: pytest.LogCaptureFixture) -> None:
        await api.server.allow(*READ)
        await api.service(externalIPs=["192.0.2.1"])
        async with following() as found:
            assert await found.next() == AT_1
            await api.admin.patch(Service, "turn", {"spec": {"externalIPs": ["192.0.2.2"]}})
            assert await found.next() == AT_2
            await stand_in.stop()
            await stand_in.forget()
            await api.start()
            await api.admin.patch(Service, "turn", {"spec": {"externalIPs": ["192.0.2.1"]}})
            assert await found.next() == AT_1
        assert "410" not in caplog.text

    @pytest.mark.parametrize("status", [200, 403, 503])
    @pytest.mark.parametrize("kind", ["application/json", "text/html", ""])
    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"null", b"[]", b"{}", b'{"items": [{"metadata": null}]}', b'{"type": "ADDED", "object": {}}'],
    )
    async def test_garbage_in_place_of_answers_is_outlived(
        self, api: Api, stand_in: StandIn, status: int, kind: str, body: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        await api.server.allow(*READ)
        await api.service(externalIPs=["192.0.2.1"])
        stand_in.garbage = Response(body=body, status=status)
        stand_in.garbage.headers["Content-Type"] = kind
        async with following() as found:
            await asyncio.wait_for(found.known.wait(), SECONDS)
            stand_in.garbage = None
            assert await found.next() == AT_1
            await api.admin.patch(Service, "turn", {"spec": {"externalIPs": ["192.0.2.2"]}})
            assert await found.next() == AT_2
        assert "Traceback" not in caplog.text

    async def test_a_dead_watch_is_replaced(self, api: Api, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(gateway, "LOOK_AGAIN_SECONDS", 0.5)
        await api.server.allow(*READ)
        await api.service(externalIPs=["192.0.2.1"])
        stand_in.silent = True
        async with following() as found:
            assert await found.next() == AT_1
            await api.admin.patch(Service, "turn", {"spec": {"externalIPs": ["192.0.2.2"]}})
            assert await found.next() == AT_2
