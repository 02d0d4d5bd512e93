"""The ways to pages and workers of one process."""

import pytest

from coordinator.fleet.router import LocalRouter
from coordinator.messages import Ended, Library, Prepare, decode_player_event
from tests.coordinator.simulation import ListOutlet

ENDED = Ended(code="game_over", message="It is over.")


@pytest.fixture
def outlets():
    return [ListOutlet(), ListOutlet()]


@pytest.fixture
def router(outlets):
    """Make a router with pages 1 and 2, and no worker."""
    router = LocalRouter()
    for page, outlet in enumerate(outlets, 1):
        router.add_page(page, outlet)
    return router


def test_a_message_reaches_its_page_alone(router, outlets):
    router.send_to_page(2, ENDED)

    assert [outlet.messages for outlet in outlets] == [[], [ENDED]]


def test_a_message_to_all_pages_is_encoded_once(router, outlets):
    library = Library(games=())

    router.send_to_pages(library)

    assert [outlet.messages for outlet in outlets] == [[library], [library]]
    first, second = (outlet.texts[0] for outlet in outlets)
    assert first is second
    assert decode_player_event(first) == library


def test_a_message_reaches_its_worker(router, outlets):
    worker = ListOutlet()
    router.add_worker("w1", worker)

    router.send_to_worker("w1", Prepare(room="r"))

    assert worker.messages == [Prepare(room="r")]
    assert outlets[0].messages == []


def test_pages_are_counted_the_oldest_first(router):
    assert router.pages == (1, 2)
    assert router.page_count == 2


def test_nothing_reaches_what_is_gone(router, outlets):
    router.remove_page(1)
    router.send_to_pages(ENDED)

    assert outlets[0].messages == []
    assert router.pages == (2,)
    with pytest.raises(KeyError):
        router.send_to_page(1, ENDED)


def test_a_worker_that_is_gone_is_unknown(router):
    router.add_worker("w1", ListOutlet())
    router.remove_worker("w1")

    with pytest.raises(KeyError):
        router.send_to_worker("w1", Prepare(room="r"))
    with pytest.raises(KeyError):
        router.remove_worker("w1")
