"""Any text as user name, nonce and question over HTTP: nobody gets in by it, and it is refused by a sentence."""

from aiohttp import web
from yarl import URL

from turn.http.rest import MAX_TTL, MAX_USER_ID, Rest
from turn.relay.auth import long_term_key, opaque, userhash
from turn.relay.nonces import PASSWORD_ALGORITHMS, Nonces
from turn.wire import credentials
from turn.wire.credentials import MAX_USERNAME, Credentials

SECRET = "a secret that is long enough"
NOW = 1_700_000_000.0
OWNER = "udp 192.0.2.1 1024"
NONCES = Nonces(bytes(16))
OPEN = Rest(lambda: SECRET, list)
CLOSED = Rest(lambda: SECRET, list, key="key")


def one_input(data: bytes) -> None:
    """The same text in every place."""
    text = data.decode(errors="replace")
    as_user(text)
    as_nonce(text)
    as_question(data)


def as_user(text: str) -> None:
    expiry, user = credentials.expiry_of(text), credentials.user_of(text)
    assert (expiry is None) == (user == text)
    assert opaque(opaque(text)) == opaque(text)
    assert len(long_term_key(text, "realm", text, 1)) == 16
    assert len(userhash(text, "realm")) == 32
    try:
        issued = credentials.issue(SECRET, text, 60, NOW)
    except ValueError:
        assert len(text.encode()) > MAX_USERNAME - 12
        return
    assert (credentials.expiry_of(issued.username), credentials.user_of(issued.username)) == (int(NOW) + 60, text)


def as_nonce(text: str) -> None:
    """None that was not made here is good, and one that was is good as it is alone."""
    good = NONCES.make(OWNER, PASSWORD_ALGORITHMS, NOW)
    assert NONCES.is_valid(good, OWNER, PASSWORD_ALGORITHMS, NOW)
    for nonce in (text, good[: len(good) - len(text)] + text, good + text):
        assert nonce == good or not NONCES.is_valid(nonce, OWNER, PASSWORD_ALGORITHMS, NOW)


def as_question(data: bytes) -> None:
    """A query as a browser's URL has it, and one that a client has made by hand."""
    for query in (data.decode("latin-1"), f"service=turn&{data.decode('latin-1')}"):
        url = URL.build(path="/", query_string=query.replace("\r", "").replace("\n", ""), encoded=True)
        ask(OPEN, url)
        ask(CLOSED, url)


def ask(rest: Rest, url: URL) -> None:
    try:
        issued, ttl = rest.issue(url.query, url.query_string)
    except web.HTTPBadRequest as refused:
        said = refused.text
    except web.HTTPUnauthorized as refused:
        said = refused.text
    else:
        assert isinstance(issued, Credentials)
        assert 0 < ttl <= MAX_TTL
        assert len(credentials.user_of(issued.username).encode()) <= MAX_USER_ID
        return
    assert said
