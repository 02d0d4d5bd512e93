"""That a real Kubernetes API takes every object, and enforces what we ask of it: where KUBEBUILDER_ASSETS names one."""

import asyncio
import copy
import json
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.arcade.stack import self_signed
from tests.k8s.rendering import VARIANTS, Object, find, kubectl, pods, render
from tests.k8s.test_schemas import CUSTOM
from tests.worker.cluster.real import Real, binaries

pytestmark = pytest.mark.skipif(binaries() is None, reason="KUBEBUILDER_ASSETS names no kube-apiserver and etcd")

TOKEN = "the-operators-token"


class Cluster:
    """kubectl, for an API."""

    def __init__(self, port: int, certificate: Path) -> None:
        self._way = ("--server", f"https://127.0.0.1:{port}", "--token", TOKEN, "--certificate-authority", certificate)

    async def apply(self, objects: Sequence[Object], *options: str) -> str:
        """Apply the objects, and give kubectl's warnings. Raises CalledProcessError."""
        given = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        words = [kubectl(), *self._way, "apply", "--server-side", *options, "-f", "-"]
        done = await asyncio.to_thread(subprocess.run, words, input=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stderr

    async def as_a_worker(self, pod: str, change: Object, target: str) -> str:
        """Change a pod as a worker in another, or in the same: the refusal, or an empty text if it may."""
        made = ("create", "token", "coinop-worker", "-n", "coinop", "--bound-object-kind=Pod")
        words = [kubectl(), *self._way, *made, f"--bound-object-name={pod}"]
        done = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, check=True)
        headers = {
            "Authorization": f"Bearer {done.stdout.strip()}",
            "Content-Type": "application/strategic-merge-patch+json",
        }
        url = f"{self._way[1]}/api/v1/namespaces/coinop/pods/{target}/status"
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.patch(url, data=json.dumps(change), ssl=False) as response,
        ):
            return "" if response.ok else str((await response.json())["message"])

    async def wait(self, *what: str) -> None:
        """Until the API knows these kinds."""
        words = [kubectl(), *self._way, "wait", "--for=condition=Established", *what]
        await asyncio.to_thread(subprocess.run, words, check=True, capture_output=True)


def definitions(objects: Sequence[Object]) -> Iterator[Object]:
    """Make custom resources that take anything: what is in them is for the schemas to check."""
    for kind in sorted(CUSTOM):
        (group, version), scope = next(
            (thing["apiVersion"].split("/"), "Namespaced" if "namespace" in thing["metadata"] else "Cluster")
            for thing in objects
            if thing["kind"] == kind
        )
        plural = f"{kind.lower()}es" if kind.endswith("s") else f"{kind.lower()}s"
        schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        yield {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {
                "name": f"{plural}.{group}",
                "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"},
            },
            "spec": {
                "group": group,
                "names": {"kind": kind, "plural": plural},
                "scope": scope,
                "versions": [{"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
            },
        }


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    certificate, key = self_signed(tmp_path)
    server = Real(TOKEN, "the-pods-token", "elsewhere", tmp_path)
    try:
        await server.start(certificate, key)
        cluster = Cluster(server.port, certificate)
        everything = [thing for variant in VARIANTS for thing in render(variant)]
        kinds = list(definitions(everything))
        await cluster.apply([find(render("stunner"), "Namespace", name) for name in ("coinop", "stunner")])
        await cluster.apply(kinds)
        await cluster.wait(*(f"crd/{kind['metadata']['name']}" for kind in kinds))
        yield cluster
    finally:
        await server.stop()
        await server.close()


async def test_everything_is_taken_without_a_warning(cluster: Cluster) -> None:
    for variant in VARIANTS:
        assert await cluster.apply(render(variant), "--dry-run=server") == "", variant


async def test_what_the_namespace_forbids_is_warned_of(cluster: Cluster) -> None:
    broken = copy.deepcopy(find(render("single"), "Deployment", "coinop-turn"))
    del broken["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"]
    assert "would violate PodSecurity" in await cluster.apply([broken], "--dry-run=server")


async def test_a_worker_changes_its_own_pod_s_annotations_alone(cluster: Cluster) -> None:
    guard = [thing for thing in render("single, guarded") if thing["kind"].startswith("ValidatingAdmission")]
    granted = [thing for thing in render("single") if thing["kind"] in ("ServiceAccount", "Role", "RoleBinding")]
    template = pods(render("local"))["coinop-worker"]
    names = ("coinop-worker-one", "coinop-worker-two")
    made = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {**template["metadata"], "name": name, "namespace": "coinop"},
            "spec": template["spec"],
        }
        for name in names
    ]
    await cluster.apply([*granted, *made])
    status = {"status": {"message": "of somebody else"}}
    one, two = names
    assert await cluster.as_a_worker(one, status, two) == "", "what a Role can't forbid"
    await cluster.apply(guard)
    note = {"metadata": {"annotations": {"controller.kubernetes.io/pod-deletion-cost": "3"}}}
    while "changes its own pod, and no other" not in await cluster.as_a_worker(  # noqa: ASYNC110 (it takes its time)
        one, note, two
    ):
        await asyncio.sleep(0.2)
    assert await cluster.as_a_worker(one, note, one) == ""
    assert "changes annotations alone" in await cluster.as_a_worker(one, status, one)
