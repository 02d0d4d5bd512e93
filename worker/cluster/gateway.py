"""Follows the Service in front of the gateway, for this worker to announce its public address.

A cloud gives a Service its address minutes after it was made, and may give it another one. What addresses and ports
mean is ``addresses.py``'s business.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from lightkube import AsyncClient
from lightkube.resources.core_v1 import Node, Service

from worker.cluster.access import FAILURES, Right, sentence, status_of
from worker.cluster.addresses import has_balancer, ice_urls, is_inside, needs_nodes
from worker.runtime.backoff import backoff

logger = logging.getLogger(__name__)

SERVICES = Right("services", ("list", "watch"))
NODES = Right("nodes", ("list",), everywhere=True)

LOOK_AGAIN_SECONDS = 300.0
"""A watch may be dead without anybody noticing, and nodes come and go: after so long everything is read anew."""

FIRST_DELAY = 0.5
MAX_DELAY = 30.0
"""Seconds between two tries, twice as many each time; a random half is taken off."""

QUIET_TRIES = 3
"""Failed tries until an API that can't be reached is worth a warning: it restarts whenever it is upgraded."""

WARN_AT_ONCE = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
"""Answers that are worth it at once."""


class ServiceGateway:
    """What the Service says now."""

    def __init__(
        self, client: AsyncClient, name: str, changed: Callable[[tuple[str, ...]], None], known: asyncio.Event
    ) -> None:
        """Follow the Service ``name``, which may have its namespace before it, with a slash.

        ``changed`` is called with the Service's ICE URLs whenever they are others; ``known`` is set as soon as it has
        been read, or can't be.
        """
        self._client = client
        self._service = name
        namespace, _, self._name = name.rpartition("/")
        self._namespace = namespace or client.namespace
        self._changed = changed
        self._urls: tuple[str, ...] = ()
        self._asking = SERVICES
        """What the request that failed was for."""
        self._failures = 0
        self._trouble = ""
        """What was said last about what is wrong; nothing if all is well."""
        self._known = known

    async def follow(self) -> None:
        """Read the Service and all its changes, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                    await self._watch()
            except TimeoutError:
                self._failures = 0
            except FAILURES as error:
                self._note_failure(error)
                await asyncio.sleep(backoff(self._failures, FIRST_DELAY, MAX_DELAY) * random.uniform(0.5, 1.0))

    async def _watch(self) -> None:
        """Read the Service, and every change of it, until a request fails."""
        only: dict[str, Any] = {"namespace": self._namespace, "fields": {"metadata.name": self._name}}
        listed = self._client.list(Service, **only)
        found = [service async for service in listed]
        await self._update(found[0] if found else None)
        async for event, service in self._client.watch(Service, resource_version=listed.resourceVersion, **only):
            self._failures = 0
            await self._update(None if event == "DELETED" else service)

    async def _update(self, service: Service | None) -> None:
        urls = ice_urls(service, await self._nodes(service)) if service is not None else ()
        self._known.set()
        if not urls:
            self._warn(_missing(self._service, service))
        elif not self._failures:
            self._warn("")
        if urls != self._urls:
            self._urls = urls
            logger.info("= the gateway is at %s", ", ".join(urls) or "no address any more")
            self._changed(urls)

    async def _nodes(self, service: Service) -> list[Node]:
        if not needs_nodes(service):
            return []
        try:
            return [node async for node in self._client.list(Node)]
        except FAILURES as error:
            if status_of(error) == HTTPStatus.FORBIDDEN and has_balancer(service):
                return []  # which is what to wait for; on nodes that nobody may see, nothing depends
            self._asking = NODES
            raise

    def _note_failure(self, error: BaseException) -> None:
        """Log a failure that lasts or that waiting won't mend; the addresses that are known stay."""
        self._known.set()
        self._failures += 1
        status, asking, self._asking = status_of(error), self._asking, SERVICES
        if status == HTTPStatus.GONE:  # the watch fell too far behind (etcd forgets), and begins anew
            return
        if self._failures >= QUIET_TRIES or status in WARN_AT_ONCE:
            self._warn(sentence(error, asking))

    def _warn(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            logger.warning("! %s", trouble)
        self._trouble = trouble


def _missing(name: str, service: Service | None) -> str:
    if service is None:
        return f"There is no Service {name} here: make it, or see COINOP_WORKER_GATEWAY_SERVICE."
    if is_inside(service):
        return (
            f"The Service {name} has no address outside of the cluster: make its type LoadBalancer or NodePort, or set"
            " COINOP_WORKER_GATEWAYS instead of COINOP_WORKER_GATEWAY_SERVICE."
        )
    return (
        f"The Service {name} has no address yet, and players can't come in until it has: `kubectl describe service"
        f" {name}` shows what its load balancer does."
    )
