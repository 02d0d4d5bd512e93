"""The timer and the delivery, through a real server."""

from coordinator import rooms
from coordinator.messages import CloseRoom, OpenRoom, Refused


async def test_a_worker_that_never_answers_costs_the_page_a_sentence_and_nothing_else(arcade, monkeypatch):
    monkeypatch.setattr(rooms, "ANSWER_SECONDS", 0.01)
    worker, page = await arcade.worker(), await arcade.page()

    await page.start()

    refusal = await page.receive()
    assert (type(refusal), refusal.code) == (Refused, "worker_silent")
    opening, closing = await worker.receive(), await worker.receive()
    assert closing == CloseRoom(room=opening.room)


async def test_the_timer_serves_every_deadline(arcade, monkeypatch):
    monkeypatch.setattr(rooms, "ANSWER_SECONDS", 0.01)
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
