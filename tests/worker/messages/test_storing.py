"""The storing messages hold to their limits, whatever a damaged room sends."""

import msgspec
import pytest

from worker.messages import storing

_room = msgspec.msgpack.Decoder(storing.StoreRequest)


@pytest.mark.parametrize(
    "message",
    [
        storing.Snapshot(data=b"", frame=1),
        storing.Snapshot(data=bytes(storing.MAX_STATE_BYTES + 1), frame=1),
        storing.StoreBattery(request=1, data=bytes(storing.MAX_BATTERY_BYTES + 1)),
        storing.StoreSave(request=1, profile="p", slot=0, data=b"x", thumbnail=bytes(storing.MAX_THUMBNAIL_BYTES + 1)),
        storing.FetchSave(request=1, profile="p", slot=storing.AUTO_SLOT + 1),
        storing.DeleteSave(request=1, profile="p", slot=-1, version="v"),
    ],
    ids=["empty", "large-state", "large-battery", "large-thumbnail", "no-such-slot", "negative-slot"],
)
def test_what_exceeds_a_limit_is_no_message(message: storing.StoreRequest) -> None:
    with pytest.raises(msgspec.ValidationError):
        _room.decode(msgspec.msgpack.encode(message))
