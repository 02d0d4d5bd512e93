"""One process of the gateway: relay, sockets, names and changes while running, put together. It decides nothing."""

import asyncio
import logging
import resource
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import ifaddr

from turn.config import Config
from turn.gateway.dtls import DtlsListener
from turn.gateway.gateway import Gateway
from turn.gateway.ports import RelayPorts, addresses_of, routed_address
from turn.gateway.sockets import WILDCARDS, Bound
from turn.gateway.tcp import Places, StreamListener
from turn.http.metrics import Figure, figures_of
from turn.relay.auth import Auth
from turn.relay.limits import Limits
from turn.relay.policy import Policy
from turn.relay.server import Relay
from turn.reload import Certificates, Changeable, Unusable, follow, read
from turn.resolver import Names
from turn.wire.attributes import IPV4, family_of

logger = logging.getLogger(__name__)

KBIT: Final = 1000 / 8

STRANGERS_AT_ONCE: Final = 5.0
"""Seconds' worth of requests: all players behind one address may come back at the same moment."""

LOOPBACK: Final = {IPV4: "127.0.0.1"}
"""Where relay addresses are on a machine without any network."""


class Node:
    """A gateway that runs, and follows what changes."""

    def __init__(self, config: Config, bound: Sequence[Bound], nonce_key: bytes) -> None:
        """Raises Unusable, ValueError."""
        raise_file_limit()
        self._config = config
        self._bound = bound
        self._changeable = read(config)
        self._certificates = Certificates(config.certificate, config.key) if config.certificate and config.key else None
        addresses = relay_addresses(config)
        self._policy = Policy()
        self._auth = Auth(
            config.realm,
            users=self._changeable.users,
            secrets=self._changeable.secrets,
            nonce_key=nonce_key,
        )
        relay = Relay(self._auth, self._policy, limits=limits_of(config))
        self.gateway = Gateway(relay, RelayPorts(addresses, *config.relay_port_range))
        self.places = Places(config.max_connections, config.idle_seconds)
        self._names = Names(self._policy, self.gateway.policy_changed)
        self._tasks: list[asyncio.Task[None]] = []
        self._policy.own(own_hosts(addresses.values()), self._own_ports())
        logger.info("= relay addresses: %s, ports %s", ", ".join(addresses.values()), config.relay_ports)

    @property
    def changeable(self) -> Changeable:
        """Who may be reached and who may ask, at present."""
        return self._changeable

    async def start(self) -> None:
        """Serve clients."""
        if not self._changeable.peers:
            logger.warning("! no peers are named, so clients can reach nobody: name them with --peers, or in the file")
        await self._names.replace(self._changeable.peers)
        for bound in self._bound:
            self._listen(bound)
        config = self._config
        paths = [path for path in (config.file, config.certificate, config.key) if path]
        self._begin("names", self._names.run())
        self._begin("files", follow([Path(path) for path in paths], self._changed))

    def figures(self) -> list[Figure]:
        """For the metrics."""
        return figures_of(self.gateway, self.places)

    async def close(self) -> None:
        """End everything at once."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.gateway.close()

    def _begin(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(log_failure)
        self._tasks.append(task)

    def _listen(self, bound: Bound) -> None:
        gateway = self.gateway
        handlers = gateway.from_client, gateway.client_gone
        if bound.protocol == "udp":
            gateway.listen_datagrams(bound.sock)
        elif bound.protocol == "tcp":
            gateway.listen(StreamListener(bound.sock, *handlers, self.places))
        elif self._certificates and bound.protocol == "tls":
            gateway.listen(StreamListener(bound.sock, *handlers, self.places, self._certificates.context))
        elif self._certificates:
            gateway.listen(DtlsListener(bound.sock, *handlers, self.places, self._certificates.identity))

    async def _changed(self) -> None:
        """A file has become another."""
        try:
            changeable = await asyncio.to_thread(read, self._config)
            if changeable != self._changeable:
                self._changeable = changeable
                self._auth.replace(changeable.users, changeable.secrets)
                await self._names.replace(changeable.peers)
                logger.info("= %s: %d peers, %d users", self._config.file, len(changeable.peers), len(changeable.users))
        except Unusable as error:
            logger.error("! %s; what was before stays good", error)
        if self._certificates:
            self._renew(self._certificates)

    def _renew(self, certificates: Certificates) -> None:
        try:
            certificates.load()
        except Unusable as error:
            logger.error("! %s; the certificate stays what it was", error)
            return
        for listener in self.gateway.listeners:
            if isinstance(listener, DtlsListener):
                listener.renew()

    def _own_ports(self) -> list[int]:
        config = self._config
        services = [config.metrics_port, config.health_port]
        return [*(bound.sock.getsockname()[1] for bound in self._bound), *(port for port in services if port)]


def limits_of(config: Config) -> Limits:
    """What the relay gives."""
    return Limits(
        allocations=config.max_allocations,
        allocations_per_user=config.user_allocations,
        max_lifetime=config.max_lifetime,
        unauthenticated_rate=config.stranger_rate,
        unauthenticated_burst=config.stranger_rate * STRANGERS_AT_ONCE,
        bytes_per_second=config.allocation_kbps * KBIT,
    )


def relay_addresses(config: Config) -> dict[int, str]:
    """The host of relay addresses, by family: as configured, or where clients come in, or the one that is routed.

    Raises ValueError.
    """
    if config.relay_address:
        return addresses_of(config.relay_address)
    found: dict[int, str] = {}
    for host in config.host:
        address = routed_address(family_of(host)) if host in WILDCARDS else host
        if address:
            found.setdefault(family_of(host), address)
    return found or LOOPBACK


def own_hosts(relays: Sequence[str] | Any) -> set[str]:
    """All addresses of this machine."""
    hosts = set(relays)
    for adapter in ifaddr.get_adapters():
        hosts.update(str(ip.ip) if ip.is_IPv4 else str(ip.ip[0]) for ip in adapter.ips)
    return hosts


def raise_file_limit() -> None:
    """Every allocation has a socket, so allow as many files as the system lets us."""
    with suppress(OSError, ValueError):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def log_failure(task: asyncio.Task[Any]) -> None:
    """A done callback: put the exception of a task that nobody awaits into the log."""
    if not task.cancelled() and (failure := task.exception()):
        logger.error("! %s failed", task.get_name(), exc_info=failure)
