"""The gateway's settings: from the environment, or as options of ``coinop turn``.

Built once at the edge and passed down. What may change while the gateway runs (peers, users, secrets) can also stand in
a file, which reload.py reads and follows. Setting the log up is left to the command line.
"""

import json
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, CliSuppress, NoDecode, SettingsConfigDict

from turn.relay import peer_rules
from turn.relay.auth import MAX_REALM
from turn.relay.limits import MIN_LIFETIME

MIN_SECRET_LENGTH = 16
"""Whoever has one user name and password can try secrets against it as fast as he likes."""

SECRET_SENTENCE = (
    f"set COINOP_TURN_SECRET to a secret of at least {MIN_SECRET_LENGTH} characters, the same for the coordinator and"
    " its gateways; this makes one: python3 -c 'import secrets; print(secrets.token_urlsafe(24))'"
)

PREFIX = "COINOP_TURN_"

HANDED_DOWN = f"{PREFIX}HANDED_DOWN"
"""Set for the processes of a gateway that has several, by the one that starts them: see server.py."""

List = Annotated[tuple[str, ...], NoDecode]
"""Words with commas between them, or JSON."""


class Config(BaseSettings):
    """Relay between browsers and workers: the only public media port."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        hide_input_in_errors=True,  # a secret that is too short is still a secret
        populate_by_name=True,
    )

    host: List = Field(
        ("0.0.0.0", "::"),
        description="addresses to listen on, with commas between; on a machine with several, name them: an answer from"
        " 0.0.0.0 leaves by the address that is routed",
    )
    port: int = Field(3478, ge=0, le=65535, description="port to listen on, UDP and TCP; 0 for any that is free")
    tcp: bool = Field(True, description="also listen on TCP")
    tls_port: int = Field(5349, ge=0, le=65535, description="port for TLS and DTLS, where there is a certificate")
    certificate: Path | None = Field(None, description="PEM file with the certificate and its chain, for TLS and DTLS")
    key: Path | None = Field(None, description="PEM file with the certificate's key")
    processes: int = Field(1, ge=1, le=64, description="how many processes share the ports, one for each processor")
    peers: List = Field((), description="who may be reached, and nobody else: names, addresses, CIDRs, with ports")
    # Not shown as options: a command line can be read by everybody on the machine.
    secret: CliSuppress[SecretStr] = Field(
        SecretStr(""), description="secret of time-limited credentials; commas between several that are all good"
    )
    users: CliSuppress[dict[str, SecretStr]] = Field(
        default_factory=dict, description="passwords of users that are not limited in time, by name"
    )
    file: Path | None = Field(None, description="TOML or JSON file with peers, users, secrets; followed while running")
    realm: str = Field("coinop", min_length=1, max_length=MAX_REALM, description="realm of the credentials")
    relay_address: tuple[str, ...] = Field(
        (),
        description="address of this machine that peers see, one of each family, or a name of it; by default the one"
        " that is routed",
    )
    relay_ports: str = Field("49152-65535", description="UDP ports that peers see")
    max_allocations: int = Field(10_000, ge=1, description="allocations at a time, of each process")
    user_allocations: int = Field(0, ge=0, description="allocations of a user at a time, per process; 0 for any number")
    max_lifetime: float = Field(3600, ge=MIN_LIFETIME, description="seconds that an allocation gets without a refresh")
    allocation_kbps: int = Field(0, ge=0, description="most kilobits per second of an allocation; 0 for any number")
    stranger_rate: int = Field(
        50,
        ge=0,
        description="requests per second without (good) credentials that a source is answered over UDP, and wrong"
        " credentials by any transport, in each process; five times as many at once; 0 for any number",
    )
    max_connections: int = Field(4000, ge=1, description="TCP, TLS and DTLS connections at a time, of each process")
    idle_seconds: float = Field(30, gt=0, description="seconds after which a connection without allocation is closed")
    grace_seconds: float = Field(3600, ge=0, description="seconds that allocations are served on after SIGTERM")
    internal_host: str = Field("127.0.0.1", description="address for /metrics, /live, /ready, /status and REST")
    metrics_port: int = Field(8080, ge=0, le=65535, description="TCP port for /metrics; 0 for any that is free")
    health_port: int = Field(8086, ge=0, le=65535, description="TCP port for /live, /ready, /status, REST; 0 as above")
    rest: bool = Field(False, description="also issue credentials over HTTP, on the health port; needs a secret")
    rest_key: CliSuppress[SecretStr] = Field(SecretStr(""), description="API key that applications show for them")
    rest_host: str = Field("", description="name or address of the gateway in what REST answers")
    log_format: Literal["text", "json"] = Field("text", description="text for people, or one JSON object per line")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level that is logged")

    @field_validator("host", "peers", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Commas, as people write lists into the environment, or JSON, as other settings have it."""
        if not isinstance(value, str):
            return value
        if value.lstrip().startswith("["):
            try:
                return tuple(json.loads(value))
            except (ValueError, TypeError):
                pass  # an IPv6 address in brackets, or what the next validator complains about
        return tuple(part.strip() for part in value.split(",") if part.strip())

    @field_validator("host")
    @classmethod
    def _are_addresses(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(str(ip_address(host)) for host in hosts)
        except ValueError as error:
            raise ValueError("must be IP addresses, such as 0.0.0.0,:: for all") from error

    @field_validator("peers")
    @classmethod
    def _are_peers(cls, listed: tuple[str, ...]) -> tuple[str, ...]:
        for peer in listed:
            peer_rules.parse(peer)
        return listed

    @field_validator("secret")
    @classmethod
    def _are_secrets(cls, secret: SecretStr) -> SecretStr:
        if any(len(part) < MIN_SECRET_LENGTH for part in split_secrets(secret)):
            raise ValueError(SECRET_SENTENCE)
        return secret

    @field_validator("users")
    @classmethod
    def _are_users(cls, users: dict[str, SecretStr]) -> dict[str, SecretStr]:
        if not all(name and password.get_secret_value() for name, password in users.items()):
            raise ValueError("a user has to have a name and a password")
        return users

    @field_validator("relay_address")
    @classmethod
    def _are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(peer_rules.is_host, hosts)):
            raise ValueError("must be addresses or host names of this machine, such as 10.0.0.2")
        return hosts

    @field_validator("relay_ports")
    @classmethod
    def _is_a_range(cls, ports: str) -> str:
        first, last = _range(ports)
        if not 1024 <= first <= last <= 65_535:
            raise ValueError("must be a range of ports from 1024 on, such as 49152-65535")
        return ports

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("a certificate needs its key: set both COINOP_TURN_CERTIFICATE and COINOP_TURN_KEY")
        if not (self.users or split_secrets(self.secret) or self.file):
            raise ValueError(f"nobody could use the gateway: {SECRET_SENTENCE}")
        if self.rest and not split_secrets(self.secret):
            raise ValueError(f"REST issues time-limited credentials: {SECRET_SENTENCE}")
        families = [":" in host for host in self.relay_address if peer_rules.is_address(host)]
        if len(set(families)) != len(families):
            raise ValueError("--relay-address may be given once for IPv4 and once for IPv6")
        return self

    @property
    def relay_port_range(self) -> tuple[int, int]:
        """First and last."""
        return _range(self.relay_ports)

    @property
    def secrets(self) -> tuple[str, ...]:
        """All that are good; the first is the one to issue credentials with."""
        return split_secrets(self.secret)

    def environment(self) -> dict[str, str]:
        """The variables that make the same settings in another process."""
        found = {}
        for name in type(self).model_fields:
            value = _plain(getattr(self, name))
            if value is not None:
                found[(PREFIX + name).upper()] = value if isinstance(value, str) else json.dumps(value)
        return found


def split_secrets(secret: SecretStr) -> tuple[str, ...]:
    """The secrets in a setting, without blanks around the commas between them."""
    return tuple(part.strip() for part in secret.get_secret_value().split(",") if part.strip())


def _range(ports: str) -> tuple[int, int]:
    first, _, last = ports.partition("-")
    try:
        return int(first), int(last or first)
    except ValueError:
        return 0, 0


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
