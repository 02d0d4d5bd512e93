"""The room's figures of the last second: for the agent's metrics, and for the bit rate that follows from them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from worker.messages.control import Figures, ViewerFigures
from worker.room.media.bitrate import BitrateControl

if TYPE_CHECKING:
    from worker.room.game.emulator import Emulator
    from worker.room.players.viewers import Viewers

logger = logging.getLogger(__name__)


class FiguresCollector:
    """Reads the counters once a second; ``now`` in monotonic seconds."""

    def __init__(self, max_kbps: int, now: float) -> None:
        self._bitrate = BitrateControl(max_kbps)
        self._last = (now, 0, 0, 0)

    def collect(self, emulator: Emulator, viewers: Viewers, now: float) -> Figures:
        """Return what happened since the last call, and set the stream's bit rate as the viewers' reports have it."""
        then, frames, video_bytes, audio_bytes = self._last
        counters = emulator.counters
        seconds = max(now - then, 1e-3)
        self._last = (now, counters.frames, counters.video_bytes, counters.audio_bytes)
        video_bits = 8 * (counters.video_bytes - video_bytes) / seconds
        bits = video_bits + 8 * (counters.audio_bytes - audio_bytes) / seconds
        self._adapt(emulator, viewers, video_bits / 1000, now)
        return Figures(
            frames=counters.frames,
            late_frames=counters.late,
            run_seconds=counters.run_seconds,
            encode_seconds=counters.encode_seconds,
            video_bytes=counters.video_bytes,
            audio_bytes=counters.audio_bytes,
            keyframes=emulator.video.keyframes if emulator.video else 0,
            fps=(counters.frames - frames) / seconds,
            bitrate=bits,
            viewers=tuple(
                ViewerFigures(viewer=viewer.peer.viewer, rtt_seconds=viewer.peer.video.rtt, loss=viewer.peer.video.loss)
                for viewer in viewers
            ),
        )

    def _adapt(self, emulator: Emulator, viewers: Viewers, sent_kbps: float, now: float) -> None:
        """Limit the stream to what the narrowest path to a viewer carries."""
        senders = [viewer.peer.video for viewer in viewers if viewer.watching]
        if not senders or emulator.video is None:
            return
        estimates = [sender.estimate / 1000 for sender in senders if sender.estimate is not None]
        changed = self._bitrate.report(
            sent_kbps=sent_kbps,
            estimate_kbps=min(estimates, default=None),
            loss=max(sender.loss for sender in senders),
            now=now,
        )
        if changed:
            logger.info("= the stream is limited to %d kbit/s", self._bitrate.kbps)
            emulator.video.set_bitrate(self._bitrate.kbps)
