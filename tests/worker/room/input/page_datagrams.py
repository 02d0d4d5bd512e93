"""Datagrams as a page builds them, and the vectors that tie both sides together."""

import json
import struct
from pathlib import Path
from typing import Any

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[3] / "wire" / "vectors.json").read_text())["input"]

CENTRED = (0, 0, 0, 0, 0, 0)


def vectors_of(device: str) -> list[dict[str, Any]]:
    """Return the vectors of one device: at least one."""
    found = [vector for vector in VECTORS if device in vector]
    assert found, f"no vector has a {device}"
    return found


def pad(sequence: int, *buttons: int, axes: tuple[int, ...] = CENTRED) -> bytes:
    """Build a pad datagram, the newest state first."""
    states = b"".join(struct.pack("<H6h", held, *axes) for held in buttons)
    return struct.pack("<BBHI", 1, len(buttons), 0, sequence) + states


def keyboard(sequence: int, *keys: int, modifiers: int = 0) -> bytes:
    """Build a keyboard datagram of the held keys."""
    return struct.pack(f"<BBHI{len(keys)}H", 2, len(keys), modifiers, sequence, *keys)


def mouse(sequence: int, x: int, y: int, buttons: int = 0) -> bytes:
    """Build a mouse datagram of the distance moved since the beginning."""
    return struct.pack("<BBHIii", 3, buttons, 0, sequence, x, y)
