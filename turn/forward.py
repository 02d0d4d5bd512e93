"""The fast way: datagrams that a flow is known for, from the kernel and back to it, without a Python object on the way.

At the load of game sessions a packet comes alone and finds the caches cold, so what a relay costs is how much code and
memory it touches for one packet. This is therefore compiled. It waits for all sockets at once, forwards what flows.py
knows, and comes back only when there is something to decide.

It knows datagrams, ChannelData's header (RFC 8656 section 12.4) and flows; clients, peers and policy are left to
legs.py and datagrams.py.
"""

from typing import Any, Final, NamedTuple

from turn import runs
from turn.channel import HEADER as CHANNEL_HEADER
from turn.compiled import compiled
from turn.flows import HEADER, LEG, UNTIL, slot_of
from turn.kernel import (
    CLOCK_MONOTONIC,
    CONTROL_BYTES,
    CONTROL_WORDS,
    EVENT_DATA,
    EVENT_WORDS,
    EVENTS_AT_ONCE,
    GRO_KIND,
    HEAD_CONTROL_LENGTH,
    HEAD_LENGTH,
    HEAD_NAME_LENGTH,
    HEADROOM,
    KEPT_AT_ONCE,
    LOW,
    MAX_RUN_BYTES,
    MAX_SEGMENTS,
    MSG_DONTWAIT,
    NAME_BYTES,
    RECEIVED_AT_ONCE,
    SLOT,
    Space,
    clock_gettime,
    epoll_wait,
    memmove,
    recvmmsg,
)
from turn.rates import BURST, FILLED_AT, RATE, STATE, TOKENS
from turn.runs import BYTES, OVER_RATE, TO_CLIENT, TO_PEER

PYTHON, RELAY, LISTENER = 0, 1, 2
"""Whose a socket is: asyncio's or nobody's, an allocation's, or one that clients send to."""

ASYNCIO, KEPT = 1, 2
"""What ``serve`` comes back for."""
KEPT_OFFSET, KEPT_LENGTH, KEPT_SEGMENT, KEPT_TOS, KEPT_SLOT = range(5)
KEPT_COUNT, KEPT_FD = range(2)

AF_INET: Final = 2


class Tables(NamedTuple):
    """What is known. Arrays."""

    kinds: Any
    """Whose each socket is, by file descriptor."""
    rows: Any
    """Of Flows."""
    legs: Any
    """Counters, by a flow's LEG: see runs.TO_CLIENT."""
    buckets: Any
    """The same leg's two token buckets, as rates.Bucket keeps them: of what goes to the client, and to peers."""


@compiled
def serve(epoll: int, timeout: int, t: Tables, s: Space) -> int:
    """Forward until there is something for Python, or ``timeout`` nanoseconds are over (-1: never): what there is."""
    end = now(s) + timeout
    left = timeout
    while True:
        wait = -1 if timeout < 0 else (left + 999_999) // 1_000_000
        count = epoll_wait(epoll, s.events.ctypes.data, EVENTS_AT_ONCE, wait)
        if count <= 0:
            return 0
        found = _read(count, now(s), t, s)
        if found:
            return found
        left = end - now(s)
        if left <= 0 <= timeout:
            return 0


@compiled
def now(s: Space) -> int:
    """Nanoseconds of the clock that time.monotonic() has."""
    clock_gettime(CLOCK_MONOTONIC, s.clock.ctypes.data)
    return int(s.clock[0] * 1_000_000_000 + s.clock[1])


@compiled
def _read(count: int, now: int, t: Tables, s: Space) -> int:
    """Read so many sockets, or until there is something for Python: what there is."""
    found = 0
    for event in range(count):
        fd = s.events[event * EVENT_WORDS + EVENT_DATA]
        if t.kinds[fd] == PYTHON:
            found = ASYNCIO
            continue
        received = recvmmsg(fd, s.heads.ctypes.data, RECEIVED_AT_ONCE, MSG_DONTWAIT, 0)
        if received <= 0:  # somebody else was quicker, or an ICMP error, which is taken off so
            continue
        s.left[KEPT_COUNT], s.left[KEPT_FD] = 0, fd
        if t.kinds[fd] == RELAY:
            _to_client(fd, received, now, t, s)
        else:
            _to_peers(fd, received, now, t, s)
        for slot in range(received):
            s.heads[slot, HEAD_NAME_LENGTH] = NAME_BYTES
            s.heads[slot, HEAD_CONTROL_LENGTH] = CONTROL_BYTES
        if s.left[KEPT_COUNT]:
            return KEPT
    return found


@compiled
def _to_client(fd: int, received: int, now: int, t: Tables, s: Space) -> None:
    """What peers have sent to a relay address goes to its client, each datagram behind a header."""
    s.run[runs.WAY] = TO_CLIENT
    for slot in range(received):
        row = _flow(fd << 32, slot, now, t.rows, s)
        length = s.heads[slot, HEAD_LENGTH] & LOW
        segment, tos = _about(slot, s)
        offset = slot * SLOT + HEADROOM
        if row < 0:
            _keep(slot, offset, length, segment, tos, s)
        elif not _may_pass(t.buckets, t.rows[row, LEG], 0, length, now):
            t.legs[t.rows[row, LEG], OVER_RATE] += (length - 1) // segment + 1 if segment and length else 1
        else:
            t.legs[t.rows[row, LEG], TO_CLIENT + BYTES] += length
            if segment and length > segment:
                _send_headed(row, offset, length, segment, tos, t, s)
            else:
                s.run[runs.END] = 0  # the next slot is elsewhere
                _write(s.memory, offset - CHANNEL_HEADER, t.rows[row, HEADER] | length)
                runs.add(row, offset - CHANNEL_HEADER, length + CHANNEL_HEADER, tos, t.rows, t.legs, s)
    runs.flush(t.rows, t.legs, s)


@compiled
def _send_headed(row: int, offset: int, length: int, segment: int, tos: int, t: Tables, s: Space) -> None:
    """A message that the kernel has put together: its datagrams are moved apart, to make room for their headers.

    To the left, into the headroom, each before the next. One piece is sent faster than many that stay where they are.
    """
    base = s.memory.ctypes.data
    most = min(MAX_SEGMENTS, MAX_RUN_BYTES // (segment + CHANNEL_HEADER))
    for begin in range(0, length, most * segment):
        end = min(begin + most * segment, length)
        count = (end - begin - 1) // segment + 1
        at = first = offset + begin - count * CHANNEL_HEADER
        for start in range(begin, end, segment):
            size = min(segment, end - start)
            _write(s.memory, at, t.rows[row, HEADER] | size)
            memmove(base + at + CHANNEL_HEADER, base + offset + start, size)
            at += CHANNEL_HEADER + size
        runs.send_whole(row, count, first, at - first, segment + CHANNEL_HEADER, tos, t.rows, t.legs, s)


@compiled
def _to_peers(fd: int, received: int, now: int, t: Tables, s: Space) -> None:
    """What clients have sent as ChannelData goes to their peers, without its header. Everything else is kept."""
    s.run[runs.WAY] = TO_PEER
    for slot in range(received):
        length = s.heads[slot, HEAD_LENGTH] & LOW
        segment, tos = _about(slot, s)
        step = segment if segment else max(length, 1)
        s.run[runs.END] = 0
        for start in range(0, length, step):
            offset = slot * SLOT + HEADROOM + start
            room = min(step, length - start)
            size = _payload(offset, room, s)
            row = _flow(fd << 32 | _number(offset, s), slot, now, t.rows, s) if size >= 0 else -1
            if row < 0:
                _keep(slot, offset, room, 0, tos, s)
                s.run[runs.END] = 0  # nothing may be moved over it
            elif not _may_pass(t.buckets, t.rows[row, LEG], STATE, size, now):
                t.legs[t.rows[row, LEG], OVER_RATE] += 1
            else:
                t.legs[t.rows[row, LEG], TO_PEER + BYTES] += size
                runs.add(row, offset + CHANNEL_HEADER, size, tos, t.rows, t.legs, s)
    runs.flush(t.rows, t.legs, s)


@compiled
def _payload(offset: int, room: int, s: Space) -> int:
    """How many bytes the ChannelData message there carries; -1 if it is none, or is cut off."""
    if room < CHANNEL_HEADER or s.memory[offset] >> 6 != 1:
        return -1
    size = s.memory[offset + 2] << 8 | s.memory[offset + 3]
    return int(size) if size + CHANNEL_HEADER <= room else -1


@compiled
def _number(offset: int, s: Space) -> int:
    """The channel number of the ChannelData message there."""
    return int(s.memory[offset] << 8 | s.memory[offset + 1])


@compiled
def _flow(socket_word: int, slot: int, now: int, rows: Any, s: Space) -> int:
    """The row of the flow that a message belongs to; -1 if none is known, or its time is over."""
    first = s.names[slot, 0]
    if first & 0xFFFF == AF_INET:
        row = slot_of(rows, socket_word, first, 0, 0)
    else:  # with the scope of a link-local address in place of the flow information, which has no meaning to us
        scope = (s.names[slot, 3] & LOW) << 32
        row = slot_of(rows, socket_word, first & LOW | scope, s.names[slot, 1], s.names[slot, 2])
    return row if row >= 0 and now < rows[row, UNTIL] else -1


@compiled
def _about(slot: int, s: Space) -> tuple[int, int]:
    """The length of the datagrams that a message consists of (0: it is one), and their TOS."""
    segment, tos = 0, 0
    words = s.heads[slot, HEAD_CONTROL_LENGTH] // 8
    for at in range(0, words - CONTROL_WORDS + 1, CONTROL_WORDS):
        if s.controls[slot, at + 1] == GRO_KIND:
            segment = s.controls[slot, at + 2] & 0xFFFF
        else:
            tos = s.controls[slot, at + 2] & 0xFF
    return segment, tos


@compiled
def _keep(slot: int, offset: int, length: int, segment: int, tos: int, s: Space) -> None:
    """Leave a message to Python."""
    at = s.left[KEPT_COUNT]
    if at < KEPT_AT_ONCE:
        s.kept[at, KEPT_OFFSET], s.kept[at, KEPT_LENGTH], s.kept[at, KEPT_SEGMENT] = offset, length, segment
        s.kept[at, KEPT_TOS], s.kept[at, KEPT_SLOT] = tos, slot
        s.left[KEPT_COUNT] = at + 1


@compiled
def _may_pass(buckets: Any, leg: int, at: int, size: int, now: int) -> bool:
    """As ``Bucket.take`` (rates.py) says, with the numbers that begin at ``at``; no limit while the rate is 0."""
    rate = buckets[leg, at + RATE]
    if rate == 0.0:
        return True
    burst = buckets[leg, at + BURST]
    seconds = now * 1e-9
    tokens = min(burst, buckets[leg, at + TOKENS] + max(0.0, seconds - buckets[leg, at + FILLED_AT]) * rate)
    passes = tokens >= min(float(size), burst)
    buckets[leg, at + FILLED_AT] = seconds
    buckets[leg, at + TOKENS] = tokens - size if passes else tokens
    return bool(passes)


@compiled
def _write(memory: Any, at: int, number: int) -> None:
    """Four bytes, big-endian."""
    memory[at] = number >> 24
    memory[at + 1] = number >> 16 & 0xFF
    memory[at + 2] = number >> 8 & 0xFF
    memory[at + 3] = number & 0xFF
