"""Notices as a page reads them on its room channel."""

import json

import pytest

from worker.room.wire import notices


@pytest.mark.parametrize(
    ("notice", "expected"),
    [
        (
            notices.Picture(width=240, height=224, aspect=1.25),
            {"type": "picture", "width": 240, "height": 224, "aspect": 1.25},
        ),
        (notices.Message(text="Disk 2"), {"type": "message", "text": "Disk 2", "seconds": 4.0}),
        (notices.Rumble(strong=65535, weak=0), {"type": "rumble", "strong": 65535, "weak": 0}),
        (notices.Controls(buttons={"0": "Jump"}), {"type": "controls", "buttons": {"0": "Jump"}}),
        (
            notices.Playback(paused=True, by="Player 2", speed=2),
            {"type": "playback", "paused": True, "by": "Player 2", "speed": 2, "rewinding": False},
        ),
        (
            notices.Saves(slots=(notices.Save(slot=1, version="v", time=9, core="Echo 1"),)),
            {
                "type": "saves",
                "slots": [{"slot": 1, "version": "v", "time": 9, "core": "Echo 1", "thumbnail": "", "conflict": False}],
                "store": "",
            },
        ),
        (
            notices.Done(request="save", ok=True, slot=1),
            {"type": "done", "request": "save", "ok": True, "slot": 1, "message": ""},
        ),
        (notices.File(name="Duel.srm", size=64), {"type": "file", "name": "Duel.srm", "size": 64}),
        (
            notices.Ended(code="core_hung", message="It hangs."),
            {"type": "ended", "code": "core_hung", "message": "It hangs."},
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_notice_is_one_json_object_with_its_type(notice: notices.Notice, expected: dict[str, object]) -> None:
    assert json.loads(notices.encode(notice)) == expected
