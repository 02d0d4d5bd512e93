"""Members, seats and the host of one room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.rooms.seats import MAX_BANNED, MAX_MEMBERS, SEATS, Company, DeniedError, name_of, seats_taken


@pytest.fixture
def company():
    return Company()


def enter(company, **options):
    member = company.enter(f"hash{company.so_far}", **options)
    member.page = company.so_far
    return member


def denial(action, *arguments):
    with pytest.raises(DeniedError) as caught:
        action(*arguments)
    assert caught.value.sentence.endswith(".")
    return caught.value.code


def test_the_first_four_sit_and_the_others_watch(company):
    members = [enter(company) for _ in range(SEATS + 2)]

    assert [member.seat for member in members] == [0, 1, 2, 3, None, None]
    assert seats_taken(members) == SEATS


def test_a_seat_that_comes_free_is_the_next_ones(company):
    members = [enter(company) for _ in range(SEATS)]
    company.leave(members[2])

    assert company.free_seats == [2]
    assert enter(company).seat == 2


def test_the_room_is_full_when_the_last_spectator_is_in(company):
    for _ in range(MAX_MEMBERS):
        enter(company)

    assert denial(company.enter, "hash") == "room_full"


def test_who_only_watches_keeps_the_seats_free(company):
    assert enter(company, watch=True).seat is None
    assert enter(company).seat == 0


class TestSeats:
    def test_taking_the_own_one_changes_nothing(self, company):
        member = enter(company)

        assert company.take_seat(member, 0) == []

    def test_getting_up_is_remembered(self, company):
        member = enter(company)

        assert company.take_seat(member, None) == [member]
        assert not company.seat_again(member)
        assert member.seat is None

    def test_one_that_was_lost_is_taken_again_if_one_is_free(self, company):
        member = enter(company)
        company.get_up(member)
        enter(company)

        assert company.seat_again(member)
        assert member.seat == 1
        assert not company.seat_again(member)

    def test_giving_it_to_a_spectator_is_done_at_once(self, company):
        player, spectator = enter(company), enter(company, watch=True)

        assert company.give_seat(player, spectator.id) == [player, spectator]
        assert (player.seat, spectator.seat) == (None, 0)
        assert not player.wants_seat
        assert spectator.wants_seat

    def test_a_swap_takes_two(self, company):
        first, second = enter(company), enter(company)

        assert company.give_seat(first, second.id) == []
        assert company.offers == {first.id: second.id}
        assert company.give_seat(second, first.id) == [second, first]
        assert (first.seat, second.seat) == (1, 0)
        assert company.offers == {}

    def test_an_offer_is_taken_back_or_replaced(self, company):
        first, second, third = (enter(company) for _ in range(3))
        company.give_seat(first, second.id)

        company.give_seat(first, third.id)
        assert company.offers == {first.id: third.id}

        company.give_seat(first, first.id)
        assert company.offers == {}

    def test_an_offer_ends_when_either_sits_elsewhere(self, company):
        first, second = enter(company), enter(company)
        company.give_seat(first, second.id)

        company.take_seat(second, 3)

        assert company.offers == {}

    def test_who_has_none_gives_none(self, company):
        player, spectator = enter(company), enter(company, watch=True)

        assert denial(company.give_seat, spectator, player.id) == "no_seat"
        assert denial(company.give_seat, player, "m99") == "unknown_member"


class TestHost:
    def test_is_the_first(self, company):
        first = enter(company)
        enter(company)

        assert company.host == first.id

    def test_is_followed_by_who_has_sat_longest_of_those_who_are_here(self, company):
        first, away, spectator, second = enter(company), enter(company), enter(company, watch=True), enter(company)
        away.page = None

        company.leave(first)
        assert company.host == second.id
        company.leave(second)
        assert company.host == spectator.id
        company.leave(spectator)
        assert company.host == away.id
        company.leave(away)
        assert company.host == ""

    def test_does_not_remove_itself_nor_who_is_not_there(self, company):
        host = enter(company)

        assert denial(company.to_remove, host, host.id) == "not_yourself"
        assert denial(company.to_remove, host, "m99") == "unknown_member"

    def test_keeps_out_whom_it_removed_up_to_a_limit(self, company):
        host = enter(company)
        for number in range(MAX_BANNED + 1):
            member = enter(company, profile=f"profile{number}")
            company.leave(company.to_remove(host, member.id))

        assert denial(company.enter, "hash", "", "profile0") == "removed"
        assert len(company.banned) == MAX_BANNED


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
