"""Keeps the policy in step with what names resolve to, and with the list of peers that is configured.

A name that has many addresses (a headless service has one for each pod) admits all of them. An address that it no
longer has is no longer admitted. When the resolver does not answer, what it said last stays good.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Iterable
from typing import Final

from turn.relay.peer_rules import Name
from turn.relay.policy import Policy, Rule
from turn.wire.attributes import plain_host

logger = logging.getLogger(__name__)

INTERVAL: Final = 5.0
"""Seconds between two questions for a name: a new pod is reached soon after it is ready."""

MAX_ADDRESSES: Final = 4096
"""Of one name; more are not used."""

_NO_ADDRESS: Final = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))


class Names:
    """The rules of a policy, made of peers."""

    def __init__(self, policy: Policy, changed: Callable[[], None], interval: float = INTERVAL) -> None:
        """changed: called after the policy has become another one."""
        self._policy = policy
        self._changed = changed
        self._interval = interval
        self._rules: tuple[Rule, ...] = ()
        self._names: tuple[Name, ...] = ()
        self._addresses: dict[str, frozenset[str] | None] = {}
        """None until a name is resolved for the first time."""
        self._unanswered: set[str] = set()
        """Names that could not be resolved the last time, which has been logged."""

    async def replace(self, peers: Iterable[Rule | Name]) -> None:
        """These are the peers from now on. Names among them are resolved before."""
        peers = tuple(peers)
        self._rules = tuple(peer for peer in peers if isinstance(peer, Rule))
        self._names = tuple(peer for peer in peers if isinstance(peer, Name))
        self._addresses = {name.host: self._addresses.get(name.host) for name in self._names}
        self._apply()  # what may no longer be reached waits for no resolver
        await self.refresh()

    async def run(self) -> None:
        """Resolve the names again and again."""
        while True:
            await asyncio.sleep(self._interval)
            await self.refresh()

    async def refresh(self) -> None:
        """Resolve all names now."""
        await asyncio.gather(*(self._refresh(host) for host in tuple(self._addresses)))
        self._apply()

    async def _refresh(self, host: str) -> None:
        try:
            addresses = await _resolve(host)
        except (OSError, UnicodeError) as error:
            if host not in self._unanswered:  # once, not every few seconds
                logger.warning("! %s can't be resolved now (%s): what it was before stays good", host, error)
            self._unanswered.add(host)
            return
        self._unanswered.discard(host)
        if self._addresses.get(host, addresses) == addresses:
            return
        self._addresses[host] = addresses
        if addresses:
            logger.info("= %s is %s", host, ", ".join(sorted(addresses)[:16]))
        else:
            logger.warning("! %s has no address: nobody is reached by it", host)

    def _apply(self) -> None:
        resolved = [name.rule_for(address) for name in self._names for address in self._addresses.get(name.host) or ()]
        if self._policy.replace((*self._rules, *resolved)):
            self._changed()


async def _resolve(host: str) -> frozenset[str]:
    """The addresses of a name. Raises OSError or UnicodeError if they can't be found out now."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except socket.gaierror as error:
        if error.errno in _NO_ADDRESS:
            return frozenset()
        raise
    return frozenset([plain_host(str(address[0])) for *_, address in found][:MAX_ADDRESSES])
