"""``/ws/worker``, through a real server: the token, the registration, and workers that misbehave."""

import logging
from dataclasses import replace

import pytest
from aiohttp import WSServerHandshakeError

from coordinator.http import workers
from coordinator.messages import (
    MAX_MESSAGE_BYTES,
    Ended,
    Leave,
    Library,
    Refused,
    Register,
    Registered,
    RoomClosed,
)
from tests.coordinator.simulation import DUEL

TOKEN = "a token of 26 characters.."
REGISTER = Register(name="box", capacity=1, games=(DUEL,))


class TestToken:
    @pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong-token-of-mine"}])
    async def test_a_worker_without_it_is_told_so_counted_and_logged(self, arcade, headers, caplog):
        response = await arcade.get("/ws/worker", headers=headers)

        assert response.status == 401
        assert await response.text() == (
            "The worker token is missing or wrong: COINOP_WORKER_TOKEN must be one of the coordinator's.\n"
        )
        assert await arcade.metric("worker_unauthorised_total") == 1
        assert "turned away" in caplog.text
        assert "wrong-token-of-mine" not in caplog.text

    async def test_an_upgrade_with_a_wrong_one_fails(self, arcade):
        with pytest.raises(WSServerHandshakeError) as caught:
            await arcade.unregistered_worker(token="wrong")

        assert caught.value.status == 401
        assert (await arcade.status())["workers"] == 0

    @pytest.mark.parametrize("settings", [{"worker_token": f"{TOKEN}, of another cluster"}])
    async def test_every_clusters_is_good(self, arcade):
        for token in (TOKEN, "of another cluster"):
            await (await arcade.unregistered_worker(token)).send(REGISTER)
        await arcade.until(workers=2)

        with pytest.raises(WSServerHandshakeError):
            await arcade.unregistered_worker(f"{TOKEN}, of another cluster")

    async def test_it_is_never_logged(self, arcade, config, caplog):
        caplog.set_level(logging.DEBUG)
        worker = await arcade.worker()
        await worker.vanish()
        await arcade.until(workers=0)

        assert config.worker_token.get_secret_value() not in caplog.text


class TestRegistration:
    async def test_a_worker_gets_an_id_and_the_library_its_games(self, arcade):
        worker = await arcade.unregistered_worker()

        await worker.send(REGISTER)

        assert await worker.receive() == Registered(worker="w1", room_grace=120.0)
        assert (await arcade.status())["games"] == 1

    async def test_the_first_message_must_be_a_registration(self, arcade):
        worker = await arcade.unregistered_worker()

        await worker.send(Library(games=()))

        [refusal] = await worker.receive_until_end()
        assert (type(refusal), refusal.code) == (Refused, "not_registered")

    async def test_a_second_registration_is_refused(self, arcade):
        worker = await arcade.worker()

        await worker.send(REGISTER)

        [refusal] = await worker.receive_until_end()
        assert (type(refusal), refusal.code) == (Refused, "bad_message")
        await arcade.until(workers=0)

    async def test_a_worker_that_says_nothing_is_not_kept(self, arcade, monkeypatch):
        monkeypatch.setattr(workers, "REGISTER_SECONDS", 0.0)

        worker = await arcade.unregistered_worker()

        [refusal] = await worker.receive_until_end()
        assert refusal.code == "not_registered"

    async def test_a_worker_that_goes_before_it_registers_leaves_nothing(self, arcade):
        worker = await arcade.unregistered_worker()

        await worker.socket.close()

        await arcade.until(workers=0)

    @pytest.mark.parametrize("settings", [{"max_workers": 1}])
    async def test_one_worker_too_many_is_told_so(self, arcade):
        await arcade.worker()

        one_too_many = await arcade.unregistered_worker()

        [refusal] = await one_too_many.receive_until_end()
        assert refusal.code == "too_many_workers"


class TestMessages:
    async def test_a_library_replaces_the_one_before(self, arcade):
        worker, page = await arcade.worker(), await arcade.page()

        await worker.send(Library(games=()))

        assert await page.receive() == Library(games=())

    async def test_a_closed_room_ends_the_game_on_its_page(self, arcade):
        worker, page = await arcade.worker(), await arcade.page()
        await page.start()
        room = (await worker.admit()).room
        await page.receive()

        await worker.send(RoomClosed(room=room, code="game_over", message="The game ended itself."))

        assert await page.receive() == Ended(code="game_over", message="The game ended itself.")

    async def test_answers_about_rooms_that_are_gone_are_no_mistake(self, arcade):
        worker, page = await arcade.worker(), await arcade.page()

        await worker.send(RoomClosed(room="gone", code="ended", message=""))
        await page.start()

        assert (await worker.admit()).game == "d"

    async def test_both_of_two_workers_play(self, arcade):
        first, second = await arcade.worker(capacity=1), await arcade.worker(capacity=1)

        for worker in (first, second):
            page = await arcade.page()
            await page.start()
            await worker.admit()
            assert (await page.receive()).seat == 0


class TestMisbehaviour:
    @pytest.mark.parametrize("garbage", ["hello", "{}", '{"type": "start", "game": "d", "offer": "v=0"}'])
    async def test_garbage_ends_this_worker_only(self, arcade, garbage):
        worker, other = await arcade.worker(capacity=1), await arcade.worker(capacity=1)
        page = await arcade.page()

        await worker.socket.send_str(garbage)

        [refusal] = await worker.receive_until_end()
        assert (type(refusal), refusal.code) == (Refused, "bad_message")
        await arcade.until(workers=1)
        await page.start()
        assert (await other.admit()).game == "d"

    async def test_garbage_in_mid_start_refuses_the_start(self, arcade):
        worker, page = await arcade.worker(), await arcade.page()
        await page.start()
        await worker.receive()

        await worker.socket.send_str("garbage")

        assert (await page.receive()).code == "worker_lost"

    async def test_an_oversized_library_is_refused(self, arcade):
        worker = await arcade.unregistered_worker()

        await worker.socket.send_str("x" * (MAX_MESSAGE_BYTES + 1))

        [refusal] = await worker.receive_until_end()
        assert refusal.code == "bad_message"
        assert str(MAX_MESSAGE_BYTES) in refusal.message

    async def test_a_player_message_is_garbage_here(self, arcade):
        worker = await arcade.unregistered_worker()

        await worker.send(Leave())

        assert [refusal.code for refusal in await worker.receive_until_end()] == ["bad_message"]

    async def test_a_worker_that_does_not_answer_pings_is_lost(self, arcade, monkeypatch):
        impatient = replace(workers.LIMITS, heartbeat_seconds=0.02)
        monkeypatch.setattr(workers, "LIMITS", impatient)
        worker = await arcade.worker()
        worker.socket._response.connection.transport.pause_reading()

        await arcade.until(workers=0)

    async def test_a_slow_worker_only_makes_its_own_pages_wait(self, arcade):
        slow, page = await arcade.worker(capacity=1), await arcade.page()
        slow.socket._response.connection.transport.pause_reading()
        await page.start()
        await arcade.until(rooms=1)

        quick, another = await arcade.worker(capacity=1), await arcade.page()
        await another.start()
        await quick.admit()

        assert (await another.receive()).seat == 0
        await page.send(Leave())
        await arcade.until(rooms=1)
