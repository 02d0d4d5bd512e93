"""The states of the last minute, to run the game backwards: each as its difference from the next, compressed.

Two states that are a quarter of a second apart differ in some hundred bytes: on the 1 MB state of a Mega Drive, 0.4 KB
where the whole state has 5 KB, in the same 0.3 ms. No thread, no core; ``snapshots.py`` keeps and takes.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import zstandard

REWIND_BYTES: Final = 32 << 20
"""What a room's past may take, compressed: a hundred times what a cartridge's minute has, so this bounds the discs."""
REWIND_SECONDS: Final = 60
"""How far back it goes."""

State = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True, slots=True)
class _Past:
    frame: int
    data: bytes
    difference: bool
    """Whether ``data`` is what it differs in from the state after it; else it is the whole."""


class Rewind:
    """A stack with a floor that rises: ``push`` the present, ``pop`` back through what was before."""

    def __init__(self, *, max_bytes: int = REWIND_BYTES) -> None:
        self._max_bytes = max_bytes
        self._compressor = zstandard.ZstdCompressor(level=1)
        self._decompressor = zstandard.ZstdDecompressor()
        self._newest: State | None = None
        self._frame = 0
        self._scratch = np.empty(0, np.uint8)
        self._past: deque[_Past] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._past) + (self._newest is not None)

    @property
    def size(self) -> int:
        """Bytes that the past takes, compressed."""
        return self._bytes

    def push(self, state: State, frame: int, oldest: int) -> None:
        """Keep a copy of the state after ``frame`` frames, and forget what is older than the frame ``oldest``."""
        newest = self._newest
        if newest is None:
            self._newest = state.copy()
        elif len(newest) == len(state):
            self._keep(self._difference(newest, state), difference=True)
            np.copyto(newest, state)
        else:
            self._keep(newest, difference=False)
            self._newest = state.copy()
        self._frame = frame
        while self._past and (self._bytes > self._max_bytes or self._past[0].frame < oldest):
            self._bytes -= len(self._past.popleft().data)

    def pop(self) -> tuple[State, int] | None:
        """The newest state and its frame, which are gone then; None if there is no more past.

        The oldest stays: whoever runs on beyond the beginning stands still there. The state is valid until the next
        call of anything here.
        """
        if self._newest is None:
            return None
        state, frame = self._newest, self._frame
        if self._past:
            past = self._past.pop()
            self._bytes -= len(past.data)
            before = np.frombuffer(self._decompressor.decompress(past.data), np.uint8)
            self._newest = np.bitwise_xor(before, state) if past.difference else before.copy()
            self._frame = past.frame
        return state, frame

    def _difference(self, one: State, other: State) -> State:
        if len(self._scratch) != len(one):
            self._scratch = np.empty(len(one), np.uint8)
        return np.bitwise_xor(one, other, out=self._scratch)

    def _keep(self, state: State, *, difference: bool) -> None:
        data = self._compressor.compress(state.data)
        self._past.append(_Past(self._frame, data, difference))
        self._bytes += len(data)
