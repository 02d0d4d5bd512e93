"""Credentials for other applications over HTTP, in the form of draft-uberti-behave-turn-rest, and for STUNner's.

``GET /?service=turn&username=NAME&ttl=SECONDS`` answers with user name, password and URIs; ``GET /ice`` with the same
as an RTCConfiguration. Whoever can ask gets in: it is off by default, belongs on an internal port, and can have a key.
"""

import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from aiohttp import web

from turn.wire import credentials
from turn.wire.attributes import text_of
from turn.wire.credentials import Credentials

DEFAULT_TTL: Final = 86_400
MAX_TTL: Final = 7 * 86_400
"""Seconds. What was issued can't be called back but by exchanging the secret."""

MAX_USER_ID: Final = 256
POLICIES: Final = ("all", "public", "relay")

_NO_STORE: Final = {"Cache-Control": "no-store"}


class Rest:
    """The HTTP handlers. ``secret`` gives the one to issue with; empty if there is none."""

    def __init__(self, secret: Callable[[], str], uris: Callable[[], Sequence[str]], key: str = "") -> None:
        self._secret = secret
        self._uris = uris
        self._key = key

    def routes(self) -> list[web.RouteDef]:
        """Both pages."""
        return [web.get("/", self.turn), web.get("/ice", self.ice)]

    async def turn(self, request: web.Request) -> web.Response:
        """``username``, ``password``, ``ttl`` and ``uris``."""
        issued, ttl = self.issue(request.query, _key_of(request))
        answer = {"username": issued.username, "password": issued.password, "ttl": ttl, "uris": list(self._uris())}
        return web.json_response(answer, headers=_NO_STORE)

    async def ice(self, request: web.Request) -> web.Response:
        """An RTCConfiguration."""
        policy = request.query.get("iceTransportPolicy", "all")
        if policy not in POLICIES:
            raise _bad_request(f"iceTransportPolicy has to be one of {', '.join(POLICIES)}")
        issued, _ = self.issue(request.query, _key_of(request))
        server = {"username": issued.username, "credential": issued.password, "urls": list(self._uris())}
        return web.json_response({"iceServers": [server], "iceTransportPolicy": policy}, headers=_NO_STORE)

    def issue(self, query: Mapping[str, str], key: str) -> tuple[Credentials, int]:
        """What was asked for, and for how many seconds it is good. Raises HTTPException."""
        if self._key and not hmac.compare_digest(_bytes(key), self._key.encode()):
            raise web.HTTPUnauthorized(text="Show the API key, as key=... or in the header X-API-Key.\n")
        if query.get("service") != "turn":
            raise _bad_request("service=turn is missing")
        ttl = _ttl(query.get("ttl", ""))
        user = query.get("username", "")
        if len(_bytes(user)) > MAX_USER_ID or not user.isprintable():  # it will be in the gateway's log
            raise _bad_request(f"username may have {MAX_USER_ID} bytes, all of which can be printed")
        if not (secret := self._secret()):
            raise web.HTTPServiceUnavailable(text="The gateway has no secret any more: its file names none.\n")
        return credentials.issue(secret, user, ttl, time.time()), ttl


def uris_for(host: str, listeners: Sequence[tuple[str, int]]) -> list[str]:
    """TURN URIs (RFC 7065) of listeners, given by protocol and port."""
    schemes = {"udp": ("turn", "udp"), "tcp": ("turn", "tcp"), "tls": ("turns", "tcp"), "dtls": ("turns", "udp")}
    seen: dict[str, Any] = {}
    for protocol, port in listeners:
        scheme, transport = schemes[protocol]
        seen[f"{scheme}:{text_of((host, port))}?transport={transport}"] = None
    return list(seen)


def _key_of(request: web.Request) -> str:
    return request.headers.get("X-API-Key", "") or request.query.get("key", "") or request.query.get("api", "")


def _bytes(text: str) -> bytes:
    """Of what HTTP has brought, which need not be UTF-8."""
    return text.encode(errors="surrogateescape")


def _ttl(text: str) -> int:
    if not text:
        return DEFAULT_TTL
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= MAX_TTL and len(text) < 9):
        raise _bad_request(f"ttl has to be a number of seconds, at most {MAX_TTL}")
    return int(text)


def _bad_request(sentence: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=f"{sentence}\n")
