"""Datagrams that leave by one call: a run of the same flow, TOS and length, the last of which may be shorter.

Linux takes a run as one packet (UDP GSO, udp(7)) and cuts it up as late as it can. A run is gathered in ``Space.run``
and ``Space.pieces``, and sent when something comes that does not go on with it. All of it is compiled.
"""

from typing import Any

from turn.compiled import compiled, inlined
from turn.flows import FD, IS_IPV4, LEG, NAME, NAME_LENGTH
from turn.kernel import (
    CONTROL_WORDS,
    HEAD_CONTROL,
    HEAD_CONTROL_LENGTH,
    HEAD_COUNT,
    HEAD_NAME,
    HEAD_NAME_LENGTH,
    HEAD_PIECES,
    MAX_RUN_BYTES,
    MAX_SEGMENTS,
    MSG_DONTWAIT,
    SEGMENT_KIND,
    SEGMENT_LENGTH,
    TCLASS_KIND,
    TOS_KIND,
    TOS_LENGTH,
    Space,
    memmove,
    sendmsg,
)

COUNT, ROW, SIZE, LAST, TOS, PIECES, END, WAY = range(8)
"""Of a run: its datagrams (0: there is none), the row of its flow, the length of all but the last, that of the last,
their TOS, the pieces that they lie in, where the next may be put beside the last (0: nowhere), and who gets them."""

TO_CLIENT, TO_PEER, BYTES, NO_ROOM, OVER_RATE, LEG_WORDS = 0, 2, 1, 4, 5, 8
"""Counters of a leg: packets to the client and, after each, their bytes; the same to peers; what was dropped."""


@inlined
def add(row: int, at: int, size: int, tos: int, rows: Any, legs: Any, s: Space) -> None:
    """One more datagram, which lies in the memory. It may be moved to the left, beside the one before it."""
    run = s.run
    if run[COUNT] and not _goes_on(row, size, tos, s):
        flush(rows, legs, s)
    if run[COUNT] == 0:
        run[ROW], run[SIZE], run[TOS], run[PIECES] = row, size, tos, 0
    base = s.memory.ctypes.data
    if run[END]:
        if run[END] != at:
            memmove(base + run[END], base + at, size)
        s.pieces[run[PIECES] - 1, 1] += size
        run[END] += size
    else:
        s.pieces[run[PIECES], 0] = base + at
        s.pieces[run[PIECES], 1] = size
        run[PIECES] += 1
        run[END] = at + size
    run[LAST] = size
    run[COUNT] += 1


@compiled
def send_whole(row: int, count: int, at: int, length: int, size: int, tos: int, rows: Any, legs: Any, s: Space) -> None:
    """Send a run that lies in one piece, after what has been gathered."""
    flush(rows, legs, s)
    s.pieces[0, 0], s.pieces[0, 1] = s.memory.ctypes.data + at, length
    s.run[COUNT], s.run[ROW], s.run[SIZE], s.run[TOS], s.run[PIECES] = count, row, size, tos, 1
    flush(rows, legs, s)


@inlined
def _goes_on(row: int, size: int, tos: int, s: Space) -> bool:
    run = s.run
    if row != run[ROW] or tos != run[TOS] or not 0 < size <= run[SIZE] or run[LAST] != run[SIZE]:
        return False
    return bool(run[COUNT] < MAX_SEGMENTS and (run[COUNT] + 1) * run[SIZE] <= MAX_RUN_BYTES)


@compiled
def flush(rows: Any, legs: Any, s: Space) -> None:
    """Send the run, if there is one."""
    count = s.run[COUNT]
    s.run[COUNT] = s.run[END] = 0
    if count == 0:
        return
    row = s.run[ROW]
    message = s.message
    message[HEAD_NAME] = rows.ctypes.data + (row * rows.shape[1] + NAME) * 8
    message[HEAD_NAME_LENGTH] = rows[row, NAME_LENGTH]
    message[HEAD_PIECES] = s.pieces.ctypes.data
    message[HEAD_COUNT] = s.run[PIECES]
    message[HEAD_CONTROL] = s.control.ctypes.data
    marks = _mark(rows[row, IS_IPV4], s.run[TOS], s)
    message[HEAD_CONTROL_LENGTH] = marks * 8
    if count > 1:
        s.control[marks] = SEGMENT_LENGTH
        s.control[marks + 1] = SEGMENT_KIND
        s.control[marks + 2] = s.run[SIZE]
        message[HEAD_CONTROL_LENGTH] = (marks + CONTROL_WORDS) * 8
    sent = count
    if sendmsg(rows[row, FD], message.ctypes.data, MSG_DONTWAIT) < 0:
        sent = _send_singly(rows[row, FD], marks, s) if count > 1 else 0
    legs[rows[row, LEG], s.run[WAY]] += sent
    legs[rows[row, LEG], NO_ROOM] += count - sent


@compiled
def _mark(is_ipv4: int, tos: int, s: Space) -> int:
    """Ancillary data that sets the TOS, if it is not the default; how many words that takes."""
    if tos == 0:
        return 0
    s.control[0] = TOS_LENGTH
    s.control[1] = TOS_KIND if is_ipv4 else TCLASS_KIND
    s.control[2] = tos
    return CONTROL_WORDS


@compiled
def _send_singly(fd: int, marks: int, s: Space) -> int:
    """What can't leave in one piece, because the path's MTU or the network card has no place for it. How many went."""
    message = s.message
    message[HEAD_PIECES] = s.piece.ctypes.data
    message[HEAD_COUNT] = 1
    message[HEAD_CONTROL_LENGTH] = marks * 8
    sent = 0
    for place in range(s.run[PIECES]):
        length = s.pieces[place, 1]
        for at in range(0, length, s.run[SIZE]):
            s.piece[0] = s.pieces[place, 0] + at
            s.piece[1] = min(s.run[SIZE], length - at)
            sent += sendmsg(fd, message.ctypes.data, MSG_DONTWAIT) >= 0
    return sent
