"""Values that several signalling messages are made of, and messages of both contracts."""

from typing import Annotated

from msgspec import Meta, Struct

from coordinator.messages.fields import Count, GatewayUrl, Name, RegionName, Seat, Sentence


class Game(Struct, frozen=True, kw_only=True):
    """One game of the library, as pages show it. ``id`` is a hash of the content, so workers agree on it."""

    id: Name
    title: Name
    system: Name


class IceServer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An ``RTCIceServer`` for the browser."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = ""


class Candidate(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An ``RTCIceCandidateInit``; an empty ``candidate`` ends the candidates."""

    candidate: Annotated[str, Meta(max_length=1024)]
    sdpMid: Annotated[str, Meta(max_length=64)] | None = None  # noqa: N815 (the field's name in the standard)
    sdpMLineIndex: Annotated[int, Meta(ge=0, le=64)] | None = None  # noqa: N815


class Region(Struct, frozen=True, kw_only=True):
    """A place with workers: one of several that a room may be in."""

    name: RegionName
    gateways: tuple[GatewayUrl, ...]
    """ICE URLs of the gateways in front of its workers. Their credentials are in the ICE servers."""
    full: bool
    """Whether no place is free there."""


class ListedRoom(Struct, frozen=True, kw_only=True):
    """A room that anybody may enter from the lobby."""

    room: Name
    game: Game
    players: Count
    watching: Count
    free_seats: Count


class Person(Struct, frozen=True, kw_only=True):
    """A member of a room, as the others see it."""

    id: Name
    name: Name
    seat: Seat | None
    here: bool
    """False while its page is away; its seat is kept for a while."""


# ----- messages of both contracts


class Library(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="library"):
    """The whole library again, because it changed. Also worker -> coordinator, there in parts if it is long."""

    games: tuple[Game, ...]
    more: Count = 0
    """Games that follow in the worker's next ``library``: it takes the place of the one before when none does."""


class Refused(Struct, frozen=True, kw_only=True, tag="refused"):
    """A request of a browser or a worker can't be fulfilled. ``code`` is for programs.

    A page that plays goes on playing: only a ``start``, ``join`` or ``back`` ends with it.
    """

    code: Name
    message: Sentence
