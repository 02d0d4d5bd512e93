"""Any bytes as ChannelData, and as a stream: it is cut in the same way whatever pieces it arrives in."""

from turn.wire import channel
from turn.wire.errors import MalformedError


def one_input(data: bytes) -> None:
    """Cut the bytes into pieces, whose length the first byte says, and read them as a stream."""
    try:
        number, payload = channel.decode(data)
    except MalformedError:
        pass
    else:
        assert channel.FIRST_CHANNEL <= number <= channel.LAST_CHANNEL
        assert bytes(channel.decode(channel.encode(number, payload))[1]) == bytes(payload)
    if data:
        step, stream = data[0] % 64 + 1, data[1:]
        assert frames(stream, step) == frames(stream, max(1, len(stream)))


def frames(stream: bytes, step: int) -> tuple[list[bytes], bool]:
    """Return the frames, and whether the stream is broken."""
    deframer = channel.Deframer()
    found: list[bytes] = []
    for at in range(0, len(stream), step):
        try:
            found += map(bytes, deframer.feed(stream[at : at + step]))
        except MalformedError:
            return settled(found, stream), True
        assert deframer.held < deframer.limit
    return found, False


def settled(found: list[bytes], stream: bytes) -> list[bytes]:
    """Return the frames before a bad one: pieces that hold good and bad ones give up the good ones too."""
    deframer, before = channel.Deframer(), []
    for at in range(len(stream)):
        try:
            before += map(bytes, deframer.feed(stream[at : at + 1]))
        except MalformedError:
            break
    assert before[: len(found)] == found
    return before
