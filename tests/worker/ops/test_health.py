import socket

import aiohttp
import pytest

from worker.ops.health import PortInUseError, serving


async def test_the_three_pages() -> None:
    ready = False
    async with (
        serving("127.0.0.1", 0, lambda: b"figures 1\n", lambda: ready) as port,
        aiohttp.ClientSession() as client,
    ):

        async def get(page: str) -> tuple[int, str]:
            async with client.get(f"http://127.0.0.1:{port}/{page}") as response:
                return response.status, await response.text()

        assert await get("live") == (200, "live\n")
        assert await get("ready") == (503, "not ready\n")
        ready = True
        assert await get("ready") == (200, "ready\n")
        assert await get("metrics") == (200, "figures 1\n")
        assert (await get("else"))[0] == 404
        async with client.get(f"http://127.0.0.1:{port}/metrics") as response:
            assert response.headers["Content-Type"].startswith("text/plain; version=")


async def test_a_busy_port_gives_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortInUseError) as caught:
            async with serving("127.0.0.1", port, bytes, lambda: True):
                pytest.fail("served on a busy port")
    assert str(caught.value).startswith(f"The metrics can't be served on 127.0.0.1 port {port}, which is in use")
    assert "COINOP_WORKER_METRICS_PORT" in str(caught.value)


async def test_an_address_that_is_not_ours() -> None:
    with pytest.raises(OSError, match=r"192\.0\.2\.1"):
        async with serving("192.0.2.1", 0, bytes, lambda: True):
            pytest.fail("served on somebody else's address")
