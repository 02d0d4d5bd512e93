"""What the gateway tells about itself over HTTP."""

import aiohttp
import pytest

from tests.turn.live_gateway import HOST, run
from turn.gateway.sockets import NotServedError
from turn.http.health import Health, serving
from turn.http.metrics import Figure


class Asked:
    """Somebody who knows the answers."""

    def __init__(self) -> None:
        self.state = "NOT-READY"

    async def figures(self) -> list[Figure]:
        return [("stunner_allocations_active", (), 3)]


def test_the_pages() -> None:
    async def scenario() -> None:
        asked = Asked()
        health = Health(asked, lambda: {"realm": "arcade"})
        async with serving(HOST, 0, 0, health) as (metrics, port), aiohttp.ClientSession() as session:

            async def get(path: str, where: int = port) -> tuple[int, str]:
                async with session.get(f"http://{HOST}:{where}{path}") as answer:
                    return answer.status, await answer.text()

            assert await get("/live") == (200, "{}")
            assert (await get("/ready"))[0] == 503
            asked.state = "READY"
            assert await get("/ready") == (200, '{"status": 200, "message": "READY"}')
            asked.state = "TERMINATING"
            assert "TERMINATING" in (await get("/ready"))[1]
            status = (await get("/status"))[1]
            assert '"allocationCount": 3' in status
            assert '"realm": "arcade"' in status
            assert "stunner_allocations_active 3.0" in (await get("/metrics", metrics))[1]
            assert (await get("/", port))[0] == 404

    run(scenario)


@pytest.mark.parametrize("taken", ["metrics", "health"])
def test_a_port_that_is_taken_is_said(taken: str) -> None:
    async def scenario() -> None:
        health = Health(Asked(), dict)
        async with serving(HOST, 0, 0, health) as (metrics, port):
            ports = (metrics, 0) if taken == "metrics" else (0, port)
            with pytest.raises(NotServedError, match=f"--{taken}-port"):
                async with serving(HOST, *ports, health):
                    raise AssertionError

    run(scenario)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_none_of_this_machine_is_said(host: str) -> None:
    async def scenario() -> None:
        with pytest.raises(NotServedError, match=f"{host} port 0: that is no address of this machine.*--internal-host"):
            async with serving(host, 0, 0, Health(Asked(), dict)):
                raise AssertionError

    run(scenario)
