"""Packets and bytes of a listener."""


class Traffic:
    """What came from clients and went to them."""

    __slots__ = ("bytes_in", "bytes_out", "packets_in", "packets_out", "relayed_before", "strays")

    def __init__(self) -> None:
        self.packets_in = self.bytes_in = self.packets_out = self.bytes_out = 0
        """STUN alone, and of that nothing that holds data for or from a peer."""
        self.relayed_before = (0, 0, 0, 0)
        """By legs that are over: packets and bytes to clients, packets and bytes to peers."""
        self.strays = 0
        """ChannelData of clients that have no allocation, or that is cut off."""

    def received(self, size: int) -> None:
        """A message came."""
        self.packets_in += 1
        self.bytes_in += size

    def sent(self, size: int) -> None:
        """A message went."""
        self.packets_out += 1
        self.bytes_out += size

    def relayed(self, to_client: tuple[int, int], to_peer: tuple[int, int]) -> None:
        """A leg is over that has relayed so many packets and bytes."""
        before = self.relayed_before
        self.relayed_before = (
            before[0] + to_client[0],
            before[1] + to_client[1],
            before[2] + to_peer[0],
            before[3] + to_peer[1],
        )
