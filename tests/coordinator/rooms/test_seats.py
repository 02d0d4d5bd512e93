"""Members, seats and the host of one room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.errors import DeniedError
from coordinator.rooms.seats import MAX_BANNED, MAX_MEMBERS, SEATS, Roster, name_of, seats_taken


@pytest.fixture
def roster():
    return Roster()


def enter(roster, **options):
    member = roster.add(f"hash{roster.so_far}", **options)
    member.page = roster.so_far
    return member


def denial(action, *arguments):
    with pytest.raises(DeniedError) as caught:
        action(*arguments)
    assert caught.value.sentence.endswith(".")
    return caught.value.code


def test_the_first_four_sit_and_the_others_watch(roster):
    members = [enter(roster) for _ in range(SEATS + 2)]

    assert [member.seat for member in members] == [0, 1, 2, 3, None, None]
    assert seats_taken(members) == SEATS


def test_a_seat_that_comes_free_is_the_next_ones(roster):
    members = [enter(roster) for _ in range(SEATS)]
    roster.remove(members[2])

    assert roster.free_seats == [2]
    assert enter(roster).seat == 2


def test_the_room_is_full_when_the_last_spectator_is_in(roster):
    for _ in range(MAX_MEMBERS):
        enter(roster)

    assert denial(roster.add, "hash") == "room_full"


def test_who_only_watches_keeps_the_seats_free(roster):
    assert enter(roster, watch=True).seat is None
    assert enter(roster).seat == 0


class TestSeats:
    def test_taking_the_own_one_changes_nothing(self, roster):
        member = enter(roster)

        assert roster.take_seat(member, 0) == []

    def test_getting_up_is_remembered(self, roster):
        member = enter(roster)

        assert roster.take_seat(member, None) == [member]
        assert not roster.seat_if_free(member)
        assert member.seat is None

    def test_one_that_was_lost_is_taken_again_if_one_is_free(self, roster):
        member = enter(roster)
        roster.unseat(member)
        enter(roster)

        assert roster.seat_if_free(member)
        assert member.seat == 1
        assert not roster.seat_if_free(member)

    def test_giving_it_to_a_spectator_is_done_at_once(self, roster):
        player, spectator = enter(roster), enter(roster, watch=True)

        assert roster.give_seat(player, spectator.id) == [player, spectator]
        assert (player.seat, spectator.seat) == (None, 0)
        assert not player.wants_seat
        assert spectator.wants_seat

    def test_a_swap_takes_two(self, roster):
        first, second = enter(roster), enter(roster)

        assert roster.give_seat(first, second.id) == []
        assert roster.offers == {first.id: second.id}
        assert roster.give_seat(second, first.id) == [second, first]
        assert (first.seat, second.seat) == (1, 0)
        assert roster.offers == {}

    def test_an_offer_is_taken_back_or_replaced(self, roster):
        first, second, third = (enter(roster) for _ in range(3))
        roster.give_seat(first, second.id)

        roster.give_seat(first, third.id)
        assert roster.offers == {first.id: third.id}

        roster.give_seat(first, first.id)
        assert roster.offers == {}

    def test_an_offer_ends_when_either_sits_elsewhere(self, roster):
        first, second = enter(roster), enter(roster)
        roster.give_seat(first, second.id)

        roster.take_seat(second, 3)

        assert roster.offers == {}

    def test_who_has_none_gives_none(self, roster):
        player, spectator = enter(roster), enter(roster, watch=True)

        assert denial(roster.give_seat, spectator, player.id) == "no_seat"
        assert denial(roster.give_seat, player, "m99") == "unknown_member"


class TestHost:
    def test_is_the_first(self, roster):
        first = enter(roster)
        enter(roster)

        assert roster.host == first.id

    def test_is_followed_by_who_has_sat_longest_of_those_who_are_here(self, roster):
        first, away, spectator, second = enter(roster), enter(roster), enter(roster, watch=True), enter(roster)
        away.page = None

        roster.remove(first)
        assert roster.host == second.id
        roster.remove(second)
        assert roster.host == spectator.id
        roster.remove(spectator)
        assert roster.host == away.id
        roster.remove(away)
        assert roster.host == ""

    def test_does_not_remove_itself_nor_who_is_not_there(self, roster):
        host = enter(roster)

        assert denial(roster.ban, host, host.id) == "not_yourself"
        assert denial(roster.ban, host, "m99") == "unknown_member"

    def test_keeps_out_whom_it_removed_up_to_a_limit(self, roster):
        host = enter(roster)
        for number in range(MAX_BANNED + 1):
            member = enter(roster, profile=f"profile{number}")
            roster.remove(roster.ban(host, member.id))

        assert denial(roster.add, "hash", "", "profile0") == "removed"
        assert len(roster.banned) == MAX_BANNED


@pytest.mark.parametrize(
    ("wish", "name"),
    [
        ("Ada", "Ada"),
        ("", "Player 7"),
        (" \n\t", "Player 7"),
        ("a\u202eb", "a b"),
        ("Zoë  🎮", "Zoë 🎮"),
        ("\x00", "Player 7"),
        ("🏴\u200d☠️", "🏴\u200d☠️"),
        ("\u200d \u200c", "Player 7"),
    ],
)
def test_a_name_is_what_can_be_seen(wish, name):
    assert name_of(wish, 7) == name


@given(st.text(max_size=24))
def test_any_wish_gives_a_name_of_one_line(wish):
    name = name_of(wish, 1)

    assert name.strip() == name != ""
    assert len(name.splitlines()) == 1
    assert len(name) <= 24


def test_a_denial_says_what_it_is():
    assert str(DeniedError("no_seat", "You are watching.")) == "no_seat: You are watching."
