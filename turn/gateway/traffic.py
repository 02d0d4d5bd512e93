"""Packets and bytes of a listener. How they become metrics is left to turn/http/metrics.py."""


class Traffic:
    """Counts of what came from a listener's clients and went to them."""

    __slots__ = ("bytes_in", "bytes_out", "packets_in", "packets_out", "relayed_before", "strays")

    def __init__(self) -> None:
        self.packets_in = self.bytes_in = self.packets_out = self.bytes_out = 0
        """STUN alone, and of that nothing that holds data for or from a peer."""
        self.relayed_before = (0, 0, 0, 0)
        """Totals of allocations that are over: packets and bytes to clients, packets and bytes to peers."""
        self.strays = 0
        """ChannelData of clients that have no allocation, or that is cut off."""

    def count_received(self, size: int) -> None:
        """Count a message of ``size`` bytes from a client."""
        self.packets_in += 1
        self.bytes_in += size

    def count_sent(self, size: int) -> None:
        """Count a message of ``size`` bytes to a client."""
        self.packets_out += 1
        self.bytes_out += size

    def count_relayed(self, to_client: tuple[int, int], to_peer: tuple[int, int]) -> None:
        """Add the packets and bytes that an allocation has relayed, at its end."""
        before = self.relayed_before
        self.relayed_before = (
            before[0] + to_client[0],
            before[1] + to_client[1],
            before[2] + to_peer[0],
            before[3] + to_peer[1],
        )
