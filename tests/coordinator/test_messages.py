"""The signalling messages: the shared vectors both ways, and whatever else may come in their place."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from coordinator import messages
from coordinator.messages import (
    MAX_DETAIL,
    MAX_MESSAGE_BYTES,
    Candidate,
    Game,
    Leave,
    MessageError,
    encode,
)

VECTORS = json.loads((Path(__file__).parents[1] / "wire" / "vectors.json").read_text())["messages"]

DECODERS = {
    "player_message": messages.decode_player_message,
    "player_event": messages.decode_player_event,
    "worker_message": messages.decode_worker_message,
    "worker_command": messages.decode_worker_command,
}

UNIONS = {
    "player_message": messages.PlayerMessage,
    "player_event": messages.PlayerEvent,
    "worker_message": messages.WorkerMessage,
    "worker_command": messages.WorkerCommand,
}

MANY_DELAYS = json.dumps({f"r{number}": number for number in range(33)})

SHORT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
"""JSON text can't hold half a surrogate pair."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | SHORT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(SHORT, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_vectors_are_read_and_written_again(vector):
    message = DECODERS[vector["union"]](json.dumps(vector["json"]))

    assert json.loads(encode(message)) == vector["json"]
    assert DECODERS[vector["union"]](encode(message).encode()) == message


def test_every_message_of_a_browser_has_a_vector():
    shown = {(vector["union"], vector["json"]["type"]) for vector in VECTORS}

    for union in ("player_message", "player_event"):
        for struct in UNIONS[union].__args__:
            assert (union, struct.__struct_config__.tag) in shown


@pytest.mark.parametrize("union", DECODERS)
@given(junk=st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_message_error(union, junk):
    assert_message_or_error(union, junk)


@pytest.mark.parametrize("union", DECODERS)
@given(junk=st.text(max_size=200))
def test_any_text_is_a_message_or_a_message_error(union, junk):
    assert_message_or_error(union, junk)


@pytest.mark.parametrize("union", DECODERS)
@given(data=st.data())
def test_any_fields_of_a_known_type_are_a_message_or_a_message_error(union, data):
    struct = data.draw(st.sampled_from(UNIONS[union].__args__))
    fields = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(struct.__struct_fields__, JSON)))

    assert_message_or_error(union, json.dumps({"type": struct.__struct_config__.tag, **fields}))


@pytest.mark.parametrize("union", DECODERS)
@given(data=st.data())
def test_a_message_comes_out_as_it_went_in(union, data):
    struct = data.draw(st.sampled_from(UNIONS[union].__args__))
    message = data.draw(st.builds(struct, **fields_of(struct)))

    assert DECODERS[union](encode(message)) == message


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", ""),
        ("[]", ""),
        ("{}", "type"),
        ('{"type": "fly"}', "type"),
        ('{"type": "start", "game": "3f2a"}', "offer"),
        ('{"type": "start", "game": "", "offer": "v=0"}', "game"),
        ('{"type": "start", "game": "3f2a", "offer": "v=0", "scale": 5}', "scale"),
        ('{"type": "start", "game": "3f2a", "offer": "v=0", "delays": {"east": -1}}', "delays"),
        ('{"type": "start", "game": "3f2a", "offer": "v=0", "delays": {"east": 60001}}', "delays"),
        ('{"type": "start", "game": "3f2a", "offer": "v=0", "delays": {"east": 1e999}}', ""),
        ('{"type": "start", "game": "3f2a", "offer": "v=0", "delays": {"east": NaN}}', ""),
        ('{"type": "start", "game": "3f2a", "offer": "v=0", "delays": {"": 1}}', "delays"),
        ('{"type": "start", "game": "3f2a", "offer": "v=0", "region": "' + "x" * 65 + '"}', "region"),
        ('{"type": "join", "room": "r", "offer": "v=0", "delays": ' + MANY_DELAYS + "}", "delays"),
        ('{"type": "started"}', "type"),
        ('{"type": "leave", "why": ' + "[" * 100_000, ""),
        (b'{"type": "\xff"}', ""),
    ],
)
def test_the_error_says_what_is_wrong(text, field):
    with pytest.raises(MessageError) as caught:
        messages.decode_player_message(text)

    reason = str(caught.value.__cause__)[:MAX_DETAIL]  # the library's, in whatever words
    assert reason
    assert field in reason
    assert str(caught.value) == f"not a message that may be sent here: {reason}"


def test_an_unknown_field_is_ignored():
    assert messages.decode_player_message('{"type": "leave", "why": "dinner"}') == Leave()


def test_a_message_is_read_up_to_the_limit_and_not_beyond():
    padding = " " * (MAX_MESSAGE_BYTES - len('{"type":"leave"}'))

    assert messages.decode_player_message('{"type":"leave"}' + padding) == Leave()
    with pytest.raises(MessageError, match="longer than"):
        messages.decode_player_message('{"type":"leave"}' + padding + " ")


def test_the_error_does_not_repeat_all_that_was_sent():
    with pytest.raises(MessageError) as caught:
        messages.decode_player_message(json.dumps({"type": "x" * 10_000}))

    assert len(str(caught.value)) < MAX_DETAIL + 100


@pytest.mark.parametrize("secret", ["short", "x" * 513, "sixteen or more..\n"])
@pytest.mark.parametrize(
    "message", [{"type": "register", "name": "a", "capacity": 1, "games": []}, {"type": "gateways"}]
)
def test_a_secret_that_no_gateway_has_is_refused_and_not_repeated(message, secret):
    with pytest.raises(MessageError, match="turn_secret") as caught:
        messages.decode_worker_message(json.dumps({**message, "gateways": [], "turn_secret": secret}))

    assert secret not in str(caught.value)


def test_a_secret_is_in_no_messages_repr():
    secret = "sixteen or more.."
    shown = messages.Register(name="box", capacity=1, games=(), turn_secret=secret)
    changed = messages.Gateways(gateways=("turn:a",), turn_secret=secret)

    assert (repr(shown), repr(changed)) == ("Register('box')", "Gateways(('turn:a',))")


def assert_message_or_error(union, frame):
    try:
        message = DECODERS[union](frame)
    except MessageError:
        return
    assert isinstance(message, UNIONS[union])


def texts(minimum, maximum):
    return st.text(st.characters(exclude_categories=["Cs"]), min_size=minimum, max_size=min(maximum, 40))


GAMES = st.builds(Game, id=texts(1, 128), title=texts(1, 128), system=texts(1, 128))
CANDIDATES = st.builds(
    Candidate,
    candidate=texts(0, 1024),
    sdpMid=st.none() | texts(0, 64),
    sdpMLineIndex=st.none() | st.integers(0, 64),
)
SERVERS = st.builds(
    messages.IceServer, urls=st.lists(texts(0, 60)).map(tuple), username=texts(0, 60), credential=texts(0, 60)
)
LISTED = st.builds(
    messages.ListedRoom,
    room=texts(1, 60),
    game=GAMES,
    players=st.integers(0, 4),
    watching=st.integers(0, 12),
    free_seats=st.integers(0, 4),
)
GATEWAYS = st.lists(st.from_regex(messages.GATEWAY_URL, fullmatch=True), max_size=3).map(tuple)
REGIONS = st.builds(messages.Region, name=texts(1, 64), gateways=GATEWAYS, full=st.booleans())
PEOPLE = st.builds(
    messages.Person, id=texts(1, 12), name=texts(1, 24), seat=st.none() | st.integers(0, 3), here=st.booleans()
)
SHARES = st.floats(0, 1)
FIGURES = st.builds(
    messages.RoomFigures,
    room=texts(1, 60),
    fps=st.floats(0, 1000),
    late=SHARES,
    encode_ms=st.floats(0, 60_000),
    rtt_ms=st.none() | st.floats(0, 60_000),
    loss=st.none() | SHARES,
)
SPECIAL = {
    "scale": st.integers(1, 4),
    "seat": st.integers(0, 3),
    "capacity": st.integers(1, 10_000),
    "game": texts(1, 128),
    "games": st.lists(GAMES, max_size=3).map(tuple),
    "ice_servers": st.lists(SERVERS, max_size=2).map(tuple),
    "candidate": CANDIDATES,
    "relay_only": st.booleans(),
    "token": texts(1, 60),
    "profile": st.just(""),
    "name": texts(1, 24),
    "listed": st.booleans(),
    "locked": st.booleans(),
    "watch": st.booleans(),
    "ready": st.booleans(),
    "resume": st.booleans(),
    "superseded": st.booleans(),
    "codec": st.sampled_from(("", "H264", "VP8")),
    "epoch": st.integers(0, 100),
    "holding": st.integers(0, 100),
    "more": st.integers(0, 100_000),
    "room_grace": st.floats(0, 1e6),
    "rooms": st.lists(LISTED, max_size=2).map(tuple),
    "members": st.lists(PEOPLE, max_size=3).map(tuple),
    "offers": st.lists(st.tuples(texts(1, 12), texts(1, 12)), max_size=2).map(tuple),
    "viewers": st.lists(texts(1, 12), max_size=3).map(tuple),
    "turn_secret": st.just("") | st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=16, max_size=40),
    "gateways": GATEWAYS,
    "regions": st.lists(REGIONS, max_size=3).map(tuple),
    "delays": st.dictionaries(texts(1, 64), st.floats(0, 60_000), max_size=3),
}


def fields_of(struct: type[Struct]):
    """Make a strategy for each field, within the contract's limits."""
    fields = {name: SPECIAL.get(name, texts(1, 60)) for name in struct.__struct_fields__}
    if struct is messages.Started:
        return {**fields, "game": GAMES, "member": texts(1, 12)}
    if struct is messages.Figures:
        return {"rooms": st.lists(FIGURES, max_size=3).map(tuple)}
    return fields
