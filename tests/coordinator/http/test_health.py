"""The coordinator's answers about itself to other programs."""

from importlib.metadata import version

from prometheus_client.parser import text_string_to_metric_families

from coordinator.messages import Library


async def test_it_is_alive_from_the_start(arcade):
    assert (await arcade.get("/live")).status == 200


async def test_it_is_ready_with_the_first_worker_that_has_a_game(arcade):
    response = await arcade.get("/ready")
    assert response.status == 503
    assert "No worker is registered" in await response.text()

    worker = await arcade.worker()
    assert (await arcade.get("/ready")).status == 200

    await worker.send(Library(games=()))
    await arcade.until(games=0)
    response = await arcade.get("/ready")
    assert response.status == 503
    assert "no games" in await response.text()


async def test_the_status_counts_and_tells_no_secrets(arcade):
    worker, page = await arcade.worker(), await arcade.page()
    await page.start()
    room = (await worker.admit()).room

    response = await arcade.get("/api/status")

    assert await response.json() == {
        "version": version("coinop"),
        "workers": 1,
        "games": 1,
        "rooms": 1,
        "members": 1,
        "pages": 1,
    }
    assert room not in await response.text()


async def test_the_metrics_are_for_prometheus(arcade):
    worker, page = await arcade.worker(), await arcade.page()
    await page.start()
    await worker.admit()
    await page.receive()

    response = await arcade.get("/metrics")

    assert response.content_type == "text/plain"
    families = {f.name: f for f in text_string_to_metric_families(await response.text())}
    [count] = [s.value for s in families["coinop_coordinator_start_seconds"].samples if s.name.endswith("_count")]
    assert count == 1
    assert await arcade.metric("messages_total", peer="page", direction="in", type="start") == 1
    assert await arcade.metric("messages_total", peer="worker", direction="out", type="open_room") == 1
    assert await arcade.metric("capacity") == 4
