"""Writing to a room, apart from reading from it.

An asyncio transport closes both ways as soon as a write fails, and drops what it has not read yet. But a room that has
just ended may have said why, so here a write that fails ends the writing alone.
"""

import asyncio
import socket


class ControlWriter:
    """Writes to a connected stream socket that is read elsewhere. It works on a copy of the handle."""

    def __init__(self, connected: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = connected.dup()
        self._socket.setblocking(False)
        self._unsent = bytearray()
        self._broken = False

    @property
    def unsent(self) -> int:
        """Bytes that the other side has not taken yet."""
        return len(self._unsent)

    def write(self, data: bytes) -> None:
        """Send the data now, or as soon as there is room for it; drop it if the other side is gone."""
        if self._broken:
            return
        was_waiting = bool(self._unsent)
        self._unsent += data
        if was_waiting:
            return
        self._send()
        if self._unsent:
            self._loop.add_writer(self._socket, self._flush)

    def close(self) -> None:
        """Drop what is not sent, and close the handle."""
        self._drop_unsent()
        self._broken = True
        self._socket.close()

    def _flush(self) -> None:
        self._send()
        if not self._unsent:
            self._loop.remove_writer(self._socket)

    def _send(self) -> None:
        try:
            del self._unsent[: self._socket.send(self._unsent)]
        except BlockingIOError:
            pass
        except OSError:  # the other side is gone; the reading half finds out in its time
            self._drop_unsent()
            self._broken = True

    def _drop_unsent(self) -> None:
        if self._unsent:
            self._loop.remove_writer(self._socket)
            self._unsent.clear()
