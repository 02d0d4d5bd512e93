"""``coinop secrets --kubernetes``, over HTTP."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from lightkube.resources.core_v1 import Secret

from coinop import cluster, secrets
from coinop.cluster import SECRETS, SecretError, fill
from coinop.secrets import SHARED, Config, missing, serve
from tests.worker.cluster.api import SERVERS, Api, outside, running

RIGHTS = tuple((verb, SECRETS.resource) for verb in SECRETS.verbs)


@pytest.fixture(params=SERVERS)
async def api(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    async with running(request.param, tmp_path, monkeypatch) as found:
        await found.server.allow(*RIGHTS)
        yield found


async def values(api: Api) -> dict[str, str]:
    data = (await api.secret("coinop")).data or {}
    return {name: base64.b64decode(value).decode() for name, value in data.items()}


async def make(api: Api, **data: str) -> None:
    encoded = {name: base64.b64encode(value.encode()).decode() for name, value in data.items()}
    await api.admin.create(Secret.from_dict({"metadata": {"name": "coinop"}, "data": encoded}))


async def run(**settings: str) -> int:
    return await serve(Config(kubernetes="coinop", **settings), asyncio.Event())


async def test_a_secret_that_is_not_there_is_made(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run() == 0

    made = await values(api)
    assert set(made) == set(SHARED)
    assert min(map(len, made.values())) >= 32
    assert len(set(made.values())) == len(made)
    assert capsys.readouterr().out == f"Secret coinop: made {', '.join(SHARED)}\n"


async def test_what_is_there_stays_and_what_is_missing_is_added(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    await make(api, COINOP_TURN_SECRET="the operator's own", OTHER="not ours")

    assert await run() == 0

    made = await values(api)
    assert set(made) == {*SHARED, "OTHER"}
    assert (made["COINOP_TURN_SECRET"], made["OTHER"]) == ("the operator's own", "not ours")
    shown = capsys.readouterr()
    assert "made COINOP_WORKER_TOKEN, COINOP_ADMIN_TOKEN" in shown.out
    assert not any(value in shown.out + shown.err for value in made.values())


async def test_a_second_time_it_changes_nothing(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    await run()
    before = await api.secret("coinop")
    capsys.readouterr()

    assert await run() == 0

    assert await api.secret("coinop") == before
    assert capsys.readouterr().out == "Secret coinop: all are there\n"


async def test_keys_of_an_own_store_go_with_the_workers_settings(api: Api) -> None:
    await make(api, STORE_ACCESS_KEY="of the operator")

    assert await run(store="http://store:7070") == 0

    made = await values(api)
    options = json.loads(made["COINOP_WORKER_STORE_OPTIONS"])
    assert options["access_key_id"] == made["STORE_ACCESS_KEY"] == "of the operator"
    assert options["secret_access_key"] == made["STORE_SECRET_KEY"]


async def test_several_at_once_agree(api: Api) -> None:
    added = await asyncio.gather(*(fill("coinop", missing) for _ in range(4)))

    assert sorted(map(len, added)) == [0, 0, 0, len(SHARED)]
    assert set(await values(api)) == set(SHARED)


async def test_what_somebody_adds_meanwhile_is_not_overwritten(api: Api) -> None:
    await make(api, OTHER="not ours")
    calls = []

    def slow(present: dict[str, str]) -> dict[str, str]:
        calls.append(present)
        return missing(present)

    async def interfere() -> None:
        data = {"COINOP_TURN_SECRET": base64.b64encode(b"somebody else's").decode()}
        await api.admin.patch(Secret, "coinop", {"data": data})

    real = cluster._get

    async def get(client: object, name: str) -> Secret | None:
        found = await real(client, name)  # type: ignore[arg-type]
        if not calls:
            await interfere()
        return found

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(cluster, "_get", get)
        added = await fill("coinop", slow)  # type: ignore[arg-type]

    assert "COINOP_TURN_SECRET" not in added
    assert (await values(api))["COINOP_TURN_SECRET"] == "somebody else's"
    assert len(calls) == 2


async def test_a_missing_right_is_said(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    await api.server.allow()

    assert await run() == 1

    assert "a Role with the verbs get, create, patch on secrets" in capsys.readouterr().err


async def test_a_secret_that_can_t_be_changed_is_said(api: Api) -> None:
    await api.admin.create(Secret.from_dict({"metadata": {"name": "coinop"}, "immutable": True}))

    with pytest.raises(SecretError, match="perhaps because it is immutable"):
        await fill("coinop", missing)


async def test_outside_of_a_cluster_it_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outside(monkeypatch)

    assert await run() == secrets.MISUSED

    assert capsys.readouterr().err.startswith("coinop secrets: --kubernetes works only in a pod")
