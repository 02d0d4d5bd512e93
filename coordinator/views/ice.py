"""The ICE servers that pages are told of: the gateways' URLs, and credentials of the page's own that end after hours.

Sans-I/O: pages, announcements, ``now`` and the Unix time go in; ICE servers and messages come out. Which gateways there
are is left to the registry, how a credential is made to the gateway's contract (turn/wire/credentials.py).

A gateway's credentials are made of the secret that came with its URLs, so that clusters need not share one. A URL that
comes with two secrets belongs to the worker that announced it first: no other can take it over, and a new secret counts
as soon as the last worker with the old one is gone, which the gateway takes until then.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from msgspec.structs import replace

from coordinator.fleet.router import PageId
from coordinator.fleet.worker import Announcement, WorkerId
from coordinator.messages import IceServer, IceServers, Region
from coordinator.rooms.decisions import ToPage
from coordinator.rooms.room_table import unguessable_id
from coordinator.views.ice_hosts import fill
from turn.wire import credentials

logger = logging.getLogger(__name__)

RENEW_AT = 0.5
"""The part of their life after which credentials are replaced: a page that has lost its link for as long still has
good ones when it starts a game."""

MAX_URLS = 96
"""URLs that a page is given: three ways into each of 32 regions. Which of them a
connection asks is the page's to say: web/core/net/regions.js, web/core/net/ice.js."""


@dataclass(slots=True)
class _Session:
    """The user that a page is for gateways."""

    user: str
    host: str
    """By which it reached the arcade; empty if that is not known."""
    renew_at: float


class PageIceServers:
    """The ICE servers of every page. Nobody else gets a page's user name, and none is given out without a secret."""

    def __init__(self, secret: str, ttl: float, relay_only: bool, new_id: Callable[[], str] = unguessable_id) -> None:
        """Start without gateways.

        ``secret`` is for gateways that are announced without one, empty if there is none; ``ttl`` is the credentials'
        life, seconds; ``relay_only`` is told to pages.
        """
        self.relay_only = relay_only
        self._secret = secret
        self._ttl = ttl
        self._new_id = new_id
        self._secrets: dict[str, str] = {}
        """Of each URL that pages are told of."""
        self._sessions: dict[PageId, _Session] = {}
        """The one to be renewed next comes first: all credentials live equally long."""
        self._warned_of_the_secret = False

    # ----- pages. ``now`` is on a clock that never steps, ``unix`` is the Unix time that the gateways have too.

    def add_page(self, page: PageId, host: str, now: float, unix: float) -> tuple[IceServer, ...]:
        """Make the ICE servers for a new page's welcome; it reached the arcade by this host."""
        return self._issue(page, self._new_id(), host, now, unix)

    def remove_page(self, page: PageId) -> None:
        """Forget a page whose connection has ended. Its credentials end by themselves."""
        del self._sessions[page]

    def regions(self, page: PageId, regions: Iterable[Region]) -> tuple[Region, ...]:
        """Fill a page's own host into the regions' gateways, so that its ICE servers name them the same way."""
        host = self._sessions[page].host
        return tuple(replace(region, gateways=fill(region.gateways, host)) for region in regions)

    # ----- workers

    def warn_about(self, worker: WorkerId, gateway: Announcement) -> None:
        """Log what keeps a worker's gateway, which has been announced, from being of use."""
        secret = gateway.secret or self._secret
        turn = [url for url in gateway.urls if _needs_credentials(url)]
        if turn and not secret and not self._warned_of_the_secret:
            self._warned_of_the_secret = True
            logger.warning(
                "! worker %s announces a turn: gateway, which pages are not told of as there is no secret to make "
                "credentials with: set COINOP_TURN_SECRET at the worker to the gateway's",
                worker,
            )
        if taken := [url for url in turn if self._secrets.get(url, secret) != secret]:
            logger.warning(
                "! worker %s announces %s with another secret than a worker before it, whose secret counts: set the "
                "COINOP_TURN_SECRET of all workers behind one gateway to the gateway's",
                worker,
                ", ".join(taken),
            )
        if self.relay_only and not turn:
            logger.warning(
                "! worker %s announces no turn: gateway, but media must go through one (relay_only): set its "
                "COINOP_WORKER_GATEWAYS",
                worker,
            )

    def replace_gateways(self, announced: Iterable[Announcement], now: float, unix: float) -> list[ToPage]:
        """Replace the gateways, the oldest first, and tell every page if they are others than before."""
        merged = self._merge(announced)
        secrets = dict(islice(merged.items(), MAX_URLS))
        if secrets == self._secrets:
            return []
        if len(merged) > MAX_URLS:
            logger.warning(
                "! workers announce %d gateway URLs: pages are told of %d, the first of each gateway before others",
                len(merged),
                MAX_URLS,
            )
        self._secrets = secrets
        return [self._renewal(page, now, unix) for page in tuple(self._sessions)]

    # ----- the clock

    def next_deadline(self) -> float | None:
        """Say when to call ``renew`` next, on the clock of ``now``; None if no credentials are given out."""
        if not any(secret and _needs_credentials(url) for url, secret in self._secrets.items()):
            return None
        return next((session.renew_at for session in self._sessions.values()), None)

    def renew(self, now: float, unix: float) -> list[ToPage]:
        """Send fresh credentials to the pages whose own are half used up."""
        decisions = []
        while (deadline := self.next_deadline()) is not None and deadline <= now:
            decisions.append(self._renewal(next(iter(self._sessions)), now, unix))
        return decisions

    def _renewal(self, page: PageId, now: float, unix: float) -> ToPage:
        """Send a page its servers again. It keeps its user name but for the time, as a gateway's quotas go by that."""
        session = self._sessions.pop(page)
        servers = self._issue(page, session.user, session.host, now, unix)
        return ToPage(page, IceServers(ice_servers=servers, relay_only=self.relay_only))

    def _issue(self, page: PageId, user: str, host: str, now: float, unix: float) -> tuple[IceServer, ...]:
        self._sessions[page] = _Session(user, host, now + RENEW_AT * self._ttl)
        told = [(filled, secret) for url, secret in self._secrets.items() for filled in fill([url], host)]
        free = tuple(url for url, _ in told if not _needs_credentials(url))
        closed: dict[str, list[str]] = {}
        for url, secret in told:
            if secret and _needs_credentials(url):
                closed.setdefault(secret, []).append(url)
        servers = [IceServer(urls=free)] if free else []
        for secret, urls in closed.items():
            key = credentials.issue(secret, user, self._ttl, unix)
            servers.append(IceServer(urls=tuple(urls), username=key.username, credential=key.password))
        return tuple(servers)

    def _merge(self, announced: Iterable[Announcement]) -> dict[str, str]:
        """Map every URL to its secret; each gateway's first comes before any other's second, as not all may fit."""
        secrets: dict[str, str] = {}
        places: dict[str, int] = {}
        for gateway in announced:
            for place, url in enumerate(gateway.urls):
                secrets.setdefault(url, gateway.secret or self._secret)
                places[url] = min(place, places.get(url, place))
        return {url: secrets[url] for url in sorted(secrets, key=places.__getitem__)}


def _needs_credentials(url: str) -> bool:
    """Return whether a URL needs credentials: STUN alone is for everybody (RFC 8489 section 9: a Binding has none by
    default)."""
    return not url.startswith("stun:")
