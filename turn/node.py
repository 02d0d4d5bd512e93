"""One process of the gateway: relay, sockets, resolver and changes while running, put together.

It decides nothing. Binding the sockets and serving HTTP is left to server.py and processes.py.
"""

import asyncio
import logging
import resource
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import ifaddr

from turn.config import Config
from turn.gateway.dtls import DtlsListener
from turn.gateway.gateway import Gateway
from turn.gateway.listener import ConnectionLimit
from turn.gateway.ports import RelayPorts, addresses_of, routed_address
from turn.gateway.sockets import WILDCARDS, BoundSocket
from turn.gateway.tcp import TcpListener
from turn.http.metrics import Figure, figures_of
from turn.relay.auth import Auth
from turn.relay.limits import Limits
from turn.relay.policy import Policy
from turn.relay.server import Relay
from turn.reload import Certificates, LiveSettings, UnusableFileError, follow, read_settings
from turn.resolver import Resolver
from turn.tasks import BackgroundTasks
from turn.wire.attributes import IPV4, family_of

logger = logging.getLogger(__name__)

KBIT: Final = 1000 / 8
"""Bytes per kilobit."""

STRANGERS_AT_ONCE: Final = 5.0
"""Seconds' worth of requests of a burst: all players behind one address may come back at the same moment."""

LOOPBACK: Final = {IPV4: "127.0.0.1"}
"""Relay addresses of a machine without any network."""


class Node:
    """A gateway that runs, and follows what changes."""

    def __init__(self, config: Config, bound: Sequence[BoundSocket], nonce_key: bytes) -> None:
        """Read files and addresses, and serve no client yet. Raises UnusableFileError, ValueError."""
        raise_file_limit()
        self._config = config
        self._bound = bound
        self._settings = read_settings(config)
        self._certificates = Certificates(config.certificate, config.key) if config.certificate and config.key else None
        addresses = relay_addresses(config)
        self._policy = Policy()
        self._auth = Auth(
            config.realm,
            users=self._settings.users,
            secrets=self._settings.secrets,
            nonce_key=nonce_key,
        )
        relay = Relay(self._auth, self._policy, limits=limits_of(config))
        self.gateway = Gateway(relay, RelayPorts(addresses, *config.relay_port_range))
        self.connection_limit = ConnectionLimit(config.max_connections, config.idle_seconds)
        self._resolver = Resolver(self._policy, self.gateway.policy_changed)
        self._tasks = BackgroundTasks(logger)
        self._policy.set_own_addresses(own_hosts(addresses.values()), self._own_ports())
        logger.info("= relay addresses: %s, ports %s", ", ".join(addresses.values()), config.relay_ports)

    @property
    def settings(self) -> LiveSettings:
        """Return the peers, users and secrets that are good at present."""
        return self._settings

    async def start(self) -> None:
        """Resolve the peers' names, then serve clients and follow files."""
        if not self._settings.peers:
            logger.warning("! no peers are named, so clients can reach nobody: name them with --peers, or in the file")
        await self._resolver.replace(self._settings.peers)
        for bound in self._bound:
            self._listen(bound)
        config = self._config
        paths = [path for path in (config.file, config.certificate, config.key) if path]
        self._tasks.spawn(self._resolver.run(), "names")
        self._tasks.spawn(follow([Path(path) for path in paths], self._reload), "files")

    def figures(self) -> list[Figure]:
        """Return the figures for the metrics."""
        return figures_of(self.gateway, self.connection_limit)

    async def close(self) -> None:
        """End everything at once."""
        await self._tasks.close()
        await self.gateway.close()

    def _listen(self, bound: BoundSocket) -> None:
        gateway = self.gateway
        handlers = gateway.handle_message, gateway.client_gone
        if bound.protocol == "udp":
            gateway.listen_udp(bound.sock)
        elif bound.protocol == "tcp":
            gateway.listen(TcpListener(bound.sock, *handlers, self.connection_limit))
        elif self._certificates and bound.protocol == "tls":
            gateway.listen(TcpListener(bound.sock, *handlers, self.connection_limit, self._certificates.context))
        elif self._certificates:
            gateway.listen(DtlsListener(bound.sock, *handlers, self.connection_limit, self._certificates.identity))

    async def _reload(self) -> None:
        """Read the files again, after one has become another."""
        try:
            settings = await asyncio.to_thread(read_settings, self._config)
            if settings != self._settings:
                self._settings = settings
                self._auth.replace(settings.users, settings.secrets)
                await self._resolver.replace(settings.peers)
                logger.info("= %s: %d peers, %d users", self._config.file, len(settings.peers), len(settings.users))
        except UnusableFileError as error:
            logger.error("! %s; what was before stays good", error)
        if self._certificates:
            self._renew(self._certificates)

    def _renew(self, certificates: Certificates) -> None:
        try:
            certificates.load()
        except UnusableFileError as error:
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
    """Return the relay's limits as the settings have them."""
    return Limits(
        allocations=config.max_allocations,
        allocations_per_user=config.user_allocations,
        max_lifetime=config.max_lifetime,
        unauthenticated_rate=config.stranger_rate,
        unauthenticated_burst=config.stranger_rate * STRANGERS_AT_ONCE,
        bytes_per_second=config.allocation_kbps * KBIT,
    )


def relay_addresses(config: Config) -> dict[int, str]:
    """Choose the host of relay addresses, by family: as configured, or that of a listener, or the one that is routed.

    Raises ValueError with a sentence if one can't be used.
    """
    if config.relay_address:
        return addresses_of(config.relay_address)
    found: dict[int, str] = {}
    for host in config.host:
        address = routed_address(family_of(host)) if host in WILDCARDS else host
        if address:
            found.setdefault(family_of(host), address)
    return found or LOOPBACK


def own_hosts(relays: Iterable[str]) -> set[str]:
    """Collect all addresses of this machine, relay addresses among them."""
    hosts = set(relays)
    for adapter in ifaddr.get_adapters():
        hosts.update(str(ip.ip) if ip.is_IPv4 else str(ip.ip[0]) for ip in adapter.ips)
    return hosts


def raise_file_limit() -> None:
    """Allow as many open files as the system lets us, because every allocation has a socket."""
    with suppress(OSError, ValueError):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
