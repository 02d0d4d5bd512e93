"""Gateways that are far away: a program that stands before them, and lets every datagram take its time.

Its arguments are ways, such as ``198.51.100.1=203.0.113.1=0.06``: where a browser finds the gateway, where it is, and
how many seconds lie between. It runs until its input ends.
"""

import asyncio
import sys

from tests.e2e.network.impairment import Impairment, Proxy

PORT = 3478


async def main(ways: list[str]) -> None:
    loop = asyncio.get_running_loop()
    for seen, target, seconds in (way.split("=") for way in ways):
        impairment = Impairment(latency=float(seconds))
        await loop.create_datagram_endpoint(
            lambda target=target, impairment=impairment: Proxy((target, PORT), impairment), local_addr=(seen, PORT)
        )
    sys.stdout.write("there\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
