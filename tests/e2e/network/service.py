"""What a Service does for gateways' UDP port: a new client goes to a pod that is ready, and stays with it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

Address = tuple[str, int]


class Service(asyncio.DatagramProtocol):
    """A port in front of several. ``pods`` gives those that are ready now, by their ports on the loopback."""

    def __init__(self, pods: Callable[[], list[int]]) -> None:
        self._pods = pods
        self._flows: dict[Address, _Flow] = {}
        self.port = 0

    async def __aenter__(self) -> "Service":
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0)
        )
        self.port = self._transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._transport.close()
        for flow in self._flows.values():
            flow.close()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        flow = self._flows.get(addr)
        if flow is None:
            ready = self._pods()
            if not ready:
                return
            flow = self._flows[addr] = _Flow(ready[0], lambda answer: self._transport.sendto(answer, addr))
        flow.send(data)


class _Flow(asyncio.DatagramProtocol):
    """One client, as its pod sees it."""

    def __init__(self, pod: int, answer: Callable[[bytes], None]) -> None:
        self.pod = pod
        self._answer = answer
        self._transport: asyncio.DatagramTransport | None = None
        self._waiting: list[bytes] = []
        self._opening = asyncio.ensure_future(self._open())

    async def _open(self) -> None:
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, remote_addr=("127.0.0.1", self.pod)
        )
        for data in self._waiting:
            self._transport.sendto(data)
        self._waiting.clear()

    def send(self, data: bytes) -> None:
        if self._transport is None:
            self._waiting.append(data)
        else:
            with suppress(OSError):
                self._transport.sendto(data)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._answer(data)

    def close(self) -> None:
        self._opening.cancel()
        if self._transport is not None:
            self._transport.close()
