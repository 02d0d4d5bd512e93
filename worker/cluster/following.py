"""The agent's way into Kubernetes: what is done in the cluster around it while it works, if it is told to.

The client library is imported when it is needed, as a worker elsewhere may not have it (it comes with the extra
``kubernetes``).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from worker.cluster.errors import ClusterError, NoClientError
from worker.config import Config
from worker.runtime.tasks import BackgroundTasks

if TYPE_CHECKING:
    from lightkube import AsyncClient

logger = logging.getLogger(__name__)

FIRST_LOOK_SECONDS = 3.0
"""For the gateway's address to be known before the worker registers, so that it need not be told twice. A gateway that
has none yet is told of later."""

Changed = Callable[[tuple[str, ...]], None]


@asynccontextmanager
async def following(config: Config, changed: Changed, seated: Callable[[], int]) -> AsyncIterator[None]:
    """Follow the gateway's Service and keep the pod's deletion cost, until the end of the block.

    ``changed`` gets the gateway's URLs whenever they are others, ``seated`` tells how many players sit. Raises
    ClusterError if the gateway can't be followed.
    """
    client = _client(config)
    if client is None:
        yield
        return
    tasks = BackgroundTasks(logger)  # rooms don't need them to go on
    try:
        if config.pod_name:
            tasks.spawn(_deletion_cost(client, config.pod_name, seated), "deletion cost of the pod")
        if config.gateway_service:
            known = asyncio.Event()
            tasks.spawn(_gateway(client, config.gateway_service, changed, known), "address of the gateway")
            with suppress(TimeoutError):
                async with asyncio.timeout(FIRST_LOOK_SECONDS):
                    await known.wait()
        yield
    finally:
        await tasks.close()
        await client.close()


def _client(config: Config) -> "AsyncClient | None":
    """Connect to the cluster, if there is anything to do there.

    Returns None if there is nothing, or only the deletion cost, which may be left undone. Raises ClusterError.
    """
    if not (config.gateway_service or config.pod_name):
        return None
    setting = "COINOP_WORKER_GATEWAY_SERVICE" if config.gateway_service else "POD_NAME"
    try:
        return _connect(setting)
    except ClusterError as error:
        if config.gateway_service:
            raise
        logger.warning("! Scaling down may hit a worker with players: %s", error)
        return None


def _connect(setting: str) -> "AsyncClient":
    try:
        from worker.cluster.access import connect
    except ImportError as error:
        raise NoClientError(setting) from error
    return connect(setting)


async def _gateway(client: "AsyncClient", service: str, changed: Changed, known: asyncio.Event) -> None:
    from worker.cluster.gateway import ServiceGateway

    await ServiceGateway(client, service, changed, known).follow()


async def _deletion_cost(client: "AsyncClient", pod: str, seated: Callable[[], int]) -> None:
    from worker.cluster.cost import DeletionCost

    await DeletionCost(client, pod, seated).keep()
