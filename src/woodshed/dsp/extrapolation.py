"""Carrying a sound on past its end: linear prediction keeps tones ringing and lets noise die away."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter, lfiltic

_CONTEXT = 8192  # frames of the end that are listened to
_MOST_ORDER = 768
_TOO_LOUD = 2.0


def extrapolated(x: npt.ArrayLike, *, frames: int) -> npt.NDArray[np.float32]:
    """What comes next after a sound, going by its last moments.

    Parameters
    ----------
    x
        Amplitudes, shape ``(..., frames)``; each channel is carried on by itself.
    frames
        How many to add.

    Returns
    -------
    ndarray
        Shape ``(..., frames)``; silence where there is too little to go by. Never grows beyond twice the peak of what
        it goes by.

    References
    ----------
    Burg 1975, "Maximum entropy spectral analysis" (the recursion); Kauppinen and Roth 2002, "Audio signal
    extrapolation", DAFx.

    Examples
    --------
    >>> tone = np.sin(np.arange(4000) * 0.1)
    >>> ahead = extrapolated(tone[:3000], frames=1000)
    >>> bool(np.abs(ahead - tone[3000:]).max() < 0.02)
    True
    """
    given = np.asarray(x, dtype=np.float64)
    rows = given.reshape(math.prod(given.shape[:-1]), given.shape[-1])[:, -_CONTEXT:]
    carried = np.stack([_carried_on(row, frames) for row in rows])
    return carried.reshape(*given.shape[:-1], frames).astype(np.float32)


def _carried_on(row: npt.NDArray[np.float64], frames: int) -> npt.NDArray[np.float64]:
    peak = float(np.abs(row).max(initial=0.0))
    order = min(_MOST_ORDER, len(row) // 3)
    if peak < 1e-7 or order < 4 or frames < 1:
        return np.zeros(max(0, frames))
    coefficients = _predictor(row / peak, order)
    past = row[::-1][: len(coefficients) - 1]
    ahead, _ = lfilter([1.0], coefficients, np.zeros(frames), zi=lfiltic([1.0], coefficients, past))
    loudest = float(np.abs(ahead).max())
    return ahead if loudest <= _TOO_LOUD * peak else np.zeros(frames)


def _predictor(row: npt.NDArray[np.float64], order: int) -> npt.NDArray[np.float64]:
    """Coefficients of the prediction error filter by Burg's recursion; its roots lie inside the circle."""
    ahead, behind = row[1:].copy(), row[:-1].copy()
    coefficients = np.ones(1)
    least = 1e-13 * float(row @ row)
    for _ in range(order):
        power = float(ahead @ ahead + behind @ behind)
        if power <= least:
            break
        reflection = -2.0 * float(ahead @ behind) / power
        longer = np.append(coefficients, 0.0)
        coefficients = longer + reflection * longer[::-1]
        ahead, behind = (ahead + reflection * behind)[1:], (behind + reflection * ahead)[:-1]
    return coefficients
