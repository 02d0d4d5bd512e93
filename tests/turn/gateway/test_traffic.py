"""Packets and bytes of a listener."""

from turn.gateway.traffic import Traffic


def test_messages_and_relayed_packets_are_counted_apart() -> None:
    traffic = Traffic()
    traffic.received(100)
    traffic.sent(60)
    traffic.sent(40)
    traffic.relayed((3, 300), (1, 10))
    traffic.relayed((1, 100), (1, 10))
    assert (traffic.packets_in, traffic.bytes_in) == (1, 100)
    assert (traffic.packets_out, traffic.bytes_out) == (2, 100)
    assert traffic.relayed_before == (4, 400, 2, 20)
