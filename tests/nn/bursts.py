"""Noise that rises and dies, to try beginnings and courses on."""

from __future__ import annotations

import numpy as np


def burst(*, seed: int, rise_s: float, fall_s: float, duration_s: float, rate: int = 44100) -> np.ndarray:
    """Noise that rises evenly and dies away, ``(2, frames)``."""
    seconds = np.arange(round(duration_s * rate)) / rate
    shape = np.minimum(1, seconds / rise_s) * np.exp(-seconds / fall_s)
    return np.random.default_rng(seed).normal(size=(2, seconds.size)) * shape
