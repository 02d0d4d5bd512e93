"""Records: what is stored comes back, and damaged or foreign data is not taken for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.formats import savestate
from worker.formats.envelope import DamagedError
from worker.messages.storing import MAX_THUMBNAIL_BYTES
from worker.store.naming import records
from worker.store.naming.records import Backup
from worker.store.naming.versions import Base, after

STATE = savestate.pack(b"raw" * 100, "core", "1.2")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
GAME = "0123456789abcdef"


def test_a_save_comes_back_and_its_header_says_what_it_is() -> None:
    record = records.save(STATE, PNG, 1_700_000_000)
    header = records.SAVES.header(record[: records.HEAD_BYTES])
    assert (header.time, header.core, header.core_version, header.thumbnail) == (1_700_000_000, "core", "1.2", PNG)
    assert records.state_of(record) == STATE


def test_the_largest_thumbnail_fits_into_the_head() -> None:
    picture = PNG + bytes(MAX_THUMBNAIL_BYTES - len(PNG))
    record = records.save(savestate.pack(b"", "ø" * 128, "ø" * 128), picture, 1)
    assert records.SAVES.header(record[: records.HEAD_BYTES]).thumbnail == picture


@pytest.mark.parametrize("thumbnail", [b"", b"<svg onload=x>", b"GIF89a"])
def test_what_is_no_picture_is_left_out(thumbnail: bytes) -> None:
    assert records.SAVES.header(records.save(STATE, thumbnail, 1)).thumbnail == b""


def test_what_is_no_state_is_not_stored() -> None:
    with pytest.raises(DamagedError):
        records.save(b"no state", PNG, 1)
    with pytest.raises(DamagedError):
        records.snapshot(Backup(b"no state", Base()), GAME, 1, 1)


@given(st.binary(max_size=1000))
def test_battery_memory_comes_back(memory: bytes) -> None:
    assert records.memory_of(records.battery(memory, 1)) == memory


def test_a_snapshot_comes_back_for_its_game_alone() -> None:
    backup = Backup(STATE, Base(after(None, 9, b"salt"), blind=True))
    record = records.snapshot(backup, GAME, 7, 1)
    assert records.snapshot_of(record, GAME) == backup
    with pytest.raises(DamagedError, match="another game"):
        records.snapshot_of(record, "f" * 16)


@given(st.binary(max_size=100))
def test_any_bytes_are_no_record(data: bytes) -> None:
    for read in (records.state_of, records.memory_of, lambda data: records.snapshot_of(data, GAME)):
        with pytest.raises(DamagedError):
            read(data)


def test_one_kind_is_not_another() -> None:
    with pytest.raises(DamagedError, match="another kind"):
        records.state_of(records.battery(b"memory", 1))
