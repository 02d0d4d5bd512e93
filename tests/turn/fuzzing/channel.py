"""Any bytes as ChannelData, and as a stream: it is cut in the same way whatever pieces it arrives in."""

from turn.wire import channel
from turn.wire.errors import Malformed


def one_input(data: bytes) -> None:
    """The first byte says how long the pieces are."""
    try:
        number, payload = channel.decode(data)
    except Malformed:
        pass
    else:
        assert channel.FIRST_CHANNEL <= number <= channel.LAST_CHANNEL
        assert bytes(channel.decode(channel.encode(number, payload))[1]) == bytes(payload)
    if data:
        step, stream = data[0] % 64 + 1, data[1:]
        assert frames(stream, step) == frames(stream, max(1, len(stream)))


def frames(stream: bytes, step: int) -> tuple[list[bytes], bool]:
    """The frames, and whether the stream is broken."""
    deframer = channel.Deframer()
    found: list[bytes] = []
    for at in range(0, len(stream), step):
        try:
            found += map(bytes, deframer.feed(stream[at : at + step]))
        except Malformed:
            return settled(found, stream), True
        assert deframer.held < deframer.limit
    return found, False


def settled(found: list[bytes], stream: bytes) -> list[bytes]:
    """A piece that holds good frames and a bad one gives up the good ones too: only small pieces tell them apart."""
    deframer, before = channel.Deframer(), []
    for at in range(len(stream)):
        try:
            before += map(bytes, deframer.feed(stream[at : at + 1]))
        except Malformed:
            break
    assert before[: len(found)] == found
    return before
