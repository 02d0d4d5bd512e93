"""A cluster's API for tests, with a pod's service account for it: the stand-in, or a real one where there is one."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
from lightkube import AsyncClient, KubeConfig
from lightkube.config.models import Cluster, User
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Node, Pod, Secret, Service

from tests.e2e.arcade.stack import self_signed
from tests.worker.cluster.real import Real, binaries
from tests.worker.cluster.stand_in import StandIn
from worker.cluster import access

ADMIN, POD = "the-operators-token", "the-pods-token"
NAMESPACE = "arcade"


class Server(Protocol):
    """A server of the API."""

    port: int

    async def start(self, certificate: Path, key: Path) -> None:
        """Serve, on the port of before if there was one."""

    async def stop(self) -> None:
        """Stop serving; what there is stays."""

    async def allow(self, *rights: tuple[str, str]) -> None:
        """Allow the pod these verbs on these resources, and no others."""


class Api:
    """What a test does to the cluster."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self._certificate, self._key = self_signed(folder)
        self.account = folder / "serviceaccount"
        self.account.mkdir()
        (self.account / "ca.crt").write_bytes(self._certificate.read_bytes())
        (self.account / "namespace").write_text(NAMESPACE)
        (self.account / "token").write_text(POD)
        self.admin: AsyncClient

    async def start(self) -> None:
        """Serve."""
        await self.server.start(self._certificate, self._key)

    async def open(self) -> None:
        """Serve for the first time, with a way in for the operator."""
        await self.start()
        url = f"https://127.0.0.1:{self.server.port}"
        cluster = Cluster(server=url, certificate_auth=str(self._certificate))
        config = KubeConfig.from_one(cluster=cluster, user=User(token=ADMIN), namespace=NAMESPACE)
        self.admin = AsyncClient(config)

    # ----- objects

    async def service(self, **spec: Any) -> None:
        """Make the gateway's Service."""
        made = {"ports": [{"name": "udp", "port": 3478, "protocol": "UDP"}], **spec}
        await self.admin.create(Service.from_dict({"metadata": {"name": "turn"}, "spec": made}))

    async def ingress(self, *places: dict[str, Any]) -> None:
        """Give the load balancer these addresses."""
        status = {"status": {"loadBalancer": {"ingress": list(places)}}}
        await self.admin.patch(Service.Status, "turn", status)

    async def node(self, name: str, *addresses: tuple[str, str], ready: str = "True") -> None:
        """Make a node."""
        await self.admin.create(Node(metadata=ObjectMeta(name=name)))
        found = [{"type": kind, "address": address} for kind, address in addresses]
        conditions = [{"type": "Ready", "status": ready}]
        await self.admin.patch(Node.Status, name, {"status": {"addresses": found, "conditions": conditions}})

    async def pod(self, name: str) -> None:
        """Make the worker's pod."""
        spec = {"containers": [{"name": "worker", "image": "coinop-worker"}]}
        await self.admin.create(Pod.from_dict({"metadata": {"name": name}, "spec": spec}))

    async def annotations(self, name: str) -> dict[str, str]:
        """Read the annotations of a pod."""
        pod = await self.admin.get(Pod, name)
        return (pod.metadata.annotations if pod.metadata else None) or {}

    async def secret(self, name: str) -> Secret:
        """Read a Secret."""
        return await self.admin.get(Secret, name)


SERVERS = ("stand-in", "real") if binaries() else ("stand-in",)


@asynccontextmanager
async def running(kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    """Run an API, with this process in one of its pods."""
    server = Real(ADMIN, POD, NAMESPACE, folder) if kind == "real" else StandIn(ADMIN, POD)
    api = Api(server, folder)
    try:
        await api.open()
        monkeypatch.setattr(access, "SERVICE_ACCOUNT", api.account)
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.port))
        yield api
        await api.admin.close()
    finally:
        await server.stop()
        if isinstance(server, Real):
            await server.close()


def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take this process out of any pod."""
    for name in tuple(os.environ):
        if name.startswith("KUBERNETES_"):
            monkeypatch.delenv(name)
