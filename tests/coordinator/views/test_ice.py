"""The ICE servers of pages, and their renewal."""

import logging
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from coordinator.fleet.worker import Announcement
from coordinator.messages import IceServer, IceServers, Region
from coordinator.views.ice import MAX_URLS, RENEW_AT, PageIceServers
from turn.wire.credentials import expiry_of, password_for, user_of

SECRET = "sixteen or more.."
OTHER_SECRET = "of another cluster"
TTL = 1000.0
RENEWAL = RENEW_AT * TTL
UNIX = 1_700_000_000.0
HOST = "arcade.example"

STUN = "stun:gateway.example:3478"
UDP = "turn:gateway.example:3478?transport=udp"
OPEN = "turn:{host}:3478?transport=udp"
TLS = "turns:gateway.example:5349?transport=tcp"


def make(secret=SECRET, urls=(), relay_only=False):
    numbers = count(1)
    ice = PageIceServers(secret, TTL, relay_only, lambda: f"user{next(numbers)}")
    ice.replace_gateways([Announcement(urls)], 0.0, UNIX)
    return ice


def urls_of(servers):
    return [server.urls for server in servers]


class TestWelcome:
    def test_without_gateways_there_are_no_servers(self):
        assert make().add_page(1, HOST, 0.0, UNIX) == ()

    def test_credentials_are_those_that_the_gateway_checks(self):
        (server,) = make(urls=(UDP, TLS)).add_page(1, HOST, 0.0, UNIX)

        assert server.urls == (UDP, TLS)
        assert expiry_of(server.username) == UNIX + TTL
        assert server.credential == password_for(SECRET, server.username)

    def test_each_page_is_a_user_of_its_own(self):
        ice = make(urls=(UDP,))

        users = [user_of(ice.add_page(page, HOST, 0.0, UNIX)[0].username) for page in (1, 2)]

        assert users == ["user1", "user2"]

    def test_a_user_cannot_be_guessed(self):
        servers = [PageIceServers(SECRET, TTL, False) for _ in range(2)]
        for ice in servers:
            ice.replace_gateways([Announcement((UDP,))], 0.0, UNIX)

        first, second = (user_of(ice.add_page(1, HOST, 0.0, UNIX)[0].username) for ice in servers)

        assert first != second
        assert min(len(first), len(second)) >= 22  # 128 bits

    def test_stun_is_for_everybody(self):
        assert make(secret="", urls=(STUN, UDP)).add_page(1, HOST, 0.0, UNIX) == (IceServer(urls=(STUN,)),)

    def test_credentials_are_shown_to_turn_alone(self):
        free, closed = make(urls=(UDP, STUN)).add_page(1, HOST, 0.0, UNIX)

        assert free == IceServer(urls=(STUN,))
        assert closed.urls == (UDP,)

    def test_regions_name_their_gateways_as_the_ice_servers_do(self):
        ice = make(urls=(OPEN, UDP))
        (server,) = ice.add_page(1, "192.168.1.2", 0.0, UNIX)
        region = Region(name="east", gateways=(OPEN, UDP), full=False)

        assert ice.regions(1, [region])[0].gateways == server.urls

    def test_an_open_host_is_the_one_that_the_page_came_by_and_stays_it(self):
        ice = make(urls=(OPEN, UDP))

        (server,) = ice.add_page(1, "192.168.1.2", 0.0, UNIX)
        ((_, message),) = ice.renew(RENEWAL, UNIX + RENEWAL)

        assert server.urls == message.ice_servers[0].urls == ("turn:192.168.1.2:3478?transport=udp", UDP)

    def test_without_a_host_an_open_gateway_is_left_out(self):
        (server,) = make(urls=(OPEN, UDP)).add_page(1, "", 0.0, UNIX)

        assert server.urls == (UDP,)


class TestReplace:
    def test_every_page_learns_of_it(self):
        ice = make(relay_only=True)
        ice.add_page(1, HOST, 0.0, UNIX)
        ice.add_page(2, HOST, 0.0, UNIX)

        told = ice.replace_gateways([Announcement((UDP,))], 1.0, UNIX + 1)

        assert [(page, type(message), message.relay_only) for page, message in told] == [
            (1, IceServers, True),
            (2, IceServers, True),
        ]
        assert [message.ice_servers[0].urls for _, message in told] == [(UDP,)] * 2

    def test_the_same_gateways_are_no_news(self):
        ice = make(urls=(UDP,))
        ice.add_page(1, HOST, 0.0, UNIX)

        assert ice.replace_gateways([Announcement((UDP,))], 1.0, UNIX + 1) == []

    def test_gateways_that_are_gone_are_taken_back(self):
        ice = make(urls=(UDP,))
        ice.add_page(1, HOST, 0.0, UNIX)

        ((_, message),) = ice.replace_gateways([], 1.0, UNIX + 1)

        assert message.ice_servers == ()

    def test_a_page_that_has_gone_is_told_nothing(self):
        ice = make(urls=(UDP,))
        ice.add_page(1, HOST, 0.0, UNIX)
        ice.remove_page(1)

        assert ice.replace_gateways([], 1.0, UNIX + 1) == []
        assert ice.next_deadline() is None

    def test_more_than_browsers_take_are_left_out_and_it_is_said(self, caplog):
        ice = make()
        ice.replace_gateways([Announcement((f"turn:g{number}",)) for number in range(MAX_URLS + 1)], 0.0, UNIX)

        (server,) = ice.add_page(1, HOST, 0.0, UNIX)

        assert len(server.urls) == MAX_URLS
        assert f"{MAX_URLS + 1} gateway URLs" in caplog.text

    def test_no_gateway_is_left_out_for_another_ones_second_url(self):
        ice = make()
        announced = [
            Announcement(tuple(f"turn:{letter}{number}" for number in range(16)), f"{SECRET}{letter}")
            for letter in "abcdefg"
        ]

        ice.replace_gateways(announced, 0.0, UNIX)

        counts = [len(urls) for urls in urls_of(ice.add_page(1, HOST, 0.0, UNIX))]
        assert sum(counts) == MAX_URLS
        assert counts == [14, 14, 14, 14, 14, 13, 13]


class TestRenewal:
    def test_it_comes_at_half_the_credentials_life(self):
        ice = make(urls=(UDP,))
        (before,) = ice.add_page(1, HOST, 5.0, UNIX)
        assert ice.next_deadline() == 5.0 + RENEWAL
        assert ice.renew(4.9 + RENEWAL, UNIX + RENEWAL) == []

        ((page, message),) = ice.renew(5.0 + RENEWAL, UNIX + RENEWAL)

        (after,) = message.ice_servers
        assert page == 1
        assert user_of(after.username) == user_of(before.username)
        assert expiry_of(after.username) == UNIX + RENEWAL + TTL
        assert ice.next_deadline() == 5.0 + 2 * RENEWAL

    def test_a_change_of_gateways_renews_too(self):
        ice = make(urls=(UDP,))
        ice.add_page(1, HOST, 0.0, UNIX)

        ice.replace_gateways([Announcement((UDP, TLS))], 100.0, UNIX + 100)

        assert ice.next_deadline() == 100.0 + RENEWAL

    @pytest.mark.parametrize(("secret", "urls"), [(SECRET, ()), (SECRET, (STUN,)), ("", (UDP,))])
    def test_where_nothing_ends_nothing_is_renewed(self, secret, urls):
        ice = make(secret, urls)
        ice.add_page(1, HOST, 0.0, UNIX)

        assert ice.next_deadline() is None
        assert ice.renew(10 * TTL, UNIX + 10 * TTL) == []


class TestExamination:
    def test_a_missing_secret_is_said_once(self, caplog):
        ice = make(secret="")

        ice.warn_about("w1", Announcement((STUN,)))
        ice.warn_about("w1", Announcement((UDP,), SECRET))
        assert caplog.text == ""
        ice.warn_about("w2", Announcement((UDP,)))
        ice.warn_about("w3", Announcement((UDP,)))

        (line,) = (record.getMessage() for record in caplog.records)
        assert "worker w2" in line
        assert "COINOP_TURN_SECRET" in line

    def test_with_relay_only_a_worker_without_turn_cannot_be_played_on(self, caplog):
        ice = make(relay_only=True)

        ice.warn_about("w1", Announcement((UDP,)))
        assert caplog.text == ""
        ice.warn_about("w2", Announcement((STUN,)))

        assert "worker w2 announces no turn: gateway" in caplog.text
        assert "COINOP_WORKER_GATEWAYS" in caplog.text

    def test_nothing_secret_is_logged(self, caplog):
        caplog.set_level(logging.DEBUG)
        ice = make(relay_only=True)
        announced = [Announcement((UDP,)), Announcement((UDP, TLS), OTHER_SECRET)]
        ice.replace_gateways(announced, 0.0, UNIX)
        for gateway in announced:
            ice.warn_about("w1", gateway)
        servers = ice.add_page(1, HOST, 0.0, UNIX)
        ice.renew(TTL, UNIX + TTL)

        assert "another secret" in caplog.text
        for secret in (SECRET, OTHER_SECRET, *(server.credential for server in servers)):
            assert secret not in caplog.text + repr(ice) + repr(announced)


class TestSecrets:
    """Each cluster's gateway has its own."""

    def test_credentials_are_made_with_the_secret_that_came_with_the_url(self):
        ice = make()
        ice.replace_gateways([Announcement((UDP,)), Announcement((STUN, TLS), OTHER_SECRET)], 0.0, UNIX)

        free, first, second = ice.add_page(1, HOST, 0.0, UNIX)

        assert (free.urls, first.urls, second.urls) == ((STUN,), (UDP,), (TLS,))
        assert first.credential == password_for(SECRET, first.username)
        assert second.credential == password_for(OTHER_SECRET, second.username)
        assert first.username == second.username  # the page is one user, of whichever gateway

    def test_workers_behind_one_gateway_make_one_server_of_it(self):
        ice = make()
        ice.replace_gateways(
            [Announcement((UDP, TLS), OTHER_SECRET), Announcement((TLS, UDP), OTHER_SECRET)], 0.0, UNIX
        )

        assert urls_of(ice.add_page(1, HOST, 0.0, UNIX)) == [(UDP, TLS)]

    def test_with_a_workers_secret_the_coordinator_needs_none(self, caplog):
        ice = make(secret="")
        announcement = Announcement((UDP,), OTHER_SECRET)
        ice.replace_gateways([announcement], 0.0, UNIX)
        ice.warn_about("w1", announcement)

        assert urls_of(ice.add_page(1, HOST, 0.0, UNIX)) == [(UDP,)]
        assert ice.next_deadline() == RENEWAL
        assert caplog.text == ""

    def test_nobody_takes_over_a_gateway_that_was_announced_before(self, caplog):
        ice = make()
        older, younger = Announcement((UDP,), SECRET), Announcement((TLS, UDP), OTHER_SECRET)
        ice.replace_gateways([older, younger], 0.0, UNIX)
        ice.warn_about("w1", older)
        assert caplog.text == ""
        ice.warn_about("w2", younger)

        first, second = sorted(ice.add_page(1, HOST, 0.0, UNIX), key=lambda server: server.urls)
        assert (first.urls, second.urls) == ((UDP,), (TLS,))
        assert first.credential == password_for(SECRET, first.username)
        assert f"worker w2 announces {UDP} with another secret" in caplog.text

    def test_a_new_secret_counts_and_is_told_when_the_last_worker_with_the_old_one_is_gone(self):
        ice = make()
        ice.replace_gateways([Announcement((UDP,), SECRET), Announcement((UDP,), OTHER_SECRET)], 0.0, UNIX)
        ice.add_page(1, HOST, 0.0, UNIX)

        ((_, message),) = ice.replace_gateways([Announcement((UDP,), OTHER_SECRET)], 1.0, UNIX + 1)

        (server,) = message.ice_servers
        assert server.credential == password_for(OTHER_SECRET, server.username)

    def test_the_coordinators_own_secret_announced_is_no_other_one(self, caplog):
        ice = make(urls=(UDP,))
        ice.add_page(1, HOST, 0.0, UNIX)

        assert ice.replace_gateways([Announcement((UDP,)), Announcement((UDP,), SECRET)], 1.0, UNIX + 1) == []
        ice.warn_about("w2", Announcement((UDP,), SECRET))
        assert caplog.text == ""


URLS = st.lists(st.sampled_from((STUN, UDP, TLS)), unique=True).map(tuple)


class AnyOrder(RuleBasedStateMachine):
    """Whatever comes and goes, if the timer is obeyed: the gateways of now, and credentials that last."""

    def __init__(self):
        super().__init__()
        self.ice = make()
        self.now = 0.0
        self.secrets = {}
        self.pages = {}

    def deliver(self, decisions):
        for page, message in decisions:
            assert page in self.pages
            self.pages[page] = message.ice_servers

    @rule(page=st.integers(1, 4))
    def come_or_go(self, page):
        if page in self.pages:
            self.ice.remove_page(page)
            del self.pages[page]
        else:
            self.pages[page] = self.ice.add_page(page, HOST, self.now, UNIX + self.now)

    @rule(announced=st.lists(st.builds(Announcement, URLS, st.sampled_from(("", SECRET, OTHER_SECRET))), max_size=3))
    def replace(self, announced):
        self.secrets = {url: secret or SECRET for urls, secret in reversed(announced) for url in urls}
        self.deliver(self.ice.replace_gateways(announced, self.now, UNIX + self.now))

    @rule(seconds=st.floats(0, 2 * TTL))
    def wait(self, seconds):
        end = self.now + seconds
        while (due := self.ice.next_deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self.deliver(self.ice.renew(self.now, UNIX + self.now))
        self.now = end

    @invariant()
    def every_page_has_the_gateways_of_now(self):
        for servers in self.pages.values():
            assert sorted(url for server in servers for url in server.urls) == sorted(self.secrets)

    @invariant()
    def credentials_go_with_turn_alone_and_last_for_a_while(self):
        for server in (server for servers in self.pages.values() for server in servers):
            assert bool(server.username) == (STUN not in server.urls)
            assert not server.username or expiry_of(server.username) > UNIX + self.now + TTL - RENEWAL - 1

    @invariant()
    def every_gateway_takes_its_credentials(self):
        for server in (server for servers in self.pages.values() for server in servers if server.username):
            for url in server.urls:
                assert server.credential == password_for(self.secrets[url], server.username)


AnyOrder.TestCase.settings = settings(max_examples=50, stateful_step_count=20, deadline=None)
TestAnyOrder = AnyOrder.TestCase
