"""One worker's free places."""

import pytest

from coordinator.fleet.worker import Announcement, Worker


@pytest.fixture
def worker():
    """Make a worker with three places, one of which is taken."""
    return Worker("w1", "box", "main", capacity=3, games={}, gateway=Announcement(), rooms={"r1"})


def test_a_room_takes_a_place(worker):
    assert worker.free == 2


def test_a_worker_that_drains_has_none(worker):
    worker.draining = True

    assert worker.free == 0


def test_before_it_has_reported_all_its_rooms_it_has_none(worker):
    worker.holding = 1

    assert worker.free == 0


def test_a_gateways_secret_is_in_no_repr():
    announcement = Announcement(("turn:gateway.example:3478",), "sixteen or more..")

    assert "turn:gateway.example:3478" in repr(announcement)
    assert announcement.secret not in repr(announcement)
