"""A moment's way to another process."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.formats.savestate import pack
from worker.room.game.playback import Setting
from worker.room.game.snapshot_format import Moment, MomentError, seal, unseal

SETTING = Setting(paused=True, by="Player 2", speed=4)


@given(st.integers(0, 1 << 40), st.binary(max_size=300), st.none() | st.binary(max_size=50))
def test_a_moment_comes_back_as_it_was(frame: int, state: bytes, battery: bytes | None) -> None:
    moment = Moment(frame=frame, state=memoryview(state), battery=battery, setting=SETTING)
    header, back = unseal(seal(moment, "Echo", "1.0"))
    assert (header.core, header.core_version) == ("Echo", "1.0")
    assert (back.frame, back.state, back.battery, back.setting) == (frame, state, battery, SETTING)


@given(st.binary(max_size=100))
def test_anything_else_is_refused(junk: bytes) -> None:
    for data in (junk, pack(junk, "Echo", "1.0"), pack(msgspec.msgpack.encode({"frame": 1}), "Echo", "1.0")):
        with pytest.raises(MomentError):
            unseal(data)
