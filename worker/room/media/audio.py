"""The core's sound to Opus packets of 10 ms, encoded once per room. Runs on the emulator's thread."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import av
import numpy as np
import soxr  # type: ignore[import-untyped]

OPUS_RATE: Final = 48_000
"""Hz; also the RTP clock of Opus (RFC 7587)."""
PACKET_SAMPLES: Final = 480
"""10 ms: shorter packets cost more headers than they save delay beside a video frame of 16 ms."""
BITRATE_PER_CHANNEL: Final = 48_000
"""Bits per second."""

Samples = np.ndarray[tuple[int, int], np.dtype[np.int16]]
"""Shape (samples, channels)."""


class AudioEncoder:
    """Makes Opus packets of 16-bit stereo at the core's exact rate."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._timestamp = 0
        self._dropping = 0
        # Many consoles have one channel: a mono packet costs half, and every Opus decoder takes both kinds in turn.
        self._open(1)

    def _open(self, channels: int) -> None:
        self._channels = channels
        layout = "mono" if channels == 1 else "stereo"
        self._context = av.CodecContext.create("libopus", "w")
        assert isinstance(self._context, av.AudioCodecContext)  # noqa: S101 (narrows the declared type)
        self._context.sample_rate = OPUS_RATE
        self._context.layout = layout
        self._context.format = "s16"
        self._context.bit_rate = BITRATE_PER_CHANNEL * channels
        self._context.time_base = Fraction(1, OPUS_RATE)
        self._context.options = {"application": "lowdelay", "frame_duration": "10", "compression_level": "4"}
        self._frame = av.AudioFrame(format="s16", layout=layout, samples=PACKET_SAMPLES)
        self._frame.sample_rate = OPUS_RATE
        self._frame.time_base = self._context.time_base
        self._pending = [np.zeros((0, channels), np.int16)]
        self.set_rate(self._rate)

    def set_rate(self, rate: float) -> None:
        """Resample from this rate in Hz from now on; it may be no whole number (the Super NES's is 32,040.5)."""
        self._rate = rate
        # QQ interpolates with 0.05 ms of delay where the better filters take 6 to 12.
        self._resampler = (
            None if rate == OPUS_RATE else soxr.ResampleStream(rate, OPUS_RATE, self._channels, "int16", "QQ")
        )

    def resume(self, timestamp: int) -> None:
        """Go on at this RTP timestamp (48 kHz) after a silence in which nothing was added."""
        self._timestamp = max(self._timestamp, timestamp)
        self._dropping = 0
        self._pending = [np.zeros((0, self._channels), np.int16)]

    @property
    def end(self) -> int:
        """The RTP timestamp (48 kHz) after all the sound that was added."""
        return self._timestamp + sum(map(len, self._pending))

    def set_back(self, samples: int) -> None:
        """Drop so many of the samples that are added next (at 48 kHz); go on as much later if negative."""
        if samples < 0:
            self._timestamp -= samples
        else:
            self._dropping += samples

    def add(self, samples: Samples) -> None:
        """Add a copy of the core's next samples, of shape (n, 2)."""
        if self._channels == 1:
            if np.array_equal(samples[:, 0], samples[:, 1]):
                samples = samples[:, :1]
            else:
                self._open(2)  # for good: the few milliseconds that were pending are not missed
        resampled = samples.copy() if self._resampler is None else self._resampler.resample_chunk(samples)
        if self._dropping:
            dropped = min(self._dropping, len(resampled))
            self._dropping -= dropped
            resampled = resampled[dropped:]
        self._pending.append(resampled)

    def encode(self) -> list[tuple[int, bytes]]:
        """Return the packets that the added samples complete, each after its RTP timestamp (48 kHz)."""
        samples = np.concatenate(self._pending)
        packets = []
        start = 0
        while len(samples) - start >= PACKET_SAMPLES:
            packets.append((self._timestamp, self._packet(samples[start : start + PACKET_SAMPLES])))
            self._timestamp += PACKET_SAMPLES
            start += PACKET_SAMPLES
        self._pending = [samples[start:]]
        return packets

    def _packet(self, samples: Samples) -> bytes:
        self._frame.planes[0].update(samples.tobytes())
        self._frame.pts = self._timestamp
        return b"".join(bytes(packet) for packet in self._context.encode(self._frame))
