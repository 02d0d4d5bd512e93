"""How data is laid out that outlives the process that wrote it: a header to be read by itself, then the payload.

    4 bytes  magic: what it is          4 bytes  length of the header, big-endian
    4 bytes  CRC-32 of the header       n bytes  header, MessagePack
    the rest: the payload, whose length and digest are in the header

A reader takes nothing on trust: the bytes may be cut off, damaged or somebody else's.
"""

import hashlib
import struct
import zlib
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from worker.runtime.errors import WorkerError

MAX_HEADER_BYTES = 32 << 10
"""The longest header: with a thumbnail of 24 KB, and room to spare."""

_PREFIX = struct.Struct(">4sII")

PREFIX_BYTES = _PREFIX.size

MAX_HEAD_BYTES = PREFIX_BYTES + MAX_HEADER_BYTES
"""As many bytes of the beginning hold every header."""

_DIGEST_BYTES = 16


class DamagedError(WorkerError, ValueError):
    """These bytes are not what they should be. Its text says in what way."""

    code = "damaged"


class Header(Struct, frozen=True, kw_only=True):
    """What every header holds; each kind of data adds to it."""

    size: int = 0
    """Bytes of the payload."""
    digest: bytes = b""
    """BLAKE2b of the payload."""


H = TypeVar("H", bound=Header)


class Envelope(Generic[H]):
    """One kind of data: its magic, which is also the version of its format, and its header."""

    def __init__(self, magic: bytes, header: type[H]) -> None:
        self._magic = magic
        self._decoder = msgspec.msgpack.Decoder(header)

    def seal(self, header: H, payload: bytes) -> bytes:
        """Lay out header and payload as bytes, with size and digest filled in.

        Raises ValueError if the header is longer than MAX_HEADER_BYTES.
        """
        whole = msgspec.structs.replace(header, size=len(payload), digest=_digest(payload))
        packed = msgspec.msgpack.encode(whole)
        if len(packed) > MAX_HEADER_BYTES:
            raise ValueError(f"a header of {len(packed)} bytes is longer than {MAX_HEADER_BYTES}")
        return _PREFIX.pack(self._magic, len(packed), zlib.crc32(packed)) + packed + payload

    def header(self, data: bytes) -> H:
        """Read the header alone, for which the first MAX_HEAD_BYTES are enough. Raises DamagedError."""
        return self._split(data)[0]

    def open(self, data: bytes) -> tuple[H, bytes]:
        """Read and check header and payload. Raises DamagedError."""
        header, start = self._split(data)
        payload = data[start:]
        if len(payload) != header.size:
            raise DamagedError(f"it has {len(payload)} bytes instead of {header.size}")
        if _digest(payload) != header.digest:
            raise DamagedError("its checksum is wrong")
        return header, payload

    def _split(self, data: bytes) -> tuple[H, int]:
        if len(data) < PREFIX_BYTES:
            raise DamagedError("it is cut off")
        magic, length, crc = _PREFIX.unpack_from(data)
        if magic != self._magic:
            raise DamagedError("it is of another kind or format")
        packed = data[PREFIX_BYTES : PREFIX_BYTES + min(length, MAX_HEADER_BYTES)]
        if len(packed) != length:
            raise DamagedError("it is cut off")
        if zlib.crc32(packed) != crc:
            raise DamagedError("the checksum of its header is wrong")
        try:
            return self._decoder.decode(packed), PREFIX_BYTES + length
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DamagedError(f"its header can't be read: {error}") from error


def _digest(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=_DIGEST_BYTES).digest()
