"""A real Kubernetes API: ``kube-apiserver`` and ``etcd``, where ``KUBEBUILDER_ASSETS`` names a folder with both."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import aiohttp

from tests.ports import free_port

ROLE = "rbac.authorization.k8s.io/v1"
START_SECONDS = 60.0


def binaries() -> Path | None:
    """Find the folder of the programs, by the variable of the usual tools for such tests; None without it."""
    folder = os.environ.get("KUBEBUILDER_ASSETS", "")
    return Path(folder) if folder else None


class Real:
    """The two programs."""

    def __init__(self, admin: str, pod: str, namespace: str, folder: Path) -> None:
        self.port = free_port()
        self._admin = admin
        self._namespace = namespace
        self._folder = folder / "kubernetes"
        self._folder.mkdir()
        (self._folder / "tokens.csv").write_text(f'{admin},admin,1,"system:masters"\n{pod},pod,2\n')
        self._etcd_port = free_port()
        self._etcd: asyncio.subprocess.Process | None = None
        self._api: asyncio.subprocess.Process | None = None

    async def start(self, certificate: Path, key: Path) -> None:
        """Serve, on the port of before if there was one."""
        if self._etcd is None:
            self._etcd = await self._run("etcd", *self._etcd_flags())
        self._api = await self._run("kube-apiserver", *self._flags(certificate, key))
        await self._until_ready()
        await self._ask("POST", "/api/v1/namespaces", {"metadata": {"name": self._namespace}})

    async def stop(self) -> None:
        """Stop serving, from one moment to the next; what there is stays."""
        await _end(self._api)

    async def close(self) -> None:
        """End for good."""
        await _end(self._etcd)

    async def allow(self, *rights: tuple[str, str]) -> None:
        """Allow the pod these verbs on these resources, and no others."""
        rules = [{"apiGroups": [""], "resources": [resource], "verbs": [verb]} for verb, resource in rights]
        group = f"/apis/{ROLE}/clusterroles"
        await self._ask("DELETE", f"{group}/pod")
        await self._ask("POST", group, {"metadata": {"name": "pod"}, "rules": rules})
        subjects = [{"kind": "User", "name": "pod", "apiGroup": "rbac.authorization.k8s.io"}]
        role = {"kind": "ClusterRole", "name": "pod", "apiGroup": "rbac.authorization.k8s.io"}
        binding = {"metadata": {"name": "pod"}, "subjects": subjects, "roleRef": role}
        await self._ask("POST", f"/apis/{ROLE}/clusterrolebindings", binding)

    async def _run(self, program: str, *flags: str) -> asyncio.subprocess.Process:
        folder = binaries()
        assert folder is not None
        with (self._folder / f"{program}.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(folder / program, *flags, stdout=log, stderr=log)

    def _etcd_flags(self) -> tuple[str, ...]:
        url = f"http://127.0.0.1:{self._etcd_port}"
        return (
            f"--data-dir={self._folder / 'etcd'}",
            f"--listen-client-urls={url}",
            f"--advertise-client-urls={url}",
            "--listen-peer-urls=http://127.0.0.1:0",
        )

    def _flags(self, certificate: Path, key: Path) -> tuple[str, ...]:
        return (
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self.port}",
            f"--tls-cert-file={certificate}",
            f"--tls-private-key-file={key}",
            f"--service-account-key-file={certificate}",
            f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--token-auth-file={self._folder / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--disable-admission-plugins=ServiceAccount",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--shutdown-delay-duration=0s",
        )

    async def _until_ready(self) -> None:
        async with asyncio.timeout(START_SECONDS):
            while await self._ask("GET", "/readyz") != 200:  # noqa: ASYNC110 (another process has no Event)
                await asyncio.sleep(0.2)

    async def _ask(self, method: str, path: str, body: object = None) -> int:
        headers = {"Authorization": f"Bearer {self._admin}"}
        url = f"https://127.0.0.1:{self.port}{path}"
        with suppress(aiohttp.ClientConnectionError):
            async with (
                aiohttp.ClientSession(headers=headers) as session,
                session.request(method, url, json=body, ssl=False) as response,
            ):
                return response.status
        return 0


async def _end(process: asyncio.subprocess.Process | None) -> None:
    if process is not None and process.returncode is None:
        process.kill()
        await process.wait()
