"""Captures the game's states while it runs: some to rewind to, and every few seconds one to go on from elsewhere.

The emulator's thread has the core write its state into a buffer whose memory is there already, which takes
microseconds, and goes on. The thread here does what takes longer: it compares, compresses and publishes, mostly without
the interpreter's lock.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from worker.libretro import Core, CoreError
from worker.room.game.rewind import REWIND_SECONDS, Rewind, State
from worker.room.game.snapshot_format import SnapshotContent, pack_snapshot

if TYPE_CHECKING:
    from worker.room.game.battery import Battery
    from worker.room.game.playback import PlaybackSetting

logger = logging.getLogger(__name__)

SNAPSHOT_SECONDS: Final = 3.0
"""From one snapshot to the next. With the time to store one, no more than 5 s of play are ever lost."""
REWIND_STEP_SECONDS: Final = 0.25
"""From one state for rewinding to the next."""
REWIND_BYTES_PER_SECOND: Final = 8 << 20
"""The most of raw state that is compared and compressed in a second: 0.3 % of a core. Large states are captured less
often, but not less than snapshots are."""
BUFFERS: Final = 2
"""One that the thread works on, and one for the next state."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far the game has come, which the core does not know."""

    frame: int
    """Frames since the game began, here or in processes before."""
    revision: int
    """A number that changes whenever the game does."""
    setting: PlaybackSetting


class Snapshots:
    """Owns the buffers and the thread.

    ``on_snapshot`` gets a packed snapshot and its frame, ``on_battery`` a battery memory that has changed. Both are
    called on the thread, ``on_battery`` by ``final`` too.
    """

    def __init__(
        self,
        core: Core,
        battery: Battery,
        *,
        fps: float,
        on_snapshot: Callable[[bytes, int], None],
        on_battery: Callable[[bytes], None],
    ) -> None:
        self._battery = battery
        self._on_snapshot = on_snapshot
        self._on_battery = on_battery
        self._label = (core.info.name, core.info.version)
        size = core.state_size
        self._step = min(SNAPSHOT_SECONDS, max(REWIND_STEP_SECONDS, size / REWIND_BYTES_PER_SECOND))
        self._past_frames = int(REWIND_SECONDS * fps)
        self.due = self._next_snapshot = 0.0
        """The time of the next capture, in monotonic seconds."""
        self._captured = self._published = -1
        self._rewind = Rewind()
        self._free = [_allocate(size) for _ in range(BUFFERS)]
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._main, name="snapshots", daemon=True)
        self._thread.start()

    # ----- on the emulator's thread

    def capture(self, core: Core, position: Position, now: float, *, publish: bool = False) -> None:
        """Keep the state for rewinding, and publish it as a snapshot if one is due or ``publish`` says so.

        Do nothing if the last one was of the same game, or if the thread is behind: the next frame's state will do.
        ``now`` in monotonic seconds.
        """
        publish = publish or now >= self._next_snapshot
        if position.revision == (self._published if publish else self._captured):
            return
        if not self._free:
            return
        buffer = self._free.pop()
        size = core.state_size
        if size > len(buffer):
            buffer = _allocate(size)
        try:
            size = core.serialize_into(buffer) if size else 0
        except CoreError:
            size = 0
        memory = core.save_ram() if publish else None
        self.due = now + self._step
        self._captured = position.revision
        if publish:
            self._next_snapshot = now + SNAPSHOT_SECONDS
            self._published = position.revision
        self._work.put(lambda: self._process(buffer, size, position, memory, publish))

    def final(self, core: Core, position: Position) -> bytes:
        """Pack a snapshot of the game as it is now, for another process. Call ``flush`` before."""
        try:
            state = core.serialize() if core.savestates else b""
        except CoreError:
            state = b""
        memory = core.save_ram()
        self._publish_battery(memory)
        content = SnapshotContent(frame=position.frame, state=state, battery=memory, setting=position.setting)
        return pack_snapshot(content, *self._label)

    def expedite(self) -> None:
        """Make a snapshot due after the next frame, because the game has jumped."""
        self.due = self._next_snapshot = 0.0

    def step_back(self) -> tuple[State, int] | None:
        """Take back the last captured state: return it and its frame, or None if there is none.

        Call ``flush`` before.
        """
        return self._rewind.pop()

    def flush(self) -> None:
        """Wait until the thread has worked off all captured states."""
        done = threading.Event()
        self._work.put(done.set)
        done.wait()

    def stop(self) -> None:
        """Work off all captured states, and end the thread."""
        self._work.put(None)
        self._thread.join()

    # ----- on its own thread

    def _main(self) -> None:
        while (work := self._work.get()) is not None:
            try:
                work()
            except Exception:
                logger.exception("! a state was not kept")

    def _process(self, buffer: State, size: int, position: Position, memory: bytes | None, publish: bool) -> None:
        try:
            state = buffer[:size]
            if size:
                self._rewind.push(state, position.frame, position.frame - self._past_frames)
            if publish:
                self._publish_battery(memory)
            if publish and size:
                content = SnapshotContent(
                    frame=position.frame, state=state.data, battery=memory, setting=position.setting
                )
                self._on_snapshot(pack_snapshot(content, *self._label), position.frame)
        finally:
            self._free.append(buffer)

    def _publish_battery(self, memory: bytes | None) -> None:
        if memory and self._battery.changed(memory):
            self._battery.mark_stored(memory)
            self._on_battery(memory)


def _allocate(size: int) -> State:
    """Make a buffer whose memory is really there: the first touch of each page costs more than writing to it."""
    buffer = np.empty(size, np.uint8)
    buffer.fill(0)
    return buffer
