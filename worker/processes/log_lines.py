"""What a room process prints, as lines for the log: cut, counted and limited, because a core may print anything.

Sans-I/O: bytes and ``now`` in, lines out.
"""

import unicodedata
from collections import deque

MAX_LINE = 500
"""Characters; a core that prints binary data fills no disk with it."""

LINES_PER_SECOND = 2
"""A core that complains in every frame is not worth more of the log: in a day these are 100 MB."""

AGAIN = 20
"""Lines that are logged at least once logging resumes, so that the notices of what was left out are not half of all."""

LAST = 60
"""Lines that are logged in any case, of those that were left out: the last ones before its end say what it died of."""

BURST = 200
"""Lines that may come at once: a core's start is talkative, and a crash report is long."""


class LogLines:
    """Splits a stream of output into log lines."""

    def __init__(self, now: float) -> None:
        self._partial = b""
        self._skipping = False
        self._muted = False
        self._allowance = float(BURST)
        self._checked = now
        self._left_out = 0
        self._held_back: deque[bytes] = deque(maxlen=LAST)
        """The last ones of those that were not logged."""

    def feed(self, data: bytes, now: float) -> list[str]:
        """Return the lines that these bytes complete, without blank ones.

        A line that is too long is cut, and its rest skipped.
        """
        self._allowance = min(BURST, self._allowance + (now - self._checked) * LINES_PER_SECOND)
        self._checked = now
        lines: list[str] = []
        *complete, rest = (self._partial + data).split(b"\n")
        for line in complete:
            self._add(line, lines)
            self._skipping = False
        if len(rest) > MAX_LINE:
            self._add(rest, lines)
            self._skipping = True
        self._partial = b"" if self._skipping else rest
        return lines

    def finish(self) -> list[str]:
        """Return what is left at the end of the stream."""
        lines: list[str] = []
        self._add(self._partial, lines)
        self._partial = b""
        if self._left_out:
            lines.append(self._left_out_notice())
        lines += map(_printable, self._held_back)
        self._held_back.clear()
        return lines

    def _add(self, line: bytes, lines: list[str]) -> None:
        if self._skipping or not line.strip():
            return
        self._muted = self._allowance < (AGAIN if self._muted else 1)
        if self._muted:
            self._left_out += len(self._held_back) == LAST
            self._held_back.append(line[: 4 * MAX_LINE])
            return
        self._left_out += len(self._held_back)
        self._held_back.clear()
        if self._left_out:
            lines.append(self._left_out_notice())
        self._allowance -= 1
        lines.append(_printable(line))

    def _left_out_notice(self) -> str:
        count, self._left_out = self._left_out, 0
        return f"({count} lines left out: more than {LINES_PER_SECOND} a second)"


def _printable(line: bytes) -> str:
    """Decode without control characters: a core must not paint the operator's terminal or forge log lines."""
    text = line[: 4 * MAX_LINE].decode("utf-8", errors="replace").expandtabs(4).rstrip()[:MAX_LINE]
    return "".join("\ufffd" if unicodedata.category(character) in ("Cc", "Cs") else character for character in text)
