"""Packets and bytes of a listener, or of all that listened before."""


class Traffic:
    """What came from clients and went to them, besides what legs have relayed."""

    __slots__ = ("bytes_in", "bytes_out", "packets_in", "packets_out", "strays")

    def __init__(self) -> None:
        self.packets_in = self.bytes_in = self.packets_out = self.bytes_out = 0
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
        self.packets_out += to_client[0]
        self.bytes_out += to_client[1]
        self.packets_in += to_peer[0]
        self.bytes_in += to_peer[1]
