"""The texts of the requests' contract, and all others."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.room.errors import RequestError
from worker.room.wire import requests
from worker.room.wire.requests import MAX_REQUEST_BYTES, REQUESTS_PER_SECOND, RequestRate, decode

GOOD: list[tuple[str, requests.Request]] = [
    ('{"type":"pause","paused":true}', requests.Pause(paused=True)),
    ('{"type":"reset"}', requests.Reset()),
    ('{"type":"speed","factor":4}', requests.Speed(factor=4)),
    ('{"type":"rewind","on":false}', requests.Rewind(on=False)),
    ('{"type":"save","slot":0}', requests.Save(slot=0)),
    ('{"type":"load","slot":10}', requests.Load(slot=10)),
    ('{"type":"load","slot":3,"version":"v"}', requests.Load(slot=3, version="v")),
    ('{"type":"list_saves"}', requests.ListSaves()),
    ('{"type":"delete_save","slot":9,"version":"v"}', requests.DeleteSave(slot=9, version="v")),
    ('{"type":"export","what":"battery"}', requests.Export(what="battery")),
    ('{"type":"export","what":"state","slot":1}', requests.Export(what="state", slot=1)),
    (
        '{"type":"import","what":"state","size":9,"name":"a.state"}',
        requests.Import(what="state", size=9, name="a.state"),
    ),
]
BAD = [
    "",
    "null",
    "[]",
    "{",
    '{"type":"fly"}',
    '{"type":"pause"}',
    '{"type":"pause","paused":1}',
    '{"type":"pause","paused":true,"more":1}',
    '{"type":"speed","factor":3}',
    '{"type":"save","slot":10}',
    '{"type":"save","slot":-1}',
    '{"type":"load","slot":11}',
    '{"type":"load","slot":"1"}',
    '{"type":"load","slot":1,"version":"' + "v" * 101 + '"}',
    '{"type":"export","what":"rom"}',
    '{"type":"import","what":"state","size":0}',
    '{"type":"reset"}' + " " * MAX_REQUEST_BYTES,
    '{"type":"import","what":"state","size":1,"name":"\ud800"}',
]


@pytest.mark.parametrize(("text", "request_"), GOOD, ids=lambda value: str(value)[:30])
def test_the_contract_s_texts_are_requests(text: str, request_: requests.Request) -> None:
    assert decode(text) == request_
    assert requests.kind(request_) == json.loads(text)["type"]


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(RequestError, match=r"^The .* Reload the page\.$"):
        decode(text)


@given(
    st.text(max_size=200)
    | st.fixed_dictionaries(
        {"type": st.sampled_from([requests.kind(request) for _, request in GOOD])},
        optional={
            name: st.none()
            | st.booleans()
            | st.integers()
            | st.text(max_size=9)
            | st.sampled_from(["state", "battery"])
            for name in ("paused", "factor", "on", "slot", "version", "what", "size", "name")
        },
    ).map(json.dumps)
)
def test_any_text_is_a_request_or_refused(text: str) -> None:
    try:
        request = decode(text)
    except RequestError:
        return
    assert decode(msgspec.json.encode(request).decode()) == request


def test_a_burst_is_let_through_and_a_flood_is_not() -> None:
    rate = RequestRate(0.0)
    assert [rate.allow(0.0) for _ in range(REQUESTS_PER_SECOND + 1)] == [True] * REQUESTS_PER_SECOND + [False]
    assert rate.allow(1.5 / REQUESTS_PER_SECOND)
    assert not rate.allow(1.5 / REQUESTS_PER_SECOND)
    assert sum(rate.allow(100.0) for _ in range(100)) == REQUESTS_PER_SECOND
