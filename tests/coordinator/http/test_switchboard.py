"""The timer and the delivery, through a real server."""

import time
from typing import get_args

import pytest

from coordinator.fleet.router import LocalRouter
from coordinator.http.switchboard import Switchboard
from coordinator.messages import (
    Back,
    CloseRoom,
    Gateways,
    Holding,
    IceServer,
    IceServers,
    Leave,
    Library,
    OpenRoom,
    PlayerMessage,
    Refused,
    Regions,
    Rooms,
    Start,
    Started,
    TakeSeat,
    Welcome,
    WorkerMessage,
)
from coordinator.rooms import room_table
from coordinator.views import ice
from tests.coordinator.simulation import ListOutlet
from turn.wire.credentials import expiry_of, password_for, user_of

SECRET = "sixteen or more.."
OTHER_SECRET = "of another cluster"
URLS = ("turn:gateway.example:3478?transport=udp", "turn:gateway.example:3478?transport=tcp")


async def test_every_message_of_both_contracts_has_a_handler(arcade):
    assert arcade.switchboard.page_messages.types == set(get_args(PlayerMessage))
    assert arcade.switchboard.worker_messages.types == set(get_args(WorkerMessage))


async def test_a_page_need_not_be_a_socket(arcade):
    worker, outlet = await arcade.worker(), ListOutlet()

    page = arcade.switchboard.add_page(outlet, "arcade.example")
    arcade.switchboard.handle_page_message(page, Start(game="d", offer="v=0"))
    await worker.admit()
    await arcade.until(members=1, pages=1)

    await worker.receive_record()  # which comes after the answer has been passed on
    arcade.switchboard.remove_page(page)
    assert [type(message) for message in outlet.messages[:2]] == [Welcome, Started]
    await arcade.until(pages=0)


async def test_messages_go_by_the_router_that_it_is_given(config):
    class KeepingRouter(LocalRouter):
        """Keep what is for pages, as a router to another replica would pass it on."""

        def __init__(self):
            super().__init__()
            self.kept = []

        def send_to_page(self, page, message):
            self.kept.append((page, message))

    router = KeepingRouter()
    switchboard = Switchboard(config, router)
    page = switchboard.add_page(ListOutlet(), "arcade.example")

    switchboard.handle_page_message(page, Leave())
    assert router.kept == []
    switchboard.handle_page_message(page, TakeSeat(seat=0))

    [(receiver, message)] = router.kept
    assert (receiver, type(message), message.code) == (page.id, Refused, "no_room")
    switchboard.stop()


async def test_a_worker_that_never_answers_costs_the_page_a_sentence_and_nothing_else(arcade, monkeypatch):
    monkeypatch.setattr(room_table, "ANSWER_SECONDS", 0.01)
    worker, page = await arcade.worker(), await arcade.page()

    await page.start()

    refusal = await page.receive()
    assert (type(refusal), refusal.code) == (Refused, "worker_silent")
    opening, closing = await worker.receive(), await worker.receive()
    assert closing == CloseRoom(room=opening.room)


async def test_the_timer_serves_every_deadline(arcade, monkeypatch):
    monkeypatch.setattr(room_table, "ANSWER_SECONDS", 0.01)
    await arcade.worker()
    first, second = await arcade.page(), await arcade.page()

    for page in (first, second, first):
        await page.start()
        assert (await page.receive()).code == "worker_silent"

    assert (await arcade.status())["rooms"] == 0


async def test_a_start_that_is_answered_is_measured(arcade):
    worker, page = await arcade.worker(), await arcade.page()

    await page.start()
    assert await arcade.metric("start_seconds_count") == 0
    await worker.admit()
    await page.receive()

    assert await arcade.metric("start_seconds_count") == 1


async def test_the_library_is_sent_only_when_it_changed(arcade):
    await arcade.worker()
    page = await arcade.page()

    worker = await arcade.worker(capacity=9)  # with the same games
    await page.start()
    assert isinstance(await worker.admit(), OpenRoom)

    assert (await page.receive()).seat == 0
    assert await arcade.metric("messages_total", peer="page", direction="out", type="library") == 0


async def test_every_page_gets_the_new_library(arcade):
    pages = [await arcade.page() for _ in range(5)]

    await arcade.worker()

    assert [len((await page.receive()).games) for page in pages] == [1] * 5


class TestLobby:
    async def test_pages_are_told_of_listed_rooms(self, arcade):
        worker, page = await arcade.worker(), await arcade.page()
        await page.send(Start(game="d", offer="v=0", listed=True))
        room = (await worker.admit()).room
        assert (await page.receive()).room == room

        listed = await page.receive()

        assert isinstance(listed, Rooms)
        assert [(shown.room, shown.free_seats) for shown in listed.rooms] == [(room, 3)]
        assert (await arcade.page()).welcome.rooms == listed.rooms

    async def test_others_are_nobodys_business(self, arcade):
        worker, page = await arcade.worker(), await arcade.page()
        await page.start()
        await worker.admit()
        await page.receive()

        assert (await arcade.page()).welcome.rooms == ()


async def test_a_coordinator_that_has_just_started_waits_for_the_workers_rooms(arcade):
    worker, page = await arcade.worker(), await arcade.page()
    await page.start()
    command = await worker.admit()
    started = await page.receive()
    record = (await worker.receive_record()).record
    await worker.vanish()
    await arcade.until(workers=0)
    await page.vanish()

    again = await arcade.page()
    await again.send(Back(room=started.room, token=started.token))
    await arcade.worker(holding=[Holding(room=started.room, record=record, viewers=(command.viewer,))])

    assert [person.id for person in (await again.state()).members] == [started.member]


class TestGateways:
    @pytest.fixture
    def settings(self):
        return {"turn_secret": SECRET, "turn_ttl": 600}

    async def test_the_welcome_has_credentials_for_them(self, arcade):
        await arcade.worker(gateways=URLS)

        before = time.time()
        first, second = (await arcade.page()).welcome, (await arcade.page()).welcome

        (server,) = first.ice_servers
        assert server.urls == URLS
        assert server.credential == password_for(SECRET, server.username)
        assert before + 599 <= expiry_of(server.username) <= time.time() + 600
        assert user_of(server.username) != user_of(second.ice_servers[0].username)
        assert not first.relay_only

    async def test_an_open_host_is_the_one_in_the_page_s_request(self, arcade):
        await arcade.worker(gateways=("turn:{host}:3478?transport=udp",))

        (server,) = (await arcade.page()).welcome.ice_servers

        assert server.urls == ("turn:127.0.0.1:3478?transport=udp",)

    async def test_pages_learn_of_gateways_that_come_and_go(self, arcade):
        page = await arcade.page()
        assert page.welcome.ice_servers == ()

        worker = await arcade.worker(gateways=URLS)
        assert isinstance(await page.receive(), Library)
        came = await page.receive()
        assert isinstance(came, IceServers)
        assert came.ice_servers[0].urls == URLS

        await worker.socket.close()
        assert await page.receive() == Library(games=())
        assert await page.receive() == IceServers(ice_servers=())

    async def test_a_worker_may_tell_of_its_gateway_later_and_with_its_own_secret(self, arcade, caplog):
        caplog.set_level("DEBUG")
        worker, page = await arcade.worker(), await arcade.page()

        await worker.send(Gateways(gateways=URLS, turn_secret=OTHER_SECRET))

        (server,) = (await page.receive()).ice_servers
        assert server.urls == URLS
        assert server.credential == password_for(OTHER_SECRET, server.username)

        await worker.send(Gateways(gateways=()))
        assert await page.receive() == IceServers(ice_servers=())
        assert OTHER_SECRET not in caplog.text

    async def test_every_clusters_gateway_gets_credentials_of_its_own_secret(self, arcade):
        far = "turn:far.example:3478?transport=udp"
        await arcade.worker(gateways=URLS)
        await arcade.worker(gateways=(far,), turn_secret=OTHER_SECRET)

        servers = (await arcade.page()).welcome.ice_servers

        assert {url: server.credential for server in servers for url in server.urls} == {
            **dict.fromkeys(URLS, password_for(SECRET, servers[0].username)),
            far: password_for(OTHER_SECRET, servers[0].username),
        }

    @pytest.mark.parametrize("settings", [{"turn_secret": SECRET, "admin_token": "an admin token of some length"}])
    async def test_nobody_is_told_a_secret(self, arcade):
        worker, page = await arcade.worker(gateways=URLS, turn_secret=OTHER_SECRET), await arcade.page()
        await page.start()
        await worker.admit()
        headers = {"Authorization": "Bearer an admin token of some length"}
        paths = ("/api/status", "/metrics", "/ready", "/admin/workers", "/admin/rooms")

        told = [await (await arcade.get(path, headers=headers)).text() for path in paths]

        told += [repr(page.welcome), repr(await worker.receive_record())]
        assert not any(secret in text for secret in (SECRET, OTHER_SECRET) for text in told)

    async def test_credentials_are_renewed_while_the_page_stays(self, arcade, monkeypatch):
        monkeypatch.setattr(ice, "RENEW_AT", 1e-5)
        await arcade.worker(gateways=URLS)
        page = await arcade.page()
        user = user_of(page.welcome.ice_servers[0].username)

        for _ in range(3):
            renewed = await page.receive()
            assert isinstance(renewed, IceServers)
            assert user_of(renewed.ice_servers[0].username) == user

    async def test_a_far_renewal_does_not_keep_a_near_deadline_waiting(self, arcade, monkeypatch):
        await arcade.worker(gateways=URLS)
        page = await arcade.page()  # whose credentials are renewed in 5 minutes
        monkeypatch.setattr(room_table, "ANSWER_SECONDS", 0.01)

        await page.start()

        assert (await page.receive()).code == "worker_silent"

    async def test_no_secret_is_logged(self, arcade, caplog):
        caplog.set_level("DEBUG")
        await arcade.worker(gateways=URLS)
        page = await arcade.page()

        assert SECRET not in caplog.text
        assert page.welcome.ice_servers[0].credential not in caplog.text


@pytest.mark.parametrize("settings", [{"turn_secret": SECRET, "relay_only": True}])
async def test_relay_only_is_said_in_the_welcome_and_with_every_change(arcade):
    page = await arcade.page()
    assert page.welcome.relay_only

    await arcade.worker(gateways=URLS)

    assert isinstance(await page.receive(), Library)
    assert (await page.receive()).relay_only


async def test_without_a_secret_pages_get_stun_and_the_log_a_sentence(arcade, caplog):
    await arcade.worker(gateways=("stun:gateway.example:3478", *URLS))

    page = await arcade.page()

    assert page.welcome.ice_servers == (IceServer(urls=("stun:gateway.example:3478",)),)
    assert "set COINOP_TURN_SECRET at the worker" in caplog.text


async def test_pages_are_told_of_regions_as_soon_as_there_is_a_choice_and_when_it_changes(arcade):
    page = await arcade.page()
    await arcade.worker(region="east", gateways=URLS)
    assert page.welcome.regions == ()

    await arcade.worker(region="west", capacity=1)
    told = [message for message in [await page.receive() for _ in range(3)] if isinstance(message, Regions)]
    assert [(region.name, region.gateways, region.full) for region in told[0].regions] == [
        ("east", URLS, False),
        ("west", (), False),
    ]
    assert (await arcade.page()).welcome.regions == told[0].regions

    player = await arcade.page()
    await player.send(Start(game="d", offer="v=0", region="west"))
    changed = await page.receive()

    assert [region.full for region in changed.regions] == [False, True]
