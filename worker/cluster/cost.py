"""Keeps the pod's deletion cost at the number of its seated players, so that scaling down takes the emptiest workers.

A ReplicaSet deletes pods with a lower ``controller.kubernetes.io/pod-deletion-cost`` first. It is a wish and no more:
when it can't be kept, rooms of a deleted pod move all the same.
"""

import asyncio
import logging
from collections.abc import Callable

from lightkube import AsyncClient
from lightkube.resources.core_v1 import Pod
from lightkube.types import PatchType

from worker.cluster.access import FAILURES, Right, sentence

logger = logging.getLogger(__name__)

ANNOTATION = "controller.kubernetes.io/pod-deletion-cost"
PODS = Right("pods/status", ("patch",))
"""The annotation can be written by way of the status, with a right that leaves every pod's image and command alone."""

EVERY_SECONDS = 15.0
"""Between two looks: every change of a pod goes through the API to all who watch pods, and an autoscaler looks no more
often than this either."""


class DeletionCost:
    """The annotation of one pod."""

    def __init__(self, client: AsyncClient, pod: str, seated: Callable[[], int]) -> None:
        """Write the cost of ``pod``; ``seated`` tells how many players sit in this worker's rooms."""
        self._client = client
        self._pod = pod
        self._seated = seated
        self._written: int | None = None
        """What the annotation is; None while that is not known, as it may be there from before a restart."""
        self._warned = False

    async def keep(self) -> None:
        """Keep the annotation up to date, until cancelled."""
        while True:
            seated = self._seated()
            if seated != self._written:
                await self._write(seated)
            await asyncio.sleep(EVERY_SECONDS)

    async def _write(self, seated: int) -> None:
        patch = {"metadata": {"annotations": {ANNOTATION: str(seated)}}}
        try:
            await self._client.patch(Pod.Status, self._pod, patch, patch_type=PatchType.MERGE)
        except FAILURES as error:
            if not self._warned:
                logger.warning("! Scaling down may hit a worker with players: %s", sentence(error, PODS))
            self._warned = True
        else:
            self._written = seated
