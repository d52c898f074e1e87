"""Small made sounds, and files that are broken on purpose."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from woodshed.sound import Sound


def noise(
    *, seconds: float = 0.25, channels: int = 2, rate_hz: int = 44100, level: float = 0.25, seed: int = 0
) -> Sound:
    generator = np.random.default_rng(seed)
    data = np.clip(level * generator.standard_normal((channels, round(seconds * rate_hz))), -1.0, 1.0)
    return Sound(data.astype(np.float32), rate_hz)


def tone(
    *, seconds: float = 0.5, hz: float = 440.0, rate_hz: int = 48000, channels: int = 1, level: float = 0.5
) -> Sound:
    one = level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)
    return Sound(np.tile(one, (channels, 1)), rate_hz)


def hit(*, before_s: float = 0.1, rate_hz: int = 44100, level: float = 0.8, tail_s: float = 1.5) -> Sound:
    """Silence, then a tone that begins at once and dies away."""
    at = np.arange(round(tail_s * rate_hz)) / rate_hz
    body = level * np.cos(2 * np.pi * 180 * at) * np.exp(-at / 0.06)
    return Sound(np.concatenate([np.zeros(round(before_s * rate_hz)), body]), rate_hz)


def wav_bytes(
    audio: bytes, *, rate_hz: int = 8000, channels: int = 1, bits: int = 16, declared: int | None = None
) -> bytes:
    """A plain WAV, also one that lies about the size of its audio."""
    size = len(audio) if declared is None else declared
    each = channels * bits // 8
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate_hz, rate_hz * each, each, bits)
    body = b"WAVE" + head + struct.pack("<4sI", b"data", size) + audio
    return struct.pack("<4sI", b"RIFF", min(0xFFFFFFFF, len(body))) + body


def cut(path: Path, share: float) -> Path:
    """The same file with its end missing."""
    content = path.read_bytes()
    path.write_bytes(content[: round(len(content) * share)])
    return path
