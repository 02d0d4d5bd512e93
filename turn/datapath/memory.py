"""The memory that the data path works in: one record, laid out once and used for every datagram.

It also says where the tables lie that grow with the gateway: sockets, flows, and what belongs to a relayed address.
Compiled functions get the record; Python reads what is handed over to it. Filling it is left to forward.py and gso.py.
"""

from collections.abc import Sequence
from typing import Annotated, Final

from turn.datapath.datagram import SourceFields
from turn.datapath.jit import compiled
from turn.datapath.linux import (
    CMSGHDR,
    MAX_SEGMENTS,
    SOCKADDR_IN6,
    Cmsghdr,
    EpollEvent,
    Iovec,
    Mmsghdr,
    Msghdr,
    SockaddrIn6,
    Timespec,
)
from turn.datapath.pointers import address_of, record_at
from turn.datapath.records import Byte, Float64, Int32, Int64, layout_of
from turn.wire.channel import HEADER as CHANNEL_HEADER

RECEIVED_AT_ONCE: Final = 16
"""Messages of one socket before the others have their turn. Each has 64 KiB, of which little is touched."""
EVENTS_AT_ONCE: Final = 64
"""Sockets that are read before asyncio is asked whether it has anything else to do."""
HANDED_OVER_AT_ONCE: Final = RECEIVED_AT_ONCE * MAX_SEGMENTS

HEADROOM: Final = MAX_SEGMENTS * CHANNEL_HEADER
"""Bytes in front of each received message, for the headers of all its datagrams."""
SLOT_BYTES: Final = 65_536 + 1024
"""Bytes of a received message. No power of two: slots would share the same few lines of the cache."""
CONTROL_MESSAGES: Final = 2
"""Control messages of a message: its TOS, and the length of its datagrams (see linux.adopt)."""


class Socket:
    """What a file descriptor is to the data path: forward.OTHER, RELAYED or LISTENER."""

    role: Int32


class Traffic:
    """What has been forwarded in one direction."""

    packets: Int64
    bytes: Int64


class Counters:
    """What the flows of a relayed address have counted, in the order of datagram.Counts."""

    to_client: Traffic
    to_peer: Traffic
    no_room: Int64
    over_rate: Int64
    unused: Annotated[Sequence[Int64], 2]
    """Each has a cache line of its own."""


class TokenBucket:
    """The numbers of a turn.relay.token_bucket.Bucket: rate in units per second, times in seconds."""

    rate: Float64
    burst: Float64
    tokens: Float64
    filled_at: Float64


class Buckets:
    """The token buckets of a relayed address, in the order of interface.Direction."""

    to_client: TokenBucket
    to_peer: TokenBucket


class Tables:
    """Addresses of the tables outside this memory. Their owner outlives it, or writes another address here."""

    sockets: Int64
    """Socket records by file descriptor."""
    flows: Int64
    """Rows of the flow table, and one less than their number."""
    flow_mask: Int64
    counters: Int64
    """Counters by number of the relayed address."""
    buckets: Int64


class Ready:
    """The sockets that epoll has named: which is read next, how many there are, and whether one was asyncio's."""

    next: Int64
    count: Int64
    asyncio: Int64


class Batch:
    """Datagrams that are gathered, to be sent by one call (see gso.py)."""

    count: Int64
    """Datagrams; 0: there is no batch, and the other fields mean nothing."""
    flow: Int64
    """Address of their flow."""
    size: Int64
    """Bytes of each but the last."""
    last_size: Int64
    tos: Int64
    direction: Int64
    pieces: Int64
    """Pieces of memory that they lie in."""
    end: Int64
    """Address behind the last piece, where the next datagram may be moved to; 0: it begins a piece of its own."""


class HandedOver:
    """A message for Python: the fields of a datagram.Received."""

    offset: Int64
    length: Int64
    segment: Int64
    tos: Int64
    source: SourceFields


class Incoming:
    """What the header of a received message points at: who sent it, its control messages, and where it lies."""

    source: SockaddrIn6
    control: Annotated[Sequence[Cmsghdr], CONTROL_MESSAGES]
    buffer: Iovec


class Slot:
    """Room for a received message."""

    headroom: Annotated[Sequence[Byte], HEADROOM]
    payload: Annotated[Sequence[Byte], SLOT_BYTES - HEADROOM]


class Memory:
    """All of it. What is used for every packet lies side by side."""

    tables: Tables
    clock: Timespec
    ready: Ready
    handed_over_count: Int64
    handed_over_socket: Int64
    batch: Batch
    message: Msghdr
    control: Annotated[Sequence[Cmsghdr], CONTROL_MESSAGES]
    piece: Iovec
    events: Annotated[Sequence[EpollEvent], EVENTS_AT_ONCE]
    received: Annotated[Sequence[Mmsghdr], RECEIVED_AT_ONCE]
    incoming: Annotated[Sequence[Incoming], RECEIVED_AT_ONCE]
    pieces: Annotated[Sequence[Iovec], MAX_SEGMENTS]
    handed_over: Annotated[Sequence[HandedOver], HANDED_OVER_AT_ONCE]
    slots: Annotated[Sequence[Slot], RECEIVED_AT_ONCE]


TABLES: Final = layout_of(Tables)
COUNTERS: Final = layout_of(Counters)
BUCKETS: Final = layout_of(Buckets)
SOCKET: Final = layout_of(Socket)
MEMORY: Final = layout_of(Memory)
SOURCE_BYTES: Final = SOCKADDR_IN6.itemsize
CONTROL_BYTES: Final = CONTROL_MESSAGES * CMSGHDR.itemsize


@compiled
def point_headers(address: int) -> None:
    """Point the header of every received message of a memory at its own slot."""
    memory = record_at(address, MEMORY)
    for slot in range(RECEIVED_AT_ONCE):
        header, incoming = memory.received[slot].msg_hdr, memory.incoming[slot]
        incoming.buffer.iov_base = address_of(memory.slots[slot].payload)
        incoming.buffer.iov_len = SLOT_BYTES - HEADROOM
        header.msg_iov, header.msg_iovlen = address_of(incoming.buffer), 1
        header.msg_name, header.msg_control = address_of(incoming.source), address_of(incoming.control)
        make_room(header)


@compiled
def make_room(header: Msghdr) -> None:
    """Say how much room there is for source and control messages, where the kernel has said how much it has used."""
    header.msg_namelen, header.msg_controllen = SOURCE_BYTES, CONTROL_BYTES
