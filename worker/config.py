"""The worker's settings: from the environment, or as options of ``coinop worker``.

Built once at the edge and passed down. Setting the log up by ``log_format`` and ``log_level`` is left to the command
line.
"""

import os
import re
import socket
from ipaddress import IPv6Address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, IPvAnyAddress, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, CliSuppress, SettingsConfigDict

from coordinator.messages import TURN_SECRET
from worker.runtime.procfs import available_cpus
from worker.sandbox import Mode

ROOMS_PER_CPU = 6
"""A room of an 8- or 16-bit game costs up to 8 % of a processor; six leave half of it for the slow moments."""

LINK_PATH = "/ws/worker"
"""Where a coordinator takes its workers' connections."""

MAX_GATEWAYS = 16
"""What the coordinator takes of one worker."""

LAST_PORT = 65_535

MIN_TOKEN = 16
"""The coordinator takes no shorter one."""

SECRET_SENTENCE = "must be the gateway's secret, of 16 to 512 characters, or be left out"

GATEWAY_SENTENCE = (
    "must be ICE URLs such as turn:gateway.example:3478?transport=udp, turns:gateway.example:5349?transport=tcp or "
    "stun:gateway.example:3478 (which takes no transport), with {host} for the name that is the page's too"
)

STORE_SCHEMES = ("file", "s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl")
"""A store has to create objects that nobody has created before; plain web servers can't."""

STORE_SENTENCE = (
    "must be a URL such as s3://bucket/folder, gs://bucket/folder, az://account/container/folder or file:///folder"
)

_GATEWAY = re.compile(
    r"(?P<scheme>stun|turns?):(?:[A-Za-z0-9._-]{1,200}|\{host\}|\[(?P<ipv6>[0-9A-Fa-f:.]{2,45})\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<transport>\?transport=(?:udp|tcp))?"
)
_CLUSTER_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_WEBSOCKET_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


def own_games() -> Path:
    """Find the folder of the games that coinop brings along: in the installed wheel, or in the checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "games"
    return installed if installed.is_dir() else package.parent / "games"


def _data_folder(name: str) -> Path:
    # XDG Base Directory: an empty or relative $XDG_DATA_HOME counts as unset
    home = Path(os.environ.get("XDG_DATA_HOME", ""))
    return (home if home.is_absolute() else Path.home() / ".local/share") / "coinop" / name


def _host_name() -> str:
    return socket.gethostname()[:128] or "worker"


class Config(BaseSettings):
    """Run games on this machine for a coordinator."""

    model_config = SettingsConfigDict(
        env_prefix="COINOP_WORKER_",
        frozen=True,
        hide_input_in_errors=True,  # a token that is too short is still a secret
        populate_by_name=True,
    )

    coordinator: str = Field("http://127.0.0.1:8000", description="URL of the coordinator, http or https")
    # Not shown as an option: a command line can be read by everybody on the machine.
    token: CliSuppress[SecretStr] = Field(
        min_length=MIN_TOKEN,
        description="a secret that the coordinator has in COINOP_WORKER_TOKEN; of several, with commas, the first",
    )
    name: str = Field(
        default_factory=_host_name, min_length=1, max_length=128, description="what this worker is called"
    )
    region: str = Field(
        "", max_length=64, description="where this worker is, such as eu-west; main if empty; players get the closest"
    )
    capacity: int = Field(
        default_factory=lambda: min(10_000, ROOMS_PER_CPU * available_cpus()),
        ge=1,
        le=10_000,
        description=f"how many rooms may be open at a time; {ROOMS_PER_CPU} for each processor by default",
    )
    games: tuple[Path, ...] = Field(
        default_factory=lambda: (own_games(),), description="folder with game files; may be repeated"
    )
    wheel_games: bool = Field(True, description="also offer the game of the stable-retro wheel, if that is installed")
    cores: tuple[Path, ...] = Field((), description="folder with libretro cores, searched first; may be repeated")
    standard_cores: bool = Field(True, description="also search the system's, RetroArch's and stable-retro's folders")
    core_overrides: dict[str, str] = Field(
        default_factory=dict,
        description="which core plays which files: a file pattern, a folder or an extension, to the name of a core",
    )
    core_options: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="core options that differ from their defaults: the name of a core or a file pattern, to options",
    )
    standalone: tuple[str, ...] = Field((), description="core that is a game itself and needs no file; may be repeated")
    saves: Path = Field(
        default_factory=lambda: _data_folder("saves"), description="folder for what cores write, and for the store"
    )
    store: str = Field(
        "",
        description="URL of the object store for saves and snapshots, such as s3://bucket/folder, gs://bucket or"
        " az://account/container; the folder `store` in the saves folder by default",
    )
    # Not shown as an option: credentials are among them.
    store_options: CliSuppress[dict[str, SecretStr]] = Field(
        default_factory=dict,
        description="settings of the store, such as endpoint and region, that are not in its usual variables",
    )
    store_plain_http: bool = Field(False, description="allow a store whose endpoint is http, without TLS")
    snapshot_days: int = Field(
        7, ge=1, le=3650, description="days after which the snapshot of a room that nobody came back to is deleted"
    )
    system: Path = Field(
        default_factory=lambda: _data_folder("system"), description="folder with BIOS files, for cores that need some"
    )
    addresses: tuple[IPvAnyAddress, ...] = Field(
        (), description="local address that browsers may reach rooms at, all by default; may be repeated"
    )
    gateways: tuple[str, ...] = Field(
        (),
        max_length=MAX_GATEWAYS,
        description="ICE URL of the gateway in front of this worker, such as turn:gateway.example:3478?transport=udp;"
        " {host} stands for the host by which a browser reached the page; may be repeated",
    )
    gateway_service: str = Field(
        "",
        description="in Kubernetes: the Service in front of the gateway, as NAME or NAMESPACE/NAME, whose address is"
        " announced as soon as it has one; a port for TLS or DTLS is named `tls` or `dtls`. The service account needs"
        " list and watch on services, and, where there is no load balancer, list on nodes",
    )
    # Not shown as an option: the downward API sets it.
    pod_name: CliSuppress[str] = Field(
        "",
        validation_alias="POD_NAME",
        description="in Kubernetes: the worker's pod (metadata.name, by the downward API), whose deletion cost is kept"
        " at the number of its seated players; the service account needs patch on pods/status",
    )
    # Not shown as an option: a command line can be read by everybody on the machine.
    turn_secret: CliSuppress[SecretStr] = Field(
        SecretStr(""),
        validation_alias="COINOP_TURN_SECRET",
        description="that gateway's secret, for the coordinator to make players' credentials with; of several, with"
        " commas, the first; without one, the coordinator uses its own",
    )
    drain_seconds: float = Field(
        20.0,
        ge=0,
        le=3600,
        description="seconds for rooms to be moved to other workers when this one is told to end (SIGTERM); what is"
        " left then is stored and goes on where there is a place later",
    )
    max_kbps: int = Field(6000, ge=100, le=100_000, description="most kilobits per second for one viewer's picture")
    sandbox: Mode = Field(
        Mode.AUTO,
        description="what games may do on this machine: auto keeps them from all that this system can keep them from,"
        " require plays nothing where that is not all, off keeps them from nothing",
    )
    metrics_host: str = Field("127.0.0.1", description="address to serve /metrics, /live and /ready on")
    metrics_port: int = Field(8001, ge=0, le=65535, description="TCP port for them; 0 for any that is free")
    log_format: Literal["text", "json"] = Field("text", description="text for people, or one JSON object per line")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level that is logged")

    @field_validator("coordinator")
    @classmethod
    def _is_a_url(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            usable = parts.scheme in _WEBSOCKET_SCHEMES and parts.hostname and parts.port != 0
        except ValueError:  # from urlsplit, or from the port
            usable = False
        if not usable:
            raise ValueError("must be a URL such as https://arcade.example or http://127.0.0.1:8000")
        if parts.username or parts.password:
            raise ValueError("must be a URL without user name and password: the token is what counts")
        return url

    @field_validator("games", "cores", "saves", "system")
    @classmethod
    def _expand_home(cls, value: Path | tuple[Path, ...]) -> Path | tuple[Path, ...]:
        if isinstance(value, Path):
            return value.expanduser().absolute()
        return tuple(path.expanduser().absolute() for path in value)

    @field_validator("gateways")
    @classmethod
    def _are_ice_urls(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        # A browser that is given one wrong URL makes no connection at all, so this is stricter than the message.
        if not all(map(is_ice_url, urls)):
            raise ValueError(GATEWAY_SENTENCE)
        return urls

    @field_validator("gateway_service", "pod_name")
    @classmethod
    def _is_a_name(cls, name: str, info: ValidationInfo) -> str:
        parts = name.split("/", 1) if name and info.field_name == "gateway_service" else [name]
        if name and not all(map(_CLUSTER_NAME.fullmatch, parts)):
            raise ValueError("must be the name of an object in Kubernetes: small letters, digits, hyphens and dots")
        return name

    @field_validator("token")
    @classmethod
    def _is_long_enough(cls, token: SecretStr) -> SecretStr:
        if len(_first(token)) < MIN_TOKEN:
            raise ValueError(f"must have at least {MIN_TOKEN} characters before the first comma")
        return token

    @field_validator("turn_secret")
    @classmethod
    def _can_be_announced(cls, secret: SecretStr) -> SecretStr:
        if not re.fullmatch(TURN_SECRET, _first(secret)):
            raise ValueError(SECRET_SENTENCE)
        return secret

    @field_validator("store")
    @classmethod
    def _is_a_store(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            usable = not url or (parts.scheme in STORE_SCHEMES and (parts.netloc or parts.path.startswith("/")))
        except ValueError:
            usable, parts = False, urlsplit("")
        if not usable:
            raise ValueError(STORE_SENTENCE)
        if parts.password or parts.query:
            raise ValueError("must be a URL without password and query: put those into COINOP_WORKER_STORE_OPTIONS")
        return url

    @property
    def own_token(self) -> SecretStr:
        """What this worker shows to register; its cluster's coordinator may have the same variable, with more in it."""
        return SecretStr(_first(self.token))

    @property
    def announced_secret(self) -> str:
        """What the credentials of this worker's gateway are to be made of; empty for what the coordinator has."""
        return _first(self.turn_secret)

    @property
    def store_url(self) -> str:
        """Where saves and snapshots are kept."""
        return self.store or (self.saves / "store").as_uri()

    @property
    def link_url(self) -> str:
        """The coordinator's WebSocket for workers."""
        parts = urlsplit(self.coordinator)
        path = parts.path.rstrip("/").removesuffix(LINK_PATH) + LINK_PATH
        return urlunsplit((_WEBSOCKET_SCHEMES[parts.scheme], parts.netloc, path, "", ""))


def _first(secret: SecretStr) -> str:
    return next((part.strip() for part in secret.get_secret_value().split(",") if part.strip()), "")


def is_ice_url(url: str) -> bool:
    """Tell whether browsers take this as an ICE URL (RFC 7064, RFC 7065)."""
    found = _GATEWAY.fullmatch(url)
    if found is None or (found["scheme"] == "stun" and found["transport"]):
        return False
    if found["ipv6"]:
        try:
            IPv6Address(found["ipv6"])
        except ValueError:
            return False
    return found["port"] is None or 1 <= int(found["port"]) <= LAST_PORT
