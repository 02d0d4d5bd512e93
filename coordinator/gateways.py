"""What pages are told of the gateways: their URLs, and credentials of the page's own that end after some hours.

Sans-I/O: pages, URLs, ``now`` and the Unix time go in; ICE servers and messages come out. Which gateways there are is
the registry's to say, and what a credential is made of the gateway's (turn/credentials.py).
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from coordinator.decisions import ToPage
from coordinator.hosts import fill
from coordinator.house import unguessable_id
from coordinator.messages import IceServer, IceServers
from coordinator.registry import WorkerId
from coordinator.seats import PageId
from turn import credentials

logger = logging.getLogger(__name__)

RENEW_AT = 0.5
"""The part of their life after which credentials are replaced: a page that has lost its link for as long still has
good ones when it starts a game."""

MAX_URLS = 32
"""URLs that a page is given. Browsers ask every one of them for a candidate, and Chromium takes no more TURN servers
than this."""


@dataclass(slots=True)
class _Session:
    """A page, as gateways know it."""

    user: str
    host: str
    """By which it reached the arcade; empty if that is not known."""
    renew_at: float


class Gateways:
    """The ICE servers of every page. Nobody else gets a page's user name, and none is given out without a secret."""

    def __init__(self, secret: str, ttl: float, relay_only: bool, new_id: Callable[[], str] = unguessable_id) -> None:
        """``secret`` is shared with the gateways, empty if there is none; ``ttl`` is the credentials' life, seconds."""
        self.relay_only = relay_only
        self._secret = secret
        self._ttl = ttl
        self._new_id = new_id
        self._urls: tuple[str, ...] = ()
        self._sessions: dict[PageId, _Session] = {}
        """The one to be renewed next comes first: all credentials live equally long."""
        self._warned_of_the_secret = False

    # ----- pages. ``now`` is on a clock that never steps, ``unix`` is the Unix time that the gateways have too.

    def page_came(self, page: PageId, host: str, now: float, unix: float) -> tuple[IceServer, ...]:
        """The ICE servers for its welcome; it reached the arcade by this host."""
        return self._give(page, self._new_id(), host, now, unix)

    def page_went(self, page: PageId) -> None:
        """Its credentials end by themselves."""
        del self._sessions[page]

    # ----- workers

    def examine(self, worker: WorkerId, urls: Iterable[str]) -> None:
        """Put into the log what keeps this worker's gateways from being of use."""
        has_turn = any(_needs_credentials(url) for url in urls)
        if has_turn and not self._secret and not self._warned_of_the_secret:
            self._warned_of_the_secret = True
            logger.warning(
                "! worker %s announces a turn: gateway, which pages are not told of as there is no secret to make "
                "credentials with: set COINOP_TURN_SECRET to the gateway's",
                worker,
            )
        if self.relay_only and not has_turn:
            logger.warning(
                "! worker %s announces no turn: gateway, but media must go through one (relay_only): set its "
                "COINOP_WORKER_GATEWAYS",
                worker,
            )

    def replace(self, urls: tuple[str, ...], now: float, unix: float) -> list[ToPage]:
        """The gateways are these now: tell every page, if they are others than before."""
        if urls[:MAX_URLS] == self._urls:
            return []
        if len(urls) > MAX_URLS:
            logger.warning("! workers announce %d gateway URLs: pages are told of the first %d", len(urls), MAX_URLS)
        self._urls = urls[:MAX_URLS]
        return [self._renewal(page, now, unix) for page in tuple(self._sessions)]

    # ----- the clock

    def next_deadline(self) -> float | None:
        """When to call renew next, on the clock of ``now``."""
        if not (self._secret and any(map(_needs_credentials, self._urls))):
            return None
        return next((session.renew_at for session in self._sessions.values()), None)

    def renew(self, now: float, unix: float) -> list[ToPage]:
        """Fresh credentials for the pages whose own are half used up."""
        decisions = []
        while (deadline := self.next_deadline()) is not None and deadline <= now:
            decisions.append(self._renewal(next(iter(self._sessions)), now, unix))
        return decisions

    def _renewal(self, page: PageId, now: float, unix: float) -> ToPage:
        """A page keeps its user name but for the time, as that is what a gateway's quotas count."""
        session = self._sessions.pop(page)
        servers = self._give(page, session.user, session.host, now, unix)
        return ToPage(page, IceServers(ice_servers=servers, relay_only=self.relay_only))

    def _give(self, page: PageId, user: str, host: str, now: float, unix: float) -> tuple[IceServer, ...]:
        self._sessions[page] = _Session(user, host, now + RENEW_AT * self._ttl)
        urls = fill(self._urls, host)
        free = tuple(url for url in urls if not _needs_credentials(url))
        closed = tuple(url for url in urls if _needs_credentials(url))
        servers = [IceServer(urls=free)] if free else []
        if closed and self._secret:
            key = credentials.issue(self._secret, user, self._ttl, unix)
            servers.append(IceServer(urls=closed, username=key.username, credential=key.password))
        return tuple(servers)


def _needs_credentials(url: str) -> bool:
    """STUN alone is for everybody (RFC 8489 section 9: a Binding has no mechanism by default)."""
    return not url.startswith("stun:")
