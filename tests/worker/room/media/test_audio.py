"""Sound at any rate, through the real resampler and encoder, decoded again."""

from typing import Any

import av
import numpy as np
import pytest

from worker.room.media.audio import OPUS_RATE, PACKET_SAMPLES, AudioEncoder


def tone(rate: float, seconds: float, pitch: float = 440.0) -> np.ndarray[Any, np.dtype[np.int16]]:
    """A sine in both channels, shape (n, 2)."""
    wave = 12000 * np.sin(2 * np.pi * pitch * np.arange(int(rate * seconds)) / rate)
    return np.repeat(wave.astype(np.int16)[:, None], 2, axis=1)


def hear(packets: list[tuple[int, bytes]]) -> np.ndarray[Any, Any]:
    """The left channel, decoded."""
    decoder: Any = av.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout = OPUS_RATE, "stereo"
    frames = [frame for _, packet in packets for frame in decoder.decode(av.Packet(packet))]
    return np.concatenate([frame.to_ndarray().reshape(-1, 2)[:, 0] for frame in frames])


@pytest.mark.parametrize("rate", [48000.0, 44100.0, 32040.5, 65536.0, 22050.0])
def test_the_pitch_survives_whatever_the_rate(rate: float) -> None:
    encoder = AudioEncoder(rate)
    samples = tone(rate, 1.0)
    packets = []
    for start in range(0, len(samples), 533):
        encoder.take(samples[start : start + 533])
        packets += encoder.encode()
    heard = hear(packets)[4800:43200].astype(float)
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert abs(np.argmax(spectrum) * OPUS_RATE / len(heard) - 440) < 2
    assert len(packets) in (98, 99, 100)


def test_timestamps_count_samples_of_10_ms_packets() -> None:
    encoder = AudioEncoder(48000.0)
    encoder.take(tone(48000.0, 0.035))
    assert [timestamp for timestamp, _ in encoder.encode()] == [0, PACKET_SAMPLES, 2 * PACKET_SAMPLES]
    encoder.take(tone(48000.0, 0.005))
    assert [timestamp for timestamp, _ in encoder.encode()] == [3 * PACKET_SAMPLES]
    assert encoder.encode() == []


def test_taken_samples_are_copied() -> None:
    encoder = AudioEncoder(48000.0)
    samples = tone(48000.0, 0.1)
    encoder.take(samples)
    samples[:] = 0
    assert np.abs(hear(encoder.encode())).max() > 5000


def test_the_rate_may_change_in_mid_game() -> None:
    encoder = AudioEncoder(48000.0)
    encoder.take(tone(48000.0, 0.5))
    encoder.set_rate(32000.0)
    encoder.take(tone(32000.0, 0.5))
    assert len(encoder.encode()) in (99, 100)
