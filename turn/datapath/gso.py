"""Datagrams that leave by one call: a run of the same flow, TOS and length, the last of which may be shorter.

Linux takes a run as one packet (UDP GSO, udp(7)) and cuts it up as late as it can. A run is gathered in ``Space.run``
and ``Space.pieces``, and sent when something comes that does not go on with it. All of it is compiled.
"""

from typing import Any

from turn.datapath.flow_table import FD, IS_IPV4, LEG, NAME, NAME_LENGTH, flow
from turn.datapath.jit import compiled, rows, words
from turn.datapath.linux import (
    CONTROL_WORDS,
    HEAD_CONTROL,
    HEAD_CONTROL_LENGTH,
    HEAD_COUNT,
    HEAD_NAME,
    HEAD_NAME_LENGTH,
    HEAD_PIECES,
    HEAD_WORDS,
    MAX_RUN_BYTES,
    MAX_SEGMENTS,
    MSG_DONTWAIT,
    PIECE_WORDS,
    SEGMENT_KIND,
    SEGMENT_LENGTH,
    TCLASS_KIND,
    TOS_KIND,
    TOS_LENGTH,
    WORD,
    memmove,
    sendmsg,
)
from turn.datapath.memory import CONTROL, LEGS, MEMORY, MESSAGE, PIECE, PIECES, RUN, RUN_WORDS, known

COUNT, ROW, SIZE, LAST, TOS, COUNT_OF_PIECES, END, WAY = range(RUN_WORDS)
"""Of a run: its datagrams (0: there is none), the row of its flow, the length of all but the last, that of the last,
their TOS, the pieces that they lie in, where the next may be put beside the last (0: nowhere), and who gets them."""

TO_CLIENT, TO_PEER, BYTES, NO_ROOM, OVER_RATE, LEG_WORDS = 0, 2, 1, 4, 5, 8
"""Counters of a leg, as in udp.Counts: packets to the client and, after them, their bytes; the same to peers; what was
dropped."""


@compiled
def counters(leg: int, space: int) -> Any:
    """A leg's, by TO_CLIENT and the others."""
    return words(known(space)[LEGS] + leg * LEG_WORDS * WORD, LEG_WORDS)


@compiled
def move_on(space: int) -> None:
    """The next datagram lies elsewhere, not behind the last."""
    words(space + RUN, RUN_WORDS)[END] = 0


@compiled
def add(way: int, row: int, offset: int, size: int, tos: int, space: int) -> None:
    """One more datagram of the memory. It may be moved to the left, beside the one before it."""
    run, pieces = words(space + RUN, RUN_WORDS), rows(space + PIECES, MAX_SEGMENTS, PIECE_WORDS)
    if run[COUNT] and not _goes_on(row, size, tos, space):
        flush(space)
    if run[COUNT] == 0:
        run[ROW], run[SIZE], run[TOS], run[COUNT_OF_PIECES], run[WAY] = row, size, tos, 0, way
    at = space + MEMORY + offset
    if run[END]:
        if run[END] != at:
            memmove(run[END], at, size)
        pieces[run[COUNT_OF_PIECES] - 1, 1] += size
        run[END] += size
    else:
        pieces[run[COUNT_OF_PIECES], 0], pieces[run[COUNT_OF_PIECES], 1] = at, size
        run[COUNT_OF_PIECES] += 1
        run[END] = at + size
    run[LAST] = size
    run[COUNT] += 1


@compiled
def send_whole(way: int, row: int, count: int, offset: int, length: int, size: int, tos: int, space: int) -> None:
    """Send a run that lies in one piece, after what has been gathered."""
    flush(space)
    run, pieces = words(space + RUN, RUN_WORDS), rows(space + PIECES, MAX_SEGMENTS, PIECE_WORDS)
    pieces[0, 0], pieces[0, 1] = space + MEMORY + offset, length
    run[COUNT], run[ROW], run[SIZE], run[TOS], run[COUNT_OF_PIECES], run[WAY] = count, row, size, tos, 1, way
    flush(space)


@compiled
def _goes_on(row: int, size: int, tos: int, space: int) -> bool:
    run = words(space + RUN, RUN_WORDS)
    if row != run[ROW] or tos != run[TOS] or not 0 < size <= run[SIZE] or run[LAST] != run[SIZE]:
        return False
    return bool(run[COUNT] < MAX_SEGMENTS and (run[COUNT] + 1) * run[SIZE] <= MAX_RUN_BYTES)


@compiled
def flush(space: int) -> None:
    """Send the run, if there is one."""
    run, message = words(space + RUN, RUN_WORDS), words(space + MESSAGE, HEAD_WORDS)
    count, row = run[COUNT], run[ROW]
    run[COUNT] = run[END] = 0
    if count == 0:
        return
    message[HEAD_NAME], message[HEAD_NAME_LENGTH] = row + NAME * WORD, flow(row)[NAME_LENGTH]
    message[HEAD_PIECES], message[HEAD_COUNT] = space + PIECES, run[COUNT_OF_PIECES]
    marks = _mark(flow(row)[IS_IPV4], run[TOS], space)
    message[HEAD_CONTROL], message[HEAD_CONTROL_LENGTH] = space + CONTROL, marks * WORD
    if count > 1:
        control = words(space + CONTROL + marks * WORD, CONTROL_WORDS)
        control[0], control[1], control[2] = SEGMENT_LENGTH, SEGMENT_KIND, run[SIZE]
        message[HEAD_CONTROL_LENGTH] += CONTROL_WORDS * WORD
    sent = count
    if sendmsg(flow(row)[FD], space + MESSAGE, MSG_DONTWAIT) < 0:
        sent = _send_singly(flow(row)[FD], marks, space) if count > 1 else 0
    counted = counters(flow(row)[LEG], space)
    counted[run[WAY]] += sent
    counted[NO_ROOM] += count - sent


@compiled
def _mark(is_ipv4: int, tos: int, space: int) -> int:
    """Ancillary data that sets the TOS, if it is not the default; how many words that takes."""
    if tos == 0:
        return 0
    control = words(space + CONTROL, CONTROL_WORDS)
    control[0], control[1], control[2] = TOS_LENGTH, TOS_KIND if is_ipv4 else TCLASS_KIND, tos
    return CONTROL_WORDS


@compiled
def _send_singly(fd: int, marks: int, space: int) -> int:
    """What can't leave in one piece, because the path's MTU or the network card has no place for it. How many went."""
    run, pieces = words(space + RUN, RUN_WORDS), rows(space + PIECES, MAX_SEGMENTS, PIECE_WORDS)
    message, piece = words(space + MESSAGE, HEAD_WORDS), words(space + PIECE, PIECE_WORDS)
    message[HEAD_PIECES], message[HEAD_COUNT], message[HEAD_CONTROL_LENGTH] = space + PIECE, 1, marks * WORD
    sent = 0
    for place in range(run[COUNT_OF_PIECES]):
        begin, length = pieces[place, 0], pieces[place, 1]
        for at in range(0, length, run[SIZE]):
            piece[0], piece[1] = begin + at, min(run[SIZE], length - at)
            sent += sendmsg(fd, space + MESSAGE, MSG_DONTWAIT) >= 0
    return sent
