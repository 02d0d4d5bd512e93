"""Packed savestates: they come back as they were, and whatever is damaged is said to be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.formats import savestate
from worker.formats.envelope import DamagedError


@given(st.binary(max_size=4096), st.text(max_size=200), st.text(max_size=200))
def test_a_state_comes_back_with_its_label(raw: bytes, core: str, version: str) -> None:
    packed = savestate.pack(raw, core, version)
    header, unpacked = savestate.unpack(packed)
    assert unpacked == raw
    assert (header.core, header.core_version, header.raw_size) == (core[:128], version[:128], len(raw))
    assert savestate.label(packed) == header


def test_a_state_that_is_mostly_empty_gets_small() -> None:
    assert len(savestate.pack(bytes(1 << 20), "core", "1")) < 1000


@given(st.binary(max_size=300))
def test_any_bytes_are_no_state(data: bytes) -> None:
    with pytest.raises(DamagedError):
        savestate.unpack(data)


@given(st.binary(min_size=1, max_size=300), st.data())
def test_one_changed_byte_is_noticed(raw: bytes, data: st.DataObject) -> None:
    packed = bytearray(savestate.pack(raw, "core", "1"))
    place = data.draw(st.integers(0, len(packed) - 1))
    packed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(DamagedError):
        savestate.unpack(bytes(packed))


@given(st.binary(max_size=300), st.data())
def test_a_part_is_no_state(raw: bytes, data: st.DataObject) -> None:
    packed = savestate.pack(raw, "core", "1")
    with pytest.raises(DamagedError):
        savestate.unpack(packed[: data.draw(st.integers(0, len(packed) - 1))])


def test_a_small_packet_that_claims_to_be_huge_is_not_unpacked() -> None:
    huge = savestate.StateHeader(core="c", core_version="1", raw_size=savestate.MAX_RAW_BYTES + 1)
    with pytest.raises(DamagedError, match="header"):
        savestate.unpack(savestate._ENVELOPE.seal(huge, b""))
    wrong = savestate.StateHeader(core="c", core_version="1", raw_size=savestate.MAX_RAW_BYTES)
    with pytest.raises(DamagedError, match="size"):
        savestate.unpack(savestate._ENVELOPE.seal(wrong, savestate.zstandard.compress(b"small")))


def test_what_is_sealed_but_was_never_compressed_is_not_unpacked() -> None:
    raw = b"not a frame of zstd"
    header = savestate.StateHeader(core="c", core_version="1", raw_size=len(raw))
    with pytest.raises(DamagedError, match="unpacked"):
        savestate.unpack(savestate._ENVELOPE.seal(header, raw))
