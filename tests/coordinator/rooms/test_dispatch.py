"""The tables from message to handler."""

from typing import get_args

import pytest

from coordinator.fleet.registry import Registry
from coordinator.messages import Leave, PlayerMessage, Rename, TakeSeat
from coordinator.rooms.dispatch import Dispatch
from coordinator.rooms.rooms import Rooms


def test_a_message_goes_to_the_handler_of_its_type_with_its_sender_and_the_time():
    handled = []
    table = Dispatch()
    table.add(Leave, lambda *arguments: handled.append(("leave", *arguments)) or ["left"])
    table.add(Rename, lambda *arguments: handled.append(("rename", *arguments)) or [])

    assert table.handle("somebody", Leave(), 5.0) == ["left"]

    assert handled == [("leave", "somebody", Leave(), 5.0)]
    assert table.types == {Leave, Rename}


def test_a_type_without_a_handler_is_a_mistake_of_ours():
    with pytest.raises(KeyError):
        Dispatch().handle("somebody", TakeSeat(seat=None), 0.0)


def test_every_message_of_a_page_has_a_handler():
    assert Rooms(Registry()).page_messages.types == set(get_args(PlayerMessage))
