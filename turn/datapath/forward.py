"""The fast way: datagrams that a flow is known for, from the kernel and back to it, without a Python object on the way.

At the load of game sessions a packet comes alone and finds the caches cold, so what a relay costs is how much code and
memory it touches for one packet. This is therefore compiled. It waits for all sockets at once, forwards what flows.py
knows, and comes back only when there is something to decide.

It knows datagrams, ChannelData's header (RFC 8656 section 12.4) and flows; clients, peers and policy are left to
legs.py and datagrams.py.
"""

from typing import Final

from turn.datapath import gso
from turn.datapath.flow_table import HEADER, LEG, ROW_BYTES, UNTIL, flow, slot_of
from turn.datapath.gso import BYTES, OVER_RATE, TO_CLIENT, TO_PEER, counters
from turn.datapath.jit import compiled, numbers, octets, small_words, words
from turn.datapath.linux import (
    CLOCK_MONOTONIC,
    CONTROL_BYTES,
    CONTROL_WORDS,
    EVENT_DATA,
    EVENT_WORDS,
    GRO_KIND,
    HEAD_CONTROL_LENGTH,
    HEAD_LENGTH,
    HEAD_NAME_LENGTH,
    LOW,
    MAX_RUN_BYTES,
    MAX_SEGMENTS,
    MSG_DONTWAIT,
    NAME_BYTES,
    WORD,
    clock_gettime,
    epoll_wait,
    memmove,
    recvmmsg,
)
from turn.datapath.memory import (
    BATCH_COUNT,
    BATCH_FOUND,
    BATCH_NEXT,
    BUCKETS,
    CLOCK,
    CLOCK_WORDS,
    EVENTS,
    EVENTS_AT_ONCE,
    HEADROOM,
    HEADS,
    KEPT_AT_ONCE,
    KEPT_COUNT,
    KEPT_FD,
    KEPT_LENGTH,
    KEPT_OFFSET,
    KEPT_SEGMENT,
    KEPT_SLOT,
    KEPT_TOS,
    KINDS,
    MASK,
    MEMORY,
    RECEIVED_AT_ONCE,
    ROWS,
    SLOT,
    batch,
    control,
    head,
    kept,
    known,
    left,
    name,
)
from turn.relay.token_bucket import BURST, FILLED_AT, RATE, STATE, TOKENS
from turn.wire.channel import HEADER as CHANNEL_HEADER

PYTHON, RELAY, LISTENER = 0, 1, 2
"""Whose a socket is: asyncio's or nobody's, an allocation's, or one that clients send to."""

ASYNCIO, KEPT = 1, 2
"""What ``serve`` comes back for."""

AF_INET: Final = 2


@compiled
def serve(epoll: int, timeout: int, space: int) -> int:
    """Forward until there is something for Python, or ``timeout`` nanoseconds are over (-1: never): what there is.

    ``space`` is the address of a Space.
    """
    began = now(space)
    found = _read(began, space)  # what the last call has left
    if found:
        return found
    remains = timeout
    while True:
        wait = -1 if timeout < 0 else (remains + 999_999) // 1_000_000
        count = epoll_wait(epoll, space + EVENTS, EVENTS_AT_ONCE, wait)
        if count <= 0:
            return 0
        batch(space)[BATCH_NEXT], batch(space)[BATCH_COUNT] = 0, count
        at = now(space)
        found = _read(at, space)
        if found:
            return found
        remains = began + timeout - at
        if remains <= 0 <= timeout:
            return 0


@compiled
def now(space: int) -> int:
    """Nanoseconds of the clock that time.monotonic() has."""
    clock_gettime(CLOCK_MONOTONIC, space + CLOCK)
    clock = words(space + CLOCK, CLOCK_WORDS)
    return int(clock[0] * 1_000_000_000 + clock[1])


@compiled
def _read(now: int, space: int) -> int:
    """Read the sockets that epoll has named, as far as one that has something for Python: what there is.

    The next call goes on behind that one. epoll, if it were asked again, would name the same socket first, and whoever
    keeps it full would keep all others from being read.
    """
    named = batch(space)
    while named[BATCH_NEXT] < named[BATCH_COUNT]:
        event = named[BATCH_NEXT]
        named[BATCH_NEXT] += 1
        fd = small_words(space + EVENTS, EVENTS_AT_ONCE * EVENT_WORDS)[event * EVENT_WORDS + EVENT_DATA]
        kind = small_words(known(space)[KINDS], 1 + fd)[fd]
        if kind == PYTHON:  # or closed since epoll named it, which costs asyncio a look
            named[BATCH_FOUND] = ASYNCIO
            continue
        received = recvmmsg(fd, space + HEADS, RECEIVED_AT_ONCE, MSG_DONTWAIT, 0)
        if received <= 0:  # somebody else was quicker, or an ICMP error, which is taken off so
            continue
        left(space)[KEPT_COUNT], left(space)[KEPT_FD] = 0, fd
        if kind == RELAY:
            _to_client(fd, received, now, space)
        else:
            _to_peers(fd, received, now, space)
        for slot in range(received):
            head(space, slot)[HEAD_NAME_LENGTH] = NAME_BYTES
            head(space, slot)[HEAD_CONTROL_LENGTH] = CONTROL_BYTES
        if left(space)[KEPT_COUNT]:
            return KEPT
    found = named[BATCH_FOUND]
    named[BATCH_FOUND] = 0
    return int(found)


@compiled
def _to_client(fd: int, received: int, now: int, space: int) -> None:
    """What peers have sent to a relay address goes to its client, each datagram behind a header."""
    for slot in range(received):
        row = _flow(fd << 32, slot, now, space)
        length = head(space, slot)[HEAD_LENGTH] & LOW
        segment, tos = _about(slot, space)
        offset = slot * SLOT + HEADROOM
        if row == 0:
            _keep(slot, offset, length, segment, tos, space)
        elif not _may_pass(flow(row)[LEG], 0, length, now, space):
            counters(flow(row)[LEG], space)[OVER_RATE] += (length - 1) // segment + 1 if segment and length else 1
        else:
            counters(flow(row)[LEG], space)[TO_CLIENT + BYTES] += length
            if segment and length > segment:
                _send_headed(row, offset, length, segment, tos, space)
            else:
                gso.move_on(space)
                _write(offset - CHANNEL_HEADER, flow(row)[HEADER] | length, space)
                gso.add(TO_CLIENT, row, offset - CHANNEL_HEADER, length + CHANNEL_HEADER, tos, space)
    gso.flush(space)


@compiled
def _send_headed(row: int, offset: int, length: int, segment: int, tos: int, space: int) -> None:
    """A message that the kernel has put together: its datagrams are moved apart, to make room for their headers.

    To the left, into the headroom, each before the next. One piece is sent faster than many that stay where they are.
    """
    base = space + MEMORY
    most = min(MAX_SEGMENTS, MAX_RUN_BYTES // (segment + CHANNEL_HEADER))
    for begin in range(0, length, most * segment):
        end = min(begin + most * segment, length)
        count = (end - begin - 1) // segment + 1
        at = first = offset + begin - count * CHANNEL_HEADER
        for start in range(begin, end, segment):
            size = min(segment, end - start)
            _write(at, flow(row)[HEADER] | size, space)
            memmove(base + at + CHANNEL_HEADER, base + offset + start, size)
            at += CHANNEL_HEADER + size
        gso.send_whole(TO_CLIENT, row, count, first, at - first, segment + CHANNEL_HEADER, tos, space)


@compiled
def _to_peers(fd: int, received: int, now: int, space: int) -> None:
    """What clients have sent as ChannelData goes to their peers, without its header. Everything else is kept."""
    for slot in range(received):
        length = head(space, slot)[HEAD_LENGTH] & LOW
        segment, tos = _about(slot, space)
        step = segment if segment else max(length, 1)
        gso.move_on(space)
        for start in range(0, length, step):
            offset = slot * SLOT + HEADROOM + start
            room = min(step, length - start)
            size = _payload(offset, room, space)
            row = _flow(fd << 32 | _number(offset, space), slot, now, space) if size >= 0 else 0
            if row == 0:
                _keep(slot, offset, room, 0, tos, space)
                gso.move_on(space)  # nothing may be moved over it
            elif not _may_pass(flow(row)[LEG], STATE, size, now, space):
                counters(flow(row)[LEG], space)[OVER_RATE] += 1
            else:
                counters(flow(row)[LEG], space)[TO_PEER + BYTES] += size
                gso.add(TO_PEER, row, offset + CHANNEL_HEADER, size, tos, space)
    gso.flush(space)


@compiled
def _payload(offset: int, room: int, space: int) -> int:
    """How many bytes the ChannelData message there carries; -1 if it is none, or is cut off."""
    header = octets(space + MEMORY + offset, CHANNEL_HEADER)
    if room < CHANNEL_HEADER or header[0] >> 6 != 1:
        return -1
    size = header[2] << 8 | header[3]
    return int(size) if size + CHANNEL_HEADER <= room else -1


@compiled
def _number(offset: int, space: int) -> int:
    """The channel number of the ChannelData message there."""
    header = octets(space + MEMORY + offset, CHANNEL_HEADER)
    return int(header[0] << 8 | header[1])


@compiled
def _flow(socket_word: int, slot: int, now: int, space: int) -> int:
    """The flow that a message belongs to, as the address of its row; 0 if none is known, or its time is over."""
    source, rows, mask = name(space, slot), known(space)[ROWS], known(space)[MASK]
    if source[0] & 0xFFFF == AF_INET:
        row = slot_of(rows, mask, socket_word, source[0], 0, 0)
    else:  # with the scope of a link-local address in place of the flow information, which has no meaning to us
        row = slot_of(rows, mask, socket_word, source[0] & LOW | (source[3] & LOW) << 32, source[1], source[2])
    if row < 0:
        return 0
    found = rows + row * ROW_BYTES
    return int(found) if now < flow(found)[UNTIL] else 0


@compiled
def _about(slot: int, space: int) -> tuple[int, int]:
    """The length of the datagrams that a message consists of (0: it is one), and their TOS."""
    segment, tos = 0, 0
    marks = control(space, slot)
    count = head(space, slot)[HEAD_CONTROL_LENGTH] // WORD
    for at in range(0, count - CONTROL_WORDS + 1, CONTROL_WORDS):
        if marks[at + 1] == GRO_KIND:
            segment = marks[at + 2] & 0xFFFF
        else:
            tos = marks[at + 2] & 0xFF
    return segment, tos


@compiled
def _keep(slot: int, offset: int, length: int, segment: int, tos: int, space: int) -> None:
    """Leave a message to Python."""
    at = left(space)[KEPT_COUNT]
    if at < KEPT_AT_ONCE:
        message = kept(space, at)
        message[KEPT_OFFSET], message[KEPT_LENGTH], message[KEPT_SEGMENT] = offset, length, segment
        message[KEPT_TOS], message[KEPT_SLOT] = tos, slot
        left(space)[KEPT_COUNT] = at + 1


@compiled
def _may_pass(leg: int, at: int, size: int, now: int, space: int) -> bool:
    """As ``Bucket.take`` (rates.py) says, with the numbers that begin at ``at``; no limit while the rate is 0."""
    bucket = numbers(known(space)[BUCKETS] + (leg * 2 * STATE + at) * WORD, STATE)
    if bucket[RATE] == 0.0:
        return True
    seconds = now * 1e-9
    gained = max(0.0, seconds - bucket[FILLED_AT]) * bucket[RATE]
    tokens = min(bucket[BURST], bucket[TOKENS] + gained)
    passes = tokens >= min(float(size), bucket[BURST])
    bucket[FILLED_AT] = seconds
    bucket[TOKENS] = tokens - size if passes else tokens
    return bool(passes)


@compiled
def _write(offset: int, number: int, space: int) -> None:
    """Four bytes, big-endian."""
    memory = octets(space + MEMORY + offset, 4)
    memory[0] = number >> 24
    memory[1] = number >> 16 & 0xFF
    memory[2] = number >> 8 & 0xFF
    memory[3] = number & 0xFF
