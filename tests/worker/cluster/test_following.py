"""What a worker does in its cluster, and what it leaves undone elsewhere."""

import builtins
from pathlib import Path
from typing import Any

import pytest

from tests.worker.cluster.api import Api, outside
from tests.worker.cluster.test_cost import until_it_is
from tests.worker.stand_ins.rooms import make_config, until
from worker.cluster import following as module
from worker.cluster.errors import NoClientError, NotInClusterError
from worker.cluster.following import following

AT_1 = ("turn:192.0.2.1:3478?transport=udp",)


def nobody() -> int:
    return 0


async def test_a_worker_that_is_told_of_nothing_needs_no_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside(monkeypatch)
    without_library(monkeypatch)
    async with following(make_config(tmp_path), print, nobody):
        pass


async def test_the_address_is_known_at_the_beginning_of_the_block(api: Api, tmp_path: Path) -> None:
    await api.server.allow(("list", "services"), ("watch", "services"))
    await api.service(externalIPs=["192.0.2.1"])
    told: list[tuple[str, ...]] = []
    async with following(make_config(tmp_path, gateway_service="turn"), told.append, nobody):
        assert told == [AT_1]


async def test_an_api_that_does_not_answer_keeps_nobody_waiting_for_long(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_LOOK_SECONDS", 0.0)
    told: list[tuple[str, ...]] = []
    async with following(make_config(tmp_path, gateway_service="turn"), told.append, nobody):
        assert told == []
        await api.server.allow(("list", "services"), ("watch", "services"))
        await api.service(externalIPs=["192.0.2.1"])
        await until(lambda: told == [AT_1])


async def test_it_keeps_the_pods_deletion_cost(api: Api, tmp_path: Path) -> None:
    await api.server.allow(("patch", "pods/status"))
    await api.pod("worker-0")
    async with following(make_config(tmp_path, pod_name="worker-0"), print, lambda: 2):
        await until_it_is(api, "2")


@pytest.mark.parametrize("pod", ["", "worker-0"])
async def test_a_gateway_in_a_cluster_that_is_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pod: str
) -> None:
    outside(monkeypatch)
    config = make_config(tmp_path, gateway_service="turn", pod_name=pod)
    with pytest.raises(NotInClusterError, match="COINOP_WORKER_GATEWAY_SERVICE"):
        async with following(config, print, nobody):
            pass


async def test_a_deletion_cost_that_can_t_be_kept_is_said_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    outside(monkeypatch)
    async with following(make_config(tmp_path, pod_name="worker-0"), print, nobody):
        (record,) = caplog.records
    assert "POD_NAME works only in a pod of Kubernetes" in record.getMessage()


async def test_without_the_library_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_library(monkeypatch)
    with pytest.raises(NoClientError, match=r"pip install 'coinop\[kubernetes\]'"):
        async with following(make_config(tmp_path, gateway_service="turn"), print, nobody):
            pass


def without_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the client library, as if it were not installed."""
    real = builtins.__import__

    def find(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("worker.cluster.access"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", find)
