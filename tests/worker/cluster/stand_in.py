"""A Kubernetes API in one process: the objects, watches and refusals that the worker and ``coinop secrets`` meet.

It keeps to the protocol of the real one, against which the same tests run where there is one (``real.py``): one
resource version for all objects, watches as JSON lines that begin after a version, ``410`` when that is forgotten,
merge patches that are refused if they name an old version, ``Status`` objects for everything that goes wrong.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

Object = dict[str, Any]

KINDS = {"services": "Service", "nodes": "Node", "pods": "Pod", "secrets": "Secret"}
REASONS = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    415: "",
    422: "Invalid",
}
PATCHES = ("application/merge-patch+json", "application/strategic-merge-patch+json")


class RefusedError(Exception):
    """To be answered with a Status."""

    def __init__(self, code: int, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.body = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason or REASONS[code],
            "code": code,
        }


class GarbageError(Exception):
    """To be answered with garbage."""


@dataclass(frozen=True)
class Change:
    """What happened to an object, at which version."""

    version: int
    plural: str
    kind: str
    object: Object


class StandIn:
    """The server: ``admin`` and ``pod`` are the tokens that it knows."""

    def __init__(self, admin: str, pod: str) -> None:
        self.port = 0
        self.silent = False
        """Watches stay open, and nothing comes any more, as when a router on the way has lost them."""
        self.garbage: web.Response | None = None
        """What the pod is answered instead, as if there were a broken proxy on the way."""
        self._admin = admin
        self._pod = pod
        self._allowed: set[tuple[str, str]] = set()
        self._objects: dict[tuple[str, str, str], Object] = {}
        self._version = 100
        self._history: list[Change] = []
        self._forgotten = 0
        """Watches can't begin at a version before this."""
        self._news = asyncio.Condition()
        self._watching: set[asyncio.Task[Any]] = set()
        self._runner: web.AppRunner | None = None

    # ----- the server

    async def start(self, certificate: Path, key: Path) -> None:
        """Serve, on the port of before if there was one."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        app = web.Application()
        app.router.add_route("*", "/api/v1/{tail:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=context, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """End all watches and serve no more; what there is stays."""
        assert self._runner is not None
        for task in tuple(self._watching):
            task.cancel()
        await self._runner.cleanup()

    async def allow(self, *rights: tuple[str, str]) -> None:
        """Allow the pod these verbs on these resources, and no others."""
        self._allowed = set(rights)

    async def forget(self) -> None:
        """Forget older versions, as etcd does every five minutes: they can't be asked for; open watches go on."""
        async with self._news:
            self._version += 1
            self._forgotten = self._version

    # ----- requests

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._serve(request)
        except RefusedError as failure:
            return _json(failure.body, status=failure.body["code"])
        except GarbageError:
            assert self.garbage is not None
            return self.garbage

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        parts = request.match_info["tail"].split("/")
        namespace, parts = (parts[1], parts[2:]) if parts[0] == "namespaces" and len(parts) > 2 else ("", parts)
        plural, name = parts[0], parts[1] if len(parts) > 1 else ""
        verb, resource = _verb(request, name), "/".join((plural, *parts[2:]))
        self._authorise(request, verb, resource, namespace)
        match verb:
            case "get":
                return _json(self._get(plural, namespace, name))
            case "create":
                return _json(await self._create(plural, namespace, await request.json()), status=201)
            case "patch":
                return _json(await self._patch(plural, namespace, name, request))
            case "delete":
                await self._change("DELETED", plural, self._objects.pop((plural, namespace, name)))
                return _json({"kind": "Status", "apiVersion": "v1", "status": "Success"})
            case "list":
                listed = [found for key, found in self._objects.items() if _fits(key, plural, namespace, request)]
                body = {
                    "kind": f"{KINDS[plural]}List",
                    "metadata": {"resourceVersion": str(self._version)},
                    "items": listed,
                }
                return _json({"apiVersion": "v1", **body})
        return await self._watch(plural, namespace, request)

    def _authorise(self, request: web.Request, verb: str, resource: str, namespace: str) -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in (self._admin, self._pod):
            raise RefusedError(401, "Unauthorized")
        if token == self._pod and self.garbage is not None:
            raise GarbageError
        if token == self._pod and (verb, resource) not in self._allowed:
            where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
            message = (
                f'{resource} is forbidden: User "worker" cannot {verb} resource "{resource}" in API group ""{where}'
            )
            raise RefusedError(403, message)

    # ----- objects

    def _get(self, plural: str, namespace: str, name: str) -> Object:
        try:
            return self._objects[plural, namespace, name]
        except KeyError:
            raise RefusedError(404, f'{plural} "{name}" not found') from None

    async def _create(self, plural: str, namespace: str, new: Object) -> Object:
        name = new["metadata"]["name"]
        if (plural, namespace, name) in self._objects:
            raise RefusedError(409, f'{plural} "{name}" already exists', "AlreadyExists")
        new["metadata"] |= {"namespace": namespace} if namespace else {}
        self._objects[plural, namespace, name] = new
        return await self._change("ADDED", plural, new)

    async def _patch(self, plural: str, namespace: str, name: str, request: web.Request) -> Object:
        if request.content_type not in PATCHES:
            raise RefusedError(
                415, f"the body of the request was in an unknown format - accepted media types: {PATCHES}"
            )
        before, patch = self._get(plural, namespace, name), await request.json()
        if (
            patch.get("metadata", {}).get("resourceVersion", before["metadata"]["resourceVersion"])
            != (before["metadata"]["resourceVersion"])
        ):
            raise RefusedError(409, f'Operation cannot be fulfilled on {plural} "{name}": the object has been modified')
        ignored = "spec" if request.path.endswith("/status") else "status"
        if before.get("immutable") and "data" in patch:
            raise RefusedError(
                422, f'Secret "{name}" is invalid: data: Forbidden: field is immutable when `immutable` is set'
            )
        after = _merge(before, {key: value for key, value in patch.items() if key != ignored})
        if after == before:
            return before
        self._objects[plural, namespace, name] = after
        return await self._change("MODIFIED", plural, after)

    async def _change(self, kind: str, plural: str, changed: Object) -> Object:
        async with self._news:
            self._version += 1
            changed["metadata"]["resourceVersion"] = str(self._version)
            copy = {"apiVersion": "v1", "kind": KINDS[plural], **json.loads(json.dumps(changed))}
            self._history.append(Change(self._version, plural, kind, copy))
            self._news.notify_all()
        return changed

    # ----- watches

    async def _watch(self, plural: str, namespace: str, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        task = asyncio.current_task()
        assert task is not None
        self._watching.add(task)
        try:
            async for kind, item in self._events(plural, namespace, request):
                await response.write(json.dumps({"type": kind, "object": item}).encode() + b"\n")
        except asyncio.CancelledError:
            with suppress(ConnectionError):
                await response.write_eof()  # a server that is told to stop ends its watches in order
            raise
        except RefusedError as failure:
            await response.write(json.dumps({"type": "ERROR", "object": failure.body}).encode() + b"\n")
        finally:
            self._watching.discard(task)
        return response

    async def _events(self, plural: str, namespace: str, request: web.Request) -> AsyncIterator[tuple[str, Object]]:
        seen = int(request.query.get("resourceVersion") or self._version)
        if seen < self._forgotten:
            raise RefusedError(410, f"too old resource version: {seen} ({self._forgotten})")
        while True:
            for change in [change for change in self._history if change.version > seen]:
                seen = change.version
                metadata = change.object["metadata"]
                key = (change.plural, metadata.get("namespace", ""), metadata["name"])
                if _fits(key, plural, namespace, request):
                    yield change.kind, change.object
            async with self._news:
                while self.silent or not self._history or self._history[-1].version <= seen:
                    await self._news.wait()


def _json(body: Object, status: int = 200) -> web.Response:
    """Answer in JSON as the real one does, without a charset."""
    return web.Response(body=json.dumps(body).encode(), status=status, headers={"Content-Type": "application/json"})


def _verb(request: web.Request, name: str) -> str:
    if request.method == "GET" and not name:
        return "watch" if request.query.get("watch") == "true" else "list"
    return {"GET": "get", "POST": "create", "PATCH": "patch", "DELETE": "delete"}[request.method]


def _fits(key: tuple[str, str, str], plural: str, namespace: str, request: web.Request) -> bool:
    wanted = request.query.get("fieldSelector", "").removeprefix("metadata.name=")
    return key[:2] == (plural, namespace) and wanted in ("", key[2])


def _merge(before: Any, patch: Any) -> Any:
    """Merge as RFC 7396 says; a strategic patch does the same where there are no lists of objects."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(before) if isinstance(before, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), value)
    return merged
