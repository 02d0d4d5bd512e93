"""The ranking of regions for a room."""

import math

from hypothesis import given
from hypothesis import strategies as st

from coordinator.fleet.regions import RegionPreference, worst_delays

DELAYS = st.dictionaries(st.sampled_from("abcd"), st.floats(0, 60_000), max_size=4)


def best(preference, *regions):
    return min(regions, key=preference.rank)


def test_the_wanted_region_comes_before_the_closest():
    assert best(RegionPreference("far", {"near": 3.0, "far": 300.0}), "near", "far") == "far"


def test_the_closest_comes_before_those_that_nobody_knows():
    assert best(RegionPreference("", {"far": 300.0, "near": 3.0}), "unknown", "far", "near") == "near"


def test_without_a_preference_all_regions_are_alike():
    assert RegionPreference().rank("a") == RegionPreference().rank("b")


def test_a_region_is_as_far_as_it_is_for_the_one_who_is_the_farthest_away():
    assert worst_delays([{"a": 10.0, "b": 50.0}, {"a": 90.0, "b": 60.0}]) == {"a": 90.0, "b": 60.0}


def test_a_region_that_did_not_answer_one_of_them_is_out_of_reach():
    assert worst_delays([{"a": 10.0, "b": 50.0}, {"b": 60.0}]) == {"a": math.inf, "b": 60.0}


def test_who_has_measured_nothing_has_no_say():
    assert worst_delays([{}, {"a": 10.0}]) == {"a": 10.0}
    assert worst_delays([]) == {}


@given(st.lists(DELAYS, max_size=4))
def test_nobody_is_farther_away_than_said(players):
    shared = worst_delays(players)

    assert shared.keys() == {region for delays in players for region in delays}
    for delays in filter(None, players):
        assert all(delays.get(region, math.inf) <= shared[region] for region in shared)
