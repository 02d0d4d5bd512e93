"""The end of a worker that has rooms: they are moved away, for a while; what is left is stored and goes on later.

Moving them is the coordinator's business, storing the supervisor's.
"""

import asyncio
import logging
from contextlib import suppress

from coordinator.messages import Draining, Freeze
from worker.processes.supervisor import Report, Supervisor

logger = logging.getLogger(__name__)

STORE_SECONDS = 6.0
"""For the rooms that are left to store a last snapshot."""


async def drain(supervisor: Supervisor, report: Report, seconds: float) -> None:
    """Empty the worker: let its rooms move to others for ``seconds``, then store those that are left.

    With 0 seconds nothing is moved or stored here, and stopping the supervisor closes the rooms.
    """
    supervisor.draining = True
    if not seconds or not len(supervisor):
        return
    logger.info("%d rooms are moved to other workers, or stored in %.0f seconds.", len(supervisor), seconds)
    report(Draining())
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await supervisor.wait_until_empty()
        return
    logger.warning("%d rooms found no other worker; they are stored, and go on when there is one.", len(supervisor))
    for room in tuple(supervisor):
        supervisor.freeze(Freeze(room=room.id))
    with suppress(TimeoutError):
        async with asyncio.timeout(STORE_SECONDS):
            await supervisor.wait_until_empty()
