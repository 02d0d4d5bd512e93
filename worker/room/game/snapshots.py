"""Keeping the game's states while it runs: some for the way back, every few seconds one to go on from elsewhere.

The emulator's thread has the core write its state into a buffer that was laid out before, which takes microseconds,
and goes on. The thread here does what takes longer: it compares, compresses and hands on, mostly without the
interpreter's lock.
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
from worker.room.game.snapshot_format import Moment, seal

if TYPE_CHECKING:
    from worker.room.game.battery import Battery
    from worker.room.game.playback import Setting

logger = logging.getLogger(__name__)

SNAPSHOT_SECONDS: Final = 3.0
"""Between two snapshots. With the time to store one, no more than 5 s of play are ever lost."""
REWIND_STEP_SECONDS: Final = 0.25
"""Between two states of the way back."""
REWIND_BYTES_PER_SECOND: Final = 8 << 20
"""Raw state that is compared and compressed in a second, at most: 0.3 % of a core. Large states take longer steps, but
none longer than from one snapshot to the next."""
BUFFERS: Final = 2
"""One that is worked on, and one for the next state."""


@dataclass(frozen=True, slots=True)
class Present:
    """What the emulator knows of the moment."""

    frame: int
    revision: int
    """Another number whenever the game is no more what it was."""
    setting: Setting


class Snapshots:
    """Owns the buffers and the thread. ``on_snapshot`` and ``on_battery`` are called on it."""

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
        """When the next state is to be kept, in monotonic seconds."""
        self._kept = self._published = -1
        self._rewind = Rewind()
        self._free = [_laid_out(size) for _ in range(BUFFERS)]
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._main, name="snapshots", daemon=True)
        self._thread.start()

    # ----- on the emulator's thread

    def capture(self, core: Core, present: Present, now: float, *, publish: bool = False) -> None:
        """Keep the state now, and hand it on if it is time to or if told so. If the thread is behind, the next frame's
        will do. ``now`` in monotonic seconds."""
        publish = publish or now >= self._next_snapshot
        if present.revision == (self._published if publish else self._kept):
            return
        if not self._free:
            return
        buffer = self._free.pop()
        size = core.state_size
        if size > len(buffer):
            buffer = _laid_out(size)
        try:
            size = core.serialize_into(buffer) if size else 0
        except CoreError:
            size = 0
        memory = core.save_ram() if publish else None
        self.due = now + self._step
        self._kept = present.revision
        if publish:
            self._next_snapshot = now + SNAPSHOT_SECONDS
            self._published = present.revision
        self._work.put(lambda: self._keep(buffer, size, present, memory, publish))

    def last(self, core: Core, present: Present) -> bytes:
        """The game as it is now, sealed for another process; it takes as long as it takes. ``flush`` comes first."""
        try:
            state = core.serialize() if core.savestates else b""
        except CoreError:
            state = b""
        memory = core.save_ram()
        self._keep_battery(memory)
        moment = Moment(frame=present.frame, state=state, battery=memory, setting=present.setting)
        return seal(moment, *self._label)

    def soon(self) -> None:
        """The game made a jump: keep a snapshot after the next frame."""
        self.due = self._next_snapshot = 0.0

    def step_back(self) -> tuple[State, int] | None:
        """The last state that was kept and its frame, which is forgotten then; None if none was. ``flush`` first."""
        return self._rewind.pop()

    def flush(self) -> None:
        """Wait until all that was captured is done with."""
        done = threading.Event()
        self._work.put(done.set)
        done.wait()

    def stop(self) -> None:
        """Finish what was captured, and end the thread."""
        self._work.put(None)
        self._thread.join()

    # ----- on its own thread

    def _main(self) -> None:
        while (work := self._work.get()) is not None:
            try:
                work()
            except Exception:
                logger.exception("! a state was not kept")

    def _keep(self, buffer: State, size: int, present: Present, memory: bytes | None, publish: bool) -> None:
        try:
            state = buffer[:size]
            if size:
                self._rewind.push(state, present.frame, present.frame - self._past_frames)
            if publish:
                self._keep_battery(memory)
            if publish and size:
                moment = Moment(frame=present.frame, state=state.data, battery=memory, setting=present.setting)
                self._on_snapshot(seal(moment, *self._label), present.frame)
        finally:
            self._free.append(buffer)

    def _keep_battery(self, memory: bytes | None) -> None:
        if memory and self._battery.changed(memory):
            self._battery.handed_on(memory)
            self._on_battery(memory)


def _laid_out(size: int) -> State:
    """A buffer whose memory is really there: the first touch of each page costs more than writing to it."""
    buffer = np.empty(size, np.uint8)
    buffer.fill(0)
    return buffer
