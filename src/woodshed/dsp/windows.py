"""Windows: the fades under which a piece of sound is measured."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from woodshed.dsp._audio import Audio


@lru_cache(maxsize=64)
def hann(frames: int) -> Audio:
    """Periodic Hann window, shape ``(frames,)``; shifted copies at half its length add up to 1. Read-only.

    Examples
    --------
    >>> hann(4).tolist()
    [0.0, 0.5, 1.0, 0.5]
    """
    return _locked(0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(frames) / frames))


@lru_cache(maxsize=64)
def sine_window(frames: int) -> Audio:
    """Half a sine, shape ``(frames,)``; its squares, shifted by half its length, add up to 1. Read-only.

    Examples
    --------
    >>> window = sine_window(8)
    >>> bool(np.allclose(window[:4] ** 2 + window[4:] ** 2, 1.0))
    True
    """
    return _locked(np.sin(np.pi * (np.arange(frames) + 0.5) / frames))


def _locked(values: np.ndarray) -> Audio:
    window = values.astype(np.float32)
    window.setflags(write=False)
    return window
