"""``/ws/player``, through a real server: who may connect, the whole way of a start, and pages that misbehave."""

import pytest
from aiohttp import WSCloseCode, WSMsgType, WSServerHandshakeError
from hypothesis import given
from hypothesis import strategies as st

from coordinator.http import players
from coordinator.http.players import is_allowed
from coordinator.http.switchboard import VERSION
from coordinator.messages import (
    MAX_MESSAGE_BYTES,
    Admit,
    Back,
    Candidate,
    CloseRoom,
    Dismiss,
    Game,
    Leave,
    Library,
    OpenRoom,
    Reconnect,
    Refused,
    Trickle,
    ViewerCandidate,
    ViewerLeft,
    Welcome,
)
from tests.coordinator.simulation import DUEL


async def refusal_of(page):
    """Wait for the connection's end, and return the one refusal before it."""
    [refusal] = await page.receive_until_end()
    assert isinstance(refusal, Refused)
    assert refusal.message.endswith(".")
    return refusal


class TestPlaying:
    async def test_a_page_is_welcomed_with_the_library(self, arcade):
        await arcade.worker()

        page = await arcade.page()

        assert page.welcome == Welcome(version=VERSION, games=(DUEL,))

    async def test_a_start_is_one_round_trip_each_way(self, arcade):
        worker, page = await arcade.worker(), await arcade.page()

        await page.start()
        command = await worker.admit()
        started = await page.receive()

        assert command == OpenRoom(room=started.room, game="d", viewer=command.viewer, seat=0, offer="v=0", epoch=1)
        assert (started.room, started.seat, started.game, started.answer) == (command.room, 0, DUEL, "a=1")

    async def test_a_friend_joins_by_the_rooms_id(self, arcade):
        worker, page, friend = await arcade.worker(), await arcade.page(), await arcade.page()
        await page.start()
        room = (await worker.admit()).room

        await friend.join(room)

        assert isinstance(await worker.admit(), Admit)
        assert (await friend.receive()).seat == 1

    async def test_candidates_follow_their_offer(self, arcade):
        worker, page = await arcade.worker(), await arcade.page()
        candidate = Candidate(candidate="candidate:1 1 udp 2 192.0.2.1 9 typ host", sdpMid="0")

        await page.start()
        await page.send(Trickle(candidate=candidate))

        opening = await worker.receive()
        assert await worker.receive() == ViewerCandidate(room=opening.room, viewer=opening.viewer, candidate=candidate)

    async def test_leaving_closes_the_room_and_the_page_stays(self, arcade):
        worker, page = await arcade.worker(), await arcade.page()
        await page.start()
        room = (await worker.admit()).room
        await page.receive()

        await page.send(Leave())

        assert await worker.receive() == CloseRoom(room=room)
        await page.start()
        assert isinstance(await worker.receive(), OpenRoom)

    async def test_a_refusal_leaves_the_connection_open(self, arcade):
        page = await arcade.page()

        await page.start()
        assert (await page.receive()).code == "no_workers"
        await page.start("nothing")
        assert (await page.receive()).code == "no_workers"

    async def test_pages_see_the_library_change(self, arcade):
        page = await arcade.page()
        assert page.welcome.games == ()

        worker = await arcade.worker()
        assert await page.receive() == Library(games=(DUEL,))
        await worker.socket.close()
        assert await page.receive() == Library(games=())


class TestVanishing:
    @pytest.mark.parametrize("settings", [{"room_grace_seconds": 0}])
    async def test_a_browser_that_vanishes_gives_its_place_free_when_the_grace_is_over(self, arcade):
        worker, page = await arcade.worker(capacity=1), await arcade.page()
        await page.start()
        command = await worker.admit()
        await page.receive()

        await page.vanish()
        await worker.send(ViewerLeft(room=command.room, viewer=command.viewer))

        assert await worker.receive() == CloseRoom(room=command.room)
        another = await arcade.page()
        await another.start()
        assert isinstance(await worker.receive(), OpenRoom)

    async def test_a_browser_that_vanishes_in_mid_start_gives_its_place_free(self, arcade):
        worker, page = await arcade.worker(capacity=1), await arcade.page()
        await page.start()
        opening = await worker.receive()

        await page.vanish()

        assert await worker.receive() == CloseRoom(room=opening.room)
        assert await arcade.metric("rooms") == 0

    async def test_a_browser_that_reloads_comes_back_to_its_seat(self, arcade):
        worker, page = await arcade.worker(), await arcade.page()
        await page.start()
        first = await worker.admit()
        started = await page.receive()

        await page.vanish()
        again = await arcade.page()
        await again.join(started.room, started.token)

        assert await worker.receive() == Dismiss(room=started.room, viewer=first.viewer)
        assert (await worker.admit()).seat == 0
        resumed = await again.receive()
        assert (resumed.seat, resumed.member, resumed.token) == (0, started.member, started.token)

    async def test_a_page_whose_connection_broke_says_that_it_is_back_and_plays_on(self, arcade):
        worker, page = await arcade.worker(), await arcade.page()
        await page.start()
        await worker.admit()
        started = await page.receive()

        await page.vanish()
        again = await arcade.page()
        await again.send(Back(room=started.room, token=started.token))

        state = await again.state()
        assert [(person.id, person.seat, person.here) for person in state.members] == [(started.member, 0, True)]

    async def test_a_worker_that_vanishes_in_mid_start_refuses_the_start(self, arcade):
        worker, page = await arcade.worker(), await arcade.page()
        await page.start()
        await worker.receive()

        await worker.vanish()

        refusal = await page.receive()
        assert (type(refusal), refusal.code) == (Refused, "worker_lost")

    async def test_a_worker_that_vanishes_in_mid_game_costs_no_game(self, arcade):
        worker, page = await arcade.worker(), await arcade.page()
        await page.start()
        room = (await worker.admit()).room
        started = await page.receive()
        other = await arcade.worker()

        await worker.vanish()

        opening = await other.receive()
        assert (opening.room, opening.resume, opening.viewer) == (room, True, "")
        call_to_reconnect = await page.receive()
        assert (type(call_to_reconnect), call_to_reconnect.code, call_to_reconnect.ready) == (
            Reconnect,
            "worker_lost",
            True,
        )
        await page.join(room, started.token)
        assert (await other.admit()).seat == 0
        assert (await page.receive()).token == started.token
        assert await arcade.metric("recovery_seconds_count", cause="worker_lost") == 1
        assert await arcade.metric("reconnects_total", code="worker_lost") == 1


class TestOrigins:
    @pytest.mark.parametrize(
        ("origin", "host", "allowed"),
        [
            (None, "arcade.example", True),
            ("https://arcade.example", "arcade.example", True),
            ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
            ("http://[::1]:8000", "[::1]:8000", True),
            ("HTTPS://Arcade.Example", "arcade.example", True),
            ("https://friend.example", "arcade.example", True),
            ("https://evil.example", "arcade.example", False),
            ("https://arcade.example.evil.example", "arcade.example", False),
            ("https://arcade.example:444", "arcade.example", False),
            ("https://friend.example:444", "arcade.example", False),
            ("null", "arcade.example", False),
            ("null", "", False),
            ("", "", False),
            ("http://[", "arcade.example", False),
        ],
    )
    def test_only_the_own_page_and_the_allowed_ones(self, origin, host, allowed):
        assert is_allowed(origin, host, ("https://friend.example",)) is allowed

    @given(origin=st.text(), host=st.text())
    def test_any_origin_gets_a_verdict(self, origin, host):
        assert isinstance(is_allowed(origin, host, ()), bool)

    async def test_a_foreign_page_is_told_why_and_so_is_the_log(self, arcade, caplog):
        with pytest.raises(WSServerHandshakeError) as caught:
            await arcade.socket("/ws/player", origin="https://evil.example")
        assert caught.value.status == 403

        response = await arcade.get("/ws/player", headers={"Origin": "https://evil.example"})
        assert "allowed_origins" in await response.text()
        assert "'https://evil.example'" in caplog.text

    async def test_the_own_page_may_connect(self, arcade):
        page = await arcade.page(origin=str(arcade.url("/")).rstrip("/"))

        assert isinstance(page.welcome, Welcome)


class TestAddresses:
    @pytest.fixture
    def settings(self):
        return {"rooms_per_address": 1, "trusted_proxies": "127.0.0.1"}

    async def test_behind_a_trusted_proxy_each_client_has_its_own_limit(self, arcade):
        await arcade.worker()
        pages = [
            await arcade.page(headers={"X-Forwarded-For": address})
            for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.1, 192.0.2.3")
        ]

        for page in pages:
            await page.start()
        await arcade.until(rooms=3)

        assert (await pages[1].receive()).code == "too_many_rooms"

    async def test_this_machine_itself_is_not_limited(self, arcade):
        await arcade.worker()
        for _ in range(3):
            await (await arcade.page()).start()

        await arcade.until(rooms=3)


class TestMisbehaviour:
    @pytest.mark.parametrize(
        "garbage", ["", "hello", "{}", '{"type": "register"}', '{"type": "start"}', "[" * 100_000, '"' + "x" * 200_000]
    )
    async def test_garbage_is_refused_and_ends_this_connection_only(self, arcade, garbage):
        page, bystander = await arcade.page(), await arcade.page()

        await page.socket.send_str(garbage)

        assert (await refusal_of(page)).code == "bad_message"
        assert page.socket.close_code == WSCloseCode.POLICY_VIOLATION
        await bystander.start()
        assert (await bystander.receive()).code == "no_workers"

    async def test_binary_frames_are_refused(self, arcade):
        page = await arcade.page()

        await page.socket.send_bytes(b'{"type": "leave"}')

        assert "binary" in (await refusal_of(page)).message

    @pytest.mark.parametrize("size", [MAX_MESSAGE_BYTES + 1, 8 << 20])
    async def test_an_oversized_message_is_refused(self, arcade, size):
        page = await arcade.page()

        await page.socket.send_str("x" * size)

        refusal = await refusal_of(page)
        assert refusal.code == "bad_message"
        assert str(MAX_MESSAGE_BYTES) in refusal.message
        assert page.socket.close_code == WSCloseCode.MESSAGE_TOO_BIG

    async def test_what_is_not_websocket_is_refused(self, arcade):
        page = await arcade.page()

        page.socket._writer.transport.write(b"\xff" * 64)

        assert (await refusal_of(page)).code == "bad_message"
        assert page.socket.close_code == WSCloseCode.PROTOCOL_ERROR

    async def test_text_that_is_no_utf8_is_refused(self, arcade):
        page = await arcade.page()

        await page.socket.send_frame(b'{"type": "\xff"}', WSMsgType.TEXT)

        assert (await refusal_of(page)).code == "bad_message"

    async def test_a_flood_is_refused_once(self, arcade):
        page = await arcade.page()

        for _ in range(players.LIMITS.burst + 100):
            await page.send(Leave())

        assert (await refusal_of(page)).code == "too_many_messages"
        assert await arcade.metric("refused_total", peer="page", code="too_many_messages") == 1

    async def test_a_misbehaving_page_gives_its_place_free(self, arcade):
        worker, page = await arcade.worker(capacity=1), await arcade.page()
        await page.start()
        room = (await worker.receive()).room

        await page.socket.send_str("garbage")

        assert await worker.receive() == CloseRoom(room=room)

    async def test_a_page_that_does_not_read_is_dropped(self, arcade):
        worker, page = await arcade.worker(), await arcade.page()
        page.socket._response.connection.transport.pause_reading()
        libraries = [tuple(Game(id=f"{n}-{i}", title="x" * 100, system="NES") for i in range(1000)) for n in (0, 1)]

        for number in range(400):
            await worker.send(Library(games=libraries[number % 2]))
            if await arcade.metric("slow_dropped_total", peer="page"):
                break

        await arcade.until(pages=0)
        assert await arcade.metric("slow_dropped_total", peer="page") == 1
        assert (await arcade.page()).welcome.games != ()

    @pytest.mark.parametrize("settings", [{"max_players": 2}])
    async def test_one_page_too_many_is_told_so(self, arcade):
        first, _ = await arcade.page(), await arcade.page()

        one_too_many = await arcade.page()

        assert one_too_many.welcome.code == "too_many_players"
        assert await one_too_many.receive() is None
        await first.socket.close()
        await arcade.until(pages=1)
        assert isinstance((await arcade.page()).welcome, Welcome)

    async def test_a_request_that_is_no_websocket_is_told_so(self, arcade):
        response = await arcade.get("/ws/player")

        assert response.status == 400
        assert "WebSocket" in await response.text()
