"""A TURN client that asks a gateway for a peer: a program that prints the code of the refusal, or 0 for a permission.

Its arguments are the gateway's address, a user name and a password, and the peer.
"""

import asyncio
import sys

from aioice import stun, turn

from tests.turn.peers.aioice_client import WITHIN, Receiver

PORT = 3478


async def main(gateway: str, user: str, password: str, peer: str) -> int:
    async with asyncio.timeout(WITHIN):
        transport, receiver = await turn.create_turn_endpoint(
            Receiver, server_addr=(gateway, PORT), username=user, password=password
        )
        client = transport._TurnTransport__inner_protocol  # its way to wait for a channel
        try:
            await client.channel_bind(0x4000, (peer, 9))
            return 0
        except stun.TransactionFailed as refused:
            return int(refused.response.error_code)
        finally:
            transport.close()
            await receiver.closed.wait()


if __name__ == "__main__":
    sys.stdout.write(str(asyncio.run(main(*sys.argv[1:]))))
