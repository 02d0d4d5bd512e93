"""``/admin/``, through a real server."""

import pytest

from coordinator.messages import Figures, Freeze, Frozen, Leave, OpenRoom, Prepare, Prepared, RoomFigures

ADMIN = "an admin token of some length"


@pytest.fixture
def settings():
    return {"admin_token": ADMIN}


async def ask(arcade, method, path, token=ADMIN):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with arcade.http.request(method, arcade.url(path), headers=headers) as response:
        text = await response.text()
        return response.status, await response.json() if response.content_type == "application/json" else text


async def play(arcade):
    worker, page = await arcade.worker(), await arcade.page()
    await page.start()
    room = (await worker.admit()).room
    page.started = await page.receive()
    return worker, page, room


PATHS = [
    ("GET", "/admin/overview"),
    ("GET", "/admin/rooms"),
    ("GET", "/admin/workers"),
    ("POST", "/admin/rooms/r1/move"),
    ("POST", "/admin/workers/w1/drain"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
class TestToken:
    @pytest.mark.parametrize("token", ["", "wrong", ADMIN[:-1]])
    async def test_without_it_nothing_is_shown_or_done(self, arcade, method, path, token, caplog):
        status, text = await ask(arcade, method, path, token)

        assert status == 401
        assert "COINOP_ADMIN_TOKEN" in text
        assert "turned away" in caplog.text
        assert ADMIN[:-1] not in caplog.text

    async def test_who_has_none_writes_no_lines_into_the_log(self, arcade, method, path, caplog):
        await ask(arcade, method, path.replace("1", "%0Aforged").replace("overview", "overview?%0A"), token="")

        assert len(caplog.text.splitlines()) == 1

    @pytest.mark.parametrize("settings", [{}])
    async def test_while_there_is_none_nothing_is_there(self, arcade, method, path):
        status, _ = await ask(arcade, method, path)

        assert status == 404

    @pytest.mark.parametrize("settings", [{}])
    async def test_an_empty_one_opens_nothing(self, arcade, method, path):
        status, _ = await ask(arcade, method, path, " ")

        assert status == 404


async def test_rooms_and_workers_are_shown(arcade):
    worker, _, room = await play(arcade)

    assert await ask(arcade, "GET", "/admin/rooms") == (
        200,
        {
            "rooms": [
                {
                    "id": room,
                    "game": "Duel",
                    "phase": "open",
                    "worker": worker.id,
                    "epoch": 1,
                    "players": 1,
                    "members": 1,
                    "viewers": 1,
                    "locked": False,
                    "listed": False,
                    "region": "main",
                    "fps": None,
                    "late": None,
                    "encode_ms": None,
                    "rtt_ms": None,
                    "loss": None,
                }
            ]
        },
    )
    status, body = await ask(arcade, "GET", "/admin/workers")
    assert (status, body["workers"][0]["id"], body["workers"][0]["rooms"]) == (200, worker.id, 1)


async def test_all_is_shown_at_one_moment(arcade):
    worker, _, room = await play(arcade)
    await worker.send(Figures(rooms=(RoomFigures(room=room, fps=60.1, rtt_ms=18.5),)))

    while (shown := (await ask(arcade, "GET", "/admin/overview"))[1])["rooms"][0]["fps"] is None:
        pass

    assert shown["pages"] == 1
    assert (shown["workers"][0]["fps"], shown["regions"][0]["rtt_ms"], shown["rooms"][0]["id"]) == (60.1, 18.5, room)


async def test_the_short_address_leads_to_the_page(arcade):
    response = await arcade.get("/admin", allow_redirects=False)

    assert (response.status, response.headers["Location"]) == (302, "admin.html")


async def test_a_room_is_moved_to_another_worker(arcade):
    worker, page, room = await play(arcade)
    other = await arcade.worker()

    status, body = await ask(arcade, "POST", f"/admin/rooms/{room}/move")
    assert (status, body["room"]["phase"]) == (202, "moving")
    assert await other.receive() == Prepare(room=room)
    await other.send(Prepared(room=room))
    assert await worker.receive() == Freeze(room=room)
    await worker.send(Frozen(room=room))

    assert (await other.receive()).resume
    assert (await page.receive()).code == "moved"


async def test_a_room_that_can_not_be_moved_says_why(arcade):
    _, _, room = await play(arcade)

    status, body = await ask(arcade, "POST", f"/admin/rooms/{room}/move")

    assert (status, body["code"]) == (409, "no_place")
    assert body["message"].endswith(".")


@pytest.mark.parametrize("path", ["/admin/rooms/nowhere/move", "/admin/workers/nobody/drain"])
async def test_what_is_not_there_is_said_to_be_so(arcade, path):
    status, body = await ask(arcade, "POST", path)

    assert status == 404
    assert "GET /admin/" in body["message"]


async def test_a_worker_is_drained(arcade):
    worker, page, room = await play(arcade)
    other = await arcade.worker()

    status, body = await ask(arcade, "POST", f"/admin/workers/{worker.id}/drain")

    assert (status, body["worker"]["draining"]) == (202, True)
    assert await other.receive() == Prepare(room=room)
    await other.send(Prepared(room=room))
    assert await worker.receive() == Freeze(room=room)
    await page.send(Leave())
    another = await arcade.page()
    await another.start()
    assert isinstance(await other.receive(), OpenRoom)
