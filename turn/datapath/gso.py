"""Datagrams that leave by one call: a batch of the same flow, TOS and length, the last of which may be shorter.

Linux takes a batch as one packet (UDP GSO, udp(7)) and cuts it up as late as it can. It is gathered in ``Memory.batch``
and ``Memory.pieces``, and sent when something comes that does not go on with it. All of it is compiled.
"""

from typing import Final

from turn.datapath.flow_table import FLOW, Flow
from turn.datapath.jit import compiled
from turn.datapath.linux import (
    AF_INET,
    CMSGHDR,
    IP_TOS,
    IPPROTO_IP,
    IPPROTO_IPV6,
    IPV6_TCLASS,
    MAX_BATCH_BYTES,
    MAX_SEGMENTS,
    MSG_DONTWAIT,
    SOL_UDP,
    UDP_SEGMENT,
    memmove,
    sendmsg,
)
from turn.datapath.memory import COUNTERS, Batch, Counters, Memory
from turn.datapath.pointers import address_of, element_at, record_at

TO_CLIENT, TO_PEER = 0, 1
"""A batch's direction, as interface.Direction has it."""

CMSG_BYTES: Final = CMSGHDR.itemsize
TOS_LENGTH, SEGMENT_LENGTH = 20, 18
"""cmsg_len of a TOS (int) and of a segment's length (uint16_t)."""


@compiled
def counters_of(memory: Memory, flow: Flow) -> Counters:
    """Return the counters that a flow's packets are counted in."""
    return element_at(memory.tables.counters, flow.relayed, COUNTERS)


@compiled
def begin_piece(memory: Memory) -> None:
    """Let the next datagram begin a piece of memory of its own: it does not lie behind the last."""
    memory.batch.end = 0


@compiled
def add(memory: Memory, direction: int, flow: int, begin: int, size: int, tos: int) -> None:
    """Add a datagram to the batch, which it may be moved to the left for, beside the one before it.

    ``flow`` and ``begin`` are addresses.
    """
    batch = memory.batch
    if batch.count and not _continues(batch, flow, size, tos):
        flush(memory)
    if batch.count == 0:
        batch.flow, batch.size, batch.tos, batch.pieces, batch.direction = flow, size, tos, 0, direction
    if batch.end:
        if batch.end != begin:
            memmove(batch.end, begin, size)
        memory.pieces[batch.pieces - 1].iov_len += size
        batch.end += size
    else:
        piece = memory.pieces[batch.pieces]
        piece.iov_base, piece.iov_len = begin, size
        batch.pieces += 1
        batch.end = begin + size
    batch.last_size = size
    batch.count += 1


@compiled
def send_piece(
    memory: Memory, direction: int, flow: int, count: int, begin: int, length: int, size: int, tos: int
) -> None:
    """Send so many datagrams of a size that lie in one piece, after what has been gathered."""
    flush(memory)
    batch, piece = memory.batch, memory.pieces[0]
    piece.iov_base, piece.iov_len = begin, length
    batch.count, batch.flow, batch.size, batch.tos, batch.pieces, batch.direction = count, flow, size, tos, 1, direction
    flush(memory)


@compiled
def _continues(batch: Batch, flow: int, size: int, tos: int) -> bool:
    """Return whether a datagram may be one more of the batch."""
    if flow != batch.flow or tos != batch.tos or not 0 < size <= batch.size or batch.last_size != batch.size:
        return False
    return bool(batch.count < MAX_SEGMENTS and (batch.count + 1) * batch.size <= MAX_BATCH_BYTES)


@compiled
def flush(memory: Memory) -> None:
    """Send the batch, if there is one."""
    batch, message = memory.batch, memory.message
    count = batch.count
    batch.count = batch.end = 0
    if count == 0:
        return
    flow = record_at(batch.flow, FLOW)
    message.msg_name, message.msg_namelen = address_of(flow.destination), flow.destination_length
    message.msg_iov, message.msg_iovlen = address_of(memory.pieces), batch.pieces
    message.msg_control = address_of(memory.control)
    marks = _mark_tos(memory, flow, batch.tos)
    message.msg_controllen = marks * CMSG_BYTES
    if count > 1:
        control = memory.control[marks]
        control.cmsg_len, control.cmsg_level, control.cmsg_type = SEGMENT_LENGTH, SOL_UDP, UDP_SEGMENT
        control.cmsg_data = batch.size
        message.msg_controllen += CMSG_BYTES
    sent = count
    if sendmsg(flow.socket, address_of(message), MSG_DONTWAIT) < 0:
        sent = _send_singly(memory, flow.socket, marks) if count > 1 else 0
    counters = counters_of(memory, flow)
    traffic = counters.to_client if batch.direction == TO_CLIENT else counters.to_peer
    traffic.packets += sent
    counters.no_room += count - sent


@compiled
def _mark_tos(memory: Memory, flow: Flow, tos: int) -> int:
    """Set the message's TOS, if it is not the default; return how many control messages that takes."""
    if tos == 0:
        return 0
    control = memory.control[0]
    control.cmsg_len, control.cmsg_data = TOS_LENGTH, tos
    if flow.destination.sin6_family == AF_INET:
        control.cmsg_level, control.cmsg_type = IPPROTO_IP, IP_TOS
    else:
        control.cmsg_level, control.cmsg_type = IPPROTO_IPV6, IPV6_TCLASS
    return 1


@compiled
def _send_singly(memory: Memory, fd: int, marks: int) -> int:
    """Send the batch one by one, as the path's MTU or the network card won't have it whole; return how many went."""
    batch, message, single = memory.batch, memory.message, memory.piece
    message.msg_iov, message.msg_iovlen, message.msg_controllen = address_of(single), 1, marks * CMSG_BYTES
    sent = 0
    for number in range(batch.pieces):
        piece = memory.pieces[number]
        for at in range(0, piece.iov_len, batch.size):
            single.iov_base, single.iov_len = piece.iov_base + at, min(batch.size, piece.iov_len - at)
            sent += sendmsg(fd, address_of(message), MSG_DONTWAIT) >= 0
    return sent
