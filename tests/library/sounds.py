"""Small made sounds for the tests of the library: hits that differ from each other as real ones do."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from woodshed.sound import Sound, write_sound


def make_hit(seed: int, *, duration_s: float = 0.3, sample_rate_hz: int = 44100, channels: int = 1) -> Sound:
    """A struck sound: a few decaying partials and a burst of noise, all drawn from the seed."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(duration_s * sample_rate_hz)) / sample_rate_hz
    data = np.zeros((channels, time_s.size))
    for _ in range(6):
        frequency_hz, decay_s = rng.uniform(80, 4000), rng.uniform(0.02, 0.15)
        partial = np.sin(2 * np.pi * frequency_hz * time_s + rng.uniform(0, 6)) * np.exp(-time_s / decay_s)
        data += rng.uniform(0.2, 1.0, (channels, 1)) * partial
    data += rng.standard_normal(data.shape) * rng.uniform(0.1, 0.6) * np.exp(-time_s / rng.uniform(0.01, 0.1))
    return Sound(0.5 * data / np.abs(data).max(), sample_rate_hz)


def fill(folder: Path, names: list[str], *, first_seed: int = 0, duration_s: float = 0.3) -> Path:
    """Write one hit for each name."""
    for number, name in enumerate(names):
        write_sound(folder / name, make_hit(first_seed + number, duration_s=duration_s))
    return folder
