"""Small sounds with known properties for the tests of this room."""

from __future__ import annotations

import numpy as np

from woodshed.metrics import SoundSet
from woodshed.sound import Sound

RATE_HZ = 44100


def noise_hit(seed: int, *, decay_s: float = 0.05, duration_s: float = 0.25, brightness: float = 0.5) -> Sound:
    """Decaying noise, low-passed by one pole: no two seeds alike."""
    rng = np.random.default_rng(seed)
    frames = round(duration_s * RATE_HZ)
    noise = rng.normal(size=frames)
    noise = brightness * noise + (1 - brightness) * np.convolve(noise, np.ones(16) / 4, mode="same")
    return Sound(0.2 * noise * np.exp(-np.arange(frames) / (decay_s * RATE_HZ)), RATE_HZ)


def tone_hit(seed: int, *, duration_s: float = 0.25) -> Sound:
    """A decaying sine whose pitch glides down, with a little noise: no two seeds alike."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    start_hz, end_hz = rng.uniform(150, 400), rng.uniform(45, 90)
    phase = 2 * np.pi * (end_hz * time_s + (start_hz - end_hz) * 0.03 * (1 - np.exp(-time_s / 0.03)))
    wave = np.sin(phase) + 0.05 * rng.normal(size=time_s.size)
    return Sound(0.8 * wave * np.exp(-time_s / rng.uniform(0.05, 0.12)), RATE_HZ)


def mixed_set(count: int, *, seed: int = 0, kits: int = 6) -> SoundSet:
    """Half noise ("snare"), half tones ("kick"), in a few kits."""
    sounds = tuple((noise_hit if place % 2 else tone_hit)(1000 * seed + place) for place in range(count))
    classes = tuple("snare" if place % 2 else "kick" for place in range(count))
    return SoundSet(sounds, classes, tuple(f"kit {place % kits}" for place in range(count)))
