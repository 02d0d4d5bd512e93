"""coturn's own client against our gateway and against coturn: no packet lost, and the same totals."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.turn.peers import uclient
from tests.turn.peers.servers import Server
from tests.turn.peers.uclient import Ended

AT_A_TIME = 12
"""Runs side by side: they wait more than they work."""

LOAD = "-n 100 -m 10 -z 5 -l 1000"

VARIANTS = (
    *("", "-c", "-s", "-y", "-y -s", "-y -c", "-X", "-g", "-g -s", "-D", "-G", "-G -s", "-B"),
    *("-x", "-x -s", "-x -y"),
    *("-t", "-t -s", "-t -y", "-t -x", "-t -D", "-t -G", "-t -B"),
    *("-t -S", "-t -S -s", "-t -S -x", "-t -S -G"),
    *("-S", "-S -s", "-S -y", "-S -x", "-S -G"),
    *(LOAD, f"{LOAD} -s", f"{LOAD} -t", f"{LOAD} -t -S", f"{LOAD} -S"),
)
"""UDP, IPv6, TCP, TLS and DTLS: with channels or Send indications (-s), to a peer or client to client (-y), with RTCP
ports or without (-c), DONT-FRAGMENT (-g), padding (-D), requests for peers that are not allowed (-G), clients that
disconnect at random (-B)."""

ATTEMPTS = 3
"""Among many clients on a busy machine this one loses packets of its own now and then, with coturn as with us. Then it
runs once more; what the server loses, it loses every time."""

UNREAD = 8
"""Records that the client leaves in OpenSSL's buffers at the end of -t -S -y, about one or two of its four connections
each: it reads one when its socket becomes readable, however many there are. The same against coturn."""

TRANSPORTS = {"udp": "", "tcp": "-t", "tls": "-t -S", "dtls": "-S"}
by_each_transport = pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS)

BROKEN = 6
"""Runs with broken requests, by each transport."""

HELD_UP = 4.0
"""Seconds that a run with broken requests gets: a client that waits for the answer to one waits for ever."""


@pytest.fixture(scope="module")
def runs(
    request: pytest.FixtureRequest, gateway: Server, coturn: Server, echo_peer: int
) -> Iterator[dict[str, tuple["Future[Ended]", "Future[Ended]"]]]:
    """Start all variants that the tests ask for at once, against ours and against coturn."""
    wanted = [item.callspec.params["flags"] for item in request.session.items if _has_flags(item)]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        yield {
            flags: tuple(pool.submit(_run, server, echo_peer, flags) for server in (gateway, coturn))
            for flags in wanted
        }


def _run(server: Server, peer_port: int, flags: str) -> Ended:
    for _ in range(ATTEMPTS):
        ended = uclient.run(server, peer_port, flags)
        if ended.totals is not None and ended.totals.whole:
            break
    return ended


def _has_flags(item: pytest.Item) -> bool:
    return item.path.samefile(__file__) and "flags" in getattr(getattr(item, "callspec", None), "params", {})


@pytest.mark.parametrize("flags", VARIANTS, ids=lambda flags: flags.replace(" ", "") or "plain")
def test_nothing_is_lost_and_the_totals_are_those_of_coturn(
    runs: dict[str, tuple["Future[Ended]", "Future[Ended]"]], flags: str
) -> None:
    ours, theirs = (run.result() for run in runs[flags])
    assert ours.code == 0, ours.output
    assert ours.totals is not None, ours.output
    assert ours.totals.whole
    assert theirs.totals is not None, theirs.output
    if theirs.totals.whole:  # on a busy machine coturn may lose some every time
        assert ours.totals == theirs.totals


def test_tls_from_client_to_client(gateway: Server, coturn: Server, echo_peer: int) -> None:
    def runs(server: Server) -> list[Ended]:
        """Run the client until it leaves little unread, which depends on how busy the machine is."""
        ended: list[Ended] = []
        while len(ended) < ATTEMPTS and not (ended and _is_nearly_whole(ended[-1])):
            ended.append(uclient.run(server, echo_peer, "-t -S -y -n 50"))
        return ended

    with ThreadPoolExecutor() as pool:
        for ended in pool.map(runs, (gateway, coturn)):
            assert _is_nearly_whole(ended[-1]), [each.output for each in ended]


def _is_nearly_whole(ended: Ended) -> bool:
    if ended.totals is None:
        return False
    sent, received = ended.totals.messages
    return sent == 4 * 50 and received >= sent - UNREAD


def test_time_limited_credentials(gateway: Server, echo_peer: int) -> None:
    ended = uclient.run(gateway, echo_peer, "-c", secret=True)
    assert ended.totals is not None, ended.output
    assert ended.totals.messages == (5, 5)


def test_a_second_channel_for_the_same_peer_is_refused(gateway: Server, coturn: Server, echo_peer: int) -> None:
    """-N asks for a second channel, and for nothing else: coturn refuses it as well, and the client gives up."""
    for server in (gateway, coturn):
        ended = uclient.run(server, echo_peer, "-N")
        assert "channel bind: error 400" in ended.output
        assert ended.code == 255
    assert gateway.serves()


@pytest.fixture(scope="module")
def broken(gateway: Server, echo_peer: int) -> Iterator[dict[str, list["Future[Ended]"]]]:
    """Run clients with broken requests by each transport, all begun at once: most of them wait for ever."""
    with ThreadPoolExecutor(BROKEN * len(TRANSPORTS)) as pool:
        yield {
            flag: [pool.submit(uclient.run, gateway, echo_peer, f"-R {flag}", seconds=HELD_UP) for _ in range(BROKEN)]
            for flag in TRANSPORTS.values()
        }


@by_each_transport
def test_broken_requests_do_no_harm(
    broken: dict[str, list["Future[Ended]"]], gateway: Server, echo_peer: int, transport: str
) -> None:
    """-R alters bytes of every tenth message: the client may fail or wait for ever, the gateway may not mind."""
    assert all(run.result() for run in broken[transport])
    assert gateway.process.poll() is None
    assert gateway.serves()
    whole = uclient.run(gateway, echo_peer, f"-c {transport}")
    assert whole.totals is not None, whole.output
    assert whole.totals.whole


@by_each_transport
def test_clients_that_come_and_go_do_no_harm(gateway: Server, echo_peer: int, transport: str) -> None:
    """-O: allocate and leave without a word, many times. (Without -c it ends when it has skipped a reservation.)"""
    ended = uclient.run(gateway, echo_peer, f"-O -c -m 20 {transport}")
    assert ended.code == 0, ended.output
    assert gateway.process.poll() is None
    assert gateway.serves()
