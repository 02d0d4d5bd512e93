"""The fast path: datagrams that a flow is known for, from the kernel and back to it, without a Python object between.

At the load of game sessions a packet comes alone and finds the caches cold, so what a relay costs is how much code and
memory it touches for one packet. This is therefore compiled. It waits for all sockets at once, forwards what the flow
table knows, and comes back only when there is something to decide.

It knows datagrams, ChannelData's header (RFC 8656 section 12.4) and flows; clients, peers and policy are left to the
gateway.
"""

from typing import Final

from turn.datapath import gso
from turn.datapath.flow_table import FLOW, NO_FLOW, row_of
from turn.datapath.gso import TO_CLIENT, TO_PEER, counters_of
from turn.datapath.jit import compiled
from turn.datapath.linux import (
    AF_INET,
    CLOCK_MONOTONIC,
    CMSGHDR,
    MAX_BATCH_BYTES,
    MAX_SEGMENTS,
    MSG_DONTWAIT,
    SOCKADDR_IN,
    SOL_UDP,
    SockaddrIn6,
    clock_gettime,
    epoll_wait,
    memmove,
    recvmmsg,
)
from turn.datapath.memory import (
    BUCKETS,
    EVENTS_AT_ONCE,
    HANDED_OVER_AT_ONCE,
    MEMORY,
    RECEIVED_AT_ONCE,
    SOCKET,
    Memory,
    TokenBucket,
    make_room,
)
from turn.datapath.pointers import address_of, element_at, record_at
from turn.datapath.records import Int16, layout_of
from turn.wire.channel import HEADER as CHANNEL_HEADER

OTHER, RELAYED, LISTENER = 0, 1, 2
"""The role of a socket: asyncio's or nobody's, a relayed address's, or one that clients send to."""

ASYNCIO, HANDED_OVER = 1, 2
"""What ``serve`` comes back for."""

LOW: Final = 0xFFFF_FFFF
CMSG_BYTES: Final = CMSGHDR.itemsize


class ChannelData:
    """The header of ChannelData, in network byte order. It may lie at any address."""

    _packed_ = True
    number: Int16
    length: Int16


CHANNEL_DATA: Final = layout_of(ChannelData)


@compiled
def serve(epoll: int, timeout: int, address: int) -> int:
    """Forward until there is something for Python, or ``timeout`` nanoseconds are over (-1: never).

    ``address`` is that of a Memory. Return ASYNCIO, HANDED_OVER, or 0 if the time is over.
    """
    memory = record_at(address, MEMORY)
    began = now(memory)
    found = _read(memory, began)  # what the last call has left
    if found:
        return found
    remains = timeout
    while True:
        wait = -1 if timeout < 0 else (remains + 999_999) // 1_000_000
        count = epoll_wait(epoll, address_of(memory.events), EVENTS_AT_ONCE, wait)
        if count <= 0:
            return 0
        memory.ready.next, memory.ready.count = 0, count
        at = now(memory)
        found = _read(memory, at)
        if found:
            return found
        remains = began + timeout - at
        if remains <= 0 <= timeout:
            return 0


@compiled
def now(memory: Memory) -> int:
    """Return the nanoseconds of the clock that time.monotonic() has."""
    clock_gettime(CLOCK_MONOTONIC, address_of(memory.clock))
    return memory.clock.tv_sec * 1_000_000_000 + memory.clock.tv_nsec


@compiled
def _read(memory: Memory, now: int) -> int:
    """Read the sockets that epoll has named, as far as one that has something for Python; return what there is.

    The next call goes on behind that one. epoll, if it were asked again, would name the same socket first, and a peer
    that keeps it full would keep all others from being read.
    """
    ready = memory.ready
    while ready.next < ready.count:
        fd = memory.events[ready.next].data & LOW
        ready.next += 1
        role = element_at(memory.tables.sockets, fd, SOCKET).role
        if role == OTHER:  # or closed since epoll named it, which costs asyncio a look
            ready.asyncio = 1
            continue
        received = recvmmsg(fd, address_of(memory.received), RECEIVED_AT_ONCE, MSG_DONTWAIT, 0)
        if received <= 0:  # another process was quicker, or an ICMP error, which is taken off so
            continue
        memory.handed_over_count, memory.handed_over_socket = 0, fd
        if role == RELAYED:
            _forward_to_client(memory, fd, received, now)
        else:
            _forward_to_peers(memory, fd, received, now)
        for slot in range(received):
            make_room(memory.received[slot].msg_hdr)
        if memory.handed_over_count:
            return HANDED_OVER
    found = ASYNCIO if ready.asyncio else 0
    ready.asyncio = 0
    return found


@compiled
def _forward_to_client(memory: Memory, fd: int, received: int, now: int) -> None:
    """Forward what peers have sent to a relayed address to its client, each datagram behind a header."""
    for slot in range(received):
        row = _flow_of(memory, fd << 32, slot, now)
        length = memory.received[slot].msg_len
        segment, tos = _ancillary(memory, slot)
        payload = address_of(memory.slots[slot].payload)
        if row == NO_FLOW:
            _hand_over(memory, slot, payload, length, segment, tos)
            continue
        flow = record_at(row, FLOW)
        counters = counters_of(memory, flow)
        if not _may_pass(element_at(memory.tables.buckets, flow.relayed, BUCKETS).to_client, length, now):
            counters.over_rate += (length - 1) // segment + 1 if segment and length else 1
            continue
        counters.to_client.bytes += length
        if segment and length > segment:
            _send_with_headers(memory, row, payload, length, segment, tos)
        else:
            gso.begin_piece(memory)
            _write_header(payload - CHANNEL_HEADER, flow.channel, length)
            gso.add(memory, TO_CLIENT, row, payload - CHANNEL_HEADER, length + CHANNEL_HEADER, tos)
    gso.flush(memory)


@compiled
def _send_with_headers(memory: Memory, row: int, payload: int, length: int, segment: int, tos: int) -> None:
    """Send a message that consists of several datagrams, which are moved apart to make room for their headers.

    To the left, into the headroom, each before the next. One piece is sent faster than many that stay where they are.
    """
    channel = record_at(row, FLOW).channel
    most = min(MAX_SEGMENTS, MAX_BATCH_BYTES // (segment + CHANNEL_HEADER))
    for begin in range(0, length, most * segment):
        end = min(begin + most * segment, length)
        count = (end - begin - 1) // segment + 1
        at = first = payload + begin - count * CHANNEL_HEADER
        for start in range(begin, end, segment):
            size = min(segment, end - start)
            _write_header(at, channel, size)
            memmove(at + CHANNEL_HEADER, payload + start, size)
            at += CHANNEL_HEADER + size
        gso.send_piece(memory, TO_CLIENT, row, count, first, at - first, segment + CHANNEL_HEADER, tos)


@compiled
def _forward_to_peers(memory: Memory, fd: int, received: int, now: int) -> None:
    """Forward what clients have sent as ChannelData to their peers, without its header; hand over everything else."""
    for slot in range(received):
        length = memory.received[slot].msg_len
        segment, tos = _ancillary(memory, slot)
        step = segment if segment else max(length, 1)
        gso.begin_piece(memory)
        for start in range(0, length, step):
            datagram = address_of(memory.slots[slot].payload) + start
            room = min(step, length - start)
            size = _payload_size(datagram, room)
            row = _flow_of(memory, fd << 32 | _channel_of(datagram), slot, now) if size >= 0 else NO_FLOW
            if row == NO_FLOW:
                _hand_over(memory, slot, datagram, room, 0, tos)
                gso.begin_piece(memory)  # nothing may be moved over it
                continue
            flow = record_at(row, FLOW)
            counters = counters_of(memory, flow)
            if not _may_pass(element_at(memory.tables.buckets, flow.relayed, BUCKETS).to_peer, size, now):
                counters.over_rate += 1
            else:
                counters.to_peer.bytes += size
                gso.add(memory, TO_PEER, row, datagram + CHANNEL_HEADER, size, tos)
    gso.flush(memory)


@compiled
def _payload_size(datagram: int, room: int) -> int:
    """Return how many bytes a ChannelData message carries; -1 if it is none, or is cut off."""
    if room < CHANNEL_HEADER or _channel_of(datagram) >> 14 != 1:
        return -1
    size = _network_order(record_at(datagram, CHANNEL_DATA).length)
    return size if size + CHANNEL_HEADER <= room else -1


@compiled
def _channel_of(datagram: int) -> int:
    """Return the channel number of a ChannelData message."""
    return _network_order(record_at(datagram, CHANNEL_DATA).number)


@compiled
def _write_header(address: int, channel: int, length: int) -> None:
    """Write a ChannelData message's header."""
    header = record_at(address, CHANNEL_DATA)
    header.number, header.length = _network_order(channel), _network_order(length)


@compiled
def _network_order(number: int) -> int:
    """Swap the two bytes of a number from host to network order, or back."""
    return (number & 0xFF) << 8 | number >> 8 & 0xFF


@compiled
def _flow_of(memory: Memory, ingress: int, slot: int, now: int) -> int:
    """Return the address of the flow that a message belongs to; NO_FLOW if none is known, or its time is over."""
    rows = memory.tables.flows
    first, second, third = source_of(memory.incoming[slot].source)
    row = row_of(rows, memory.tables.flow_mask, ingress, first, second, third)
    if row < 0:
        return NO_FLOW
    flow = element_at(rows, row, FLOW)
    return address_of(flow) if now < flow.until else NO_FLOW


@compiled
def source_of(name: SockaddrIn6) -> tuple[int, int, int]:
    """Return the numbers of a datagram.Source."""
    first = name.sin6_family & 0xFFFF | (name.sin6_port & 0xFFFF) << 16
    if name.sin6_family == AF_INET:
        return first | record_at(address_of(name), SOCKADDR_IN).sin_addr << 32, 0, 0
    # with the scope of a link-local address in place of the flow information, which has no meaning to us
    return first | name.sin6_scope_id << 32, name.sin6_addr[0], name.sin6_addr[1]


@compiled
def _ancillary(memory: Memory, slot: int) -> tuple[int, int]:
    """Return the length of the datagrams that a message consists of (0: it is one), and their TOS."""
    segment, tos = 0, 0
    for number in range(memory.received[slot].msg_hdr.msg_controllen // CMSG_BYTES):
        control = memory.incoming[slot].control[number]
        if control.cmsg_level == SOL_UDP:  # UDP_GRO
            segment = control.cmsg_data & 0xFFFF
        else:
            tos = control.cmsg_data & 0xFF
    return segment, tos


@compiled
def _hand_over(memory: Memory, slot: int, begin: int, length: int, segment: int, tos: int) -> None:
    """Leave a message at an address to Python."""
    at = memory.handed_over_count
    if at < HANDED_OVER_AT_ONCE:
        message = memory.handed_over[at]
        message.offset, message.length = begin - address_of(memory.slots), length
        message.segment, message.tos = segment, tos
        source = message.source
        source.first, source.second, source.third = source_of(memory.incoming[slot].source)
        memory.handed_over_count = at + 1


@compiled
def _may_pass(bucket: TokenBucket, size: int, now: int) -> bool:
    """Take a packet's bytes from a bucket as ``TokenBucket.consume`` does; no limit while the rate is 0."""
    if bucket.rate == 0.0:
        return True
    seconds = now * 1e-9
    gained = max(0.0, seconds - bucket.filled_at) * bucket.rate
    tokens = min(bucket.burst, bucket.tokens + gained)
    passes = tokens >= min(float(size), bucket.burst)
    bucket.filled_at = seconds
    bucket.tokens = tokens - size if passes else tokens
    return passes
