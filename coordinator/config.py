"""The coordinator's settings: from the environment, or as options of ``coinop coordinator``.

Built once at the edge and passed down. Setting the log up by ``log_format`` and ``log_level`` is left to the command
line.
"""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, CliSuppress, NoDecode, SettingsConfigDict

MIN_TOKEN_LENGTH = 16
"""A token that is guessed at 1,000 tries a second has to hold for longer than anybody tries."""

TOKEN_SENTENCE = (
    f"set COINOP_WORKER_TOKEN to a secret of at least {MIN_TOKEN_LENGTH} characters, the same for the coordinator and "
    "its workers; this makes one: python3 -c 'import secrets; print(secrets.token_urlsafe(24))'"
)

MIN_SECRET_LENGTH = 16
"""The gateway's own least: one of its credentials is enough to try secrets against it at any rate."""

SECRET_SENTENCE = (
    f"set COINOP_TURN_SECRET to a secret of at least {MIN_SECRET_LENGTH} characters, the same for the coordinator and "
    "its gateways; this makes one: python3 -c 'import secrets; print(secrets.token_urlsafe(24))'"
)

_ORIGIN = re.compile(r"https?://[^/?#@\s]+")


def _default_web_root() -> Path:
    """Find the page's files: beside this module in an installed wheel, beside the package in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "web"
    return installed if installed.is_dir() else package.parent / "web"


class Config(BaseSettings):
    """Serve the page, the library and signalling, and keep the registry of workers."""

    model_config = SettingsConfigDict(
        env_prefix="COINOP_COORDINATOR_",
        frozen=True,
        hide_input_in_errors=True,  # a token that is too short is still a secret
        populate_by_name=True,
    )

    host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 or :: for all")
    port: int = Field(8000, ge=0, le=65535, description="TCP port to listen on; 0 for any that is free")
    # Not shown as an option: a command line can be read by everybody on the machine.
    worker_token: CliSuppress[SecretStr] = Field(
        SecretStr(""),
        validation_alias="COINOP_WORKER_TOKEN",
        description="secret that a worker shows to register; of several, with commas, each is good: one for every"
        " cluster, so that taking it out shuts that cluster out",
    )
    turn_secret: CliSuppress[SecretStr] = Field(
        SecretStr(""),
        validation_alias="COINOP_TURN_SECRET",
        description="secret of the gateways whose workers have none to announce, to make players' credentials with;"
        " of several, with commas, the first",
    )
    turn_ttl: float = Field(
        6 * 3600, ge=60, le=7 * 86400, description="seconds that a player's credentials for the gateway may be used"
    )
    relay_only: bool = Field(False, description="send all media through the gateways; by default, what needs it")
    web_root: Path = Field(default_factory=_default_web_root, description="folder with the page's files")
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="origins whose pages may connect, besides the own page: https://a.example,https://b.example",
    )
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (),
        description="addresses or networks of proxies whose X-Forwarded-For is believed: 10.0.0.2,10.1.0.0/16",
    )
    certificate: Path | None = Field(None, description="PEM file with the certificate chain, to serve https itself")
    key: Path | None = Field(None, description="PEM file with the certificate's key, without a passphrase")
    # Not shown as an option: a command line can be read by everybody on the machine.
    admin_token: CliSuppress[SecretStr] = Field(
        SecretStr(""),
        validation_alias="COINOP_ADMIN_TOKEN",
        description="secret that an operator shows to move rooms and drain workers; without one, nobody can",
    )
    room_grace_seconds: float = Field(
        120.0,
        ge=0,
        le=86_400,
        description="seconds that a room is kept when nobody is in it, for somebody to come back",
    )
    place_wait_seconds: float = Field(
        60.0,
        ge=0,
        le=3600,
        description="seconds that a game whose worker is gone waits for another worker with a free place",
    )
    rooms_per_address: int = Field(
        8, ge=0, description="how many rooms may be open that were started from one address; 0 for any number"
    )
    max_players: int = Field(2000, ge=1, description="how many pages may be connected at a time")
    max_workers: int = Field(500, ge=1, description="how many workers may be connected at a time")
    log_format: Literal["text", "json"] = Field("text", description="text for people, or one JSON object per line")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level that is logged")

    @field_validator("web_root")
    @classmethod
    def _holds_a_page(cls, root: Path) -> Path:
        if not root.is_dir():
            raise ValueError("must be a folder: the one that holds index.html")
        return root

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_ORIGIN.fullmatch(origin) for origin in origins):
            raise ValueError("must be written as https://arcade.example, without a path; commas between several")
        return tuple(origin.lower() for origin in origins)

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _are_networks(cls, listed: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
        """Parse networks; this runs after the split below, as pydantic runs later "before" validators first."""
        try:
            return tuple(ip_network(value) for value in listed)
        except ValueError as error:
            raise ValueError(f"must be addresses or networks such as 10.0.0.2,10.1.0.0/16 ({error})") from error

    @field_validator("allowed_origins", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, listed: object) -> object:
        """Split a list at its commas, as people write lists into the environment."""
        if isinstance(listed, str):
            return tuple(value.strip() for value in listed.split(",") if value.strip())
        return listed

    @field_validator("turn_secret")
    @classmethod
    def _are_secrets(cls, secret: SecretStr) -> SecretStr:
        if any(len(part) < MIN_SECRET_LENGTH for part in _parts(secret)):
            raise ValueError(SECRET_SENTENCE)
        return secret

    @field_validator("admin_token")
    @classmethod
    def _is_long_enough(cls, token: SecretStr) -> SecretStr:
        if 0 < len(token.get_secret_value()) < MIN_TOKEN_LENGTH:
            raise ValueError(f"must have at least {MIN_TOKEN_LENGTH} characters, or be left out")
        return token

    @model_validator(mode="after")
    def _has_both_files(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together: set both for https, or none")
        return self

    @model_validator(mode="after")
    def _has_tokens(self) -> Self:
        if min(map(len, self.worker_tokens), default=0) < MIN_TOKEN_LENGTH:
            raise ValueError(TOKEN_SENTENCE)
        return self

    @property
    def worker_tokens(self) -> list[str]:
        """The tokens of which a worker shows one."""
        return _parts(self.worker_token)

    @property
    def issuing_secret(self) -> str:
        """The secret to make credentials with: the first, as a gateway has it too. Empty if there is none."""
        return next(iter(_parts(self.turn_secret)), "")


def _parts(secret: SecretStr) -> list[str]:
    """Split a setting with several secrets, which are all good while one replaces another."""
    return [part.strip() for part in secret.get_secret_value().split(",") if part.strip()]
