"""Maps from the even bins of a spectrum to bands as ears space them: mel and logarithmic."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from woodshed.base.errors import UsageError
from woodshed.dsp._audio import Audio

_LINEAR_HZ_PER_MEL = 200.0 / 3.0
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27.0


def hz_to_mel(frequency_hz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Mel of a frequency: 3 mel per 200 Hz up to 1 kHz, logarithmic above (27 mel for a factor of 6.4).

    Any shape in, the same shape out.

    References
    ----------
    M. Slaney, "Auditory Toolbox, version 2", Interval Research Corporation, 1998 (function mfcc).

    Examples
    --------
    >>> hz_to_mel([200.0, 1000.0, 6400.0]).round(6).tolist()
    [3.0, 15.0, 42.0]
    """
    frequency = np.asarray(frequency_hz, dtype=np.float64)
    above = _BREAK_MEL + np.log(np.maximum(frequency, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.where(frequency < _BREAK_HZ, frequency / _LINEAR_HZ_PER_MEL, above)


def mel_to_hz(mel: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Frequency in Hz of a mel value: the inverse of ``hz_to_mel``.

    Examples
    --------
    >>> mel_to_hz([3.0, 15.0]).round(6).tolist()
    [200.0, 1000.0]
    """
    value = np.asarray(mel, dtype=np.float64)
    above = _BREAK_HZ * np.exp(_LOG_STEP * (np.maximum(value, _BREAK_MEL) - _BREAK_MEL))
    return np.where(value < _BREAK_MEL, value * _LINEAR_HZ_PER_MEL, above)


def bin_frequencies_hz(*, sample_rate_hz: float, window_frames: int) -> npt.NDArray[np.float64]:
    """Centre frequency of each bin of a spectrum, shape ``(window_frames // 2 + 1,)``.

    Examples
    --------
    >>> bin_frequencies_hz(sample_rate_hz=8000, window_frames=8).tolist()
    [0.0, 1000.0, 2000.0, 3000.0, 4000.0]
    """
    return np.asarray(np.arange(window_frames // 2 + 1) * (sample_rate_hz / window_frames), dtype=np.float64)


@lru_cache(maxsize=64)
def mel_filterbank(
    *, sample_rate_hz: float, window_frames: int, bands: int, low_hz: float = 0.0, high_hz: float | None = None
) -> Audio:
    """Triangular filters evenly spaced in mel, each of area 1 Hz over its own Hz: white noise gives a flat result.

    Parameters
    ----------
    sample_rate_hz, window_frames
        Of the spectrum the filters are for.
    bands
        Number of filters.
    low_hz, high_hz
        Lowest and highest frequency; half the rate if None.

    Returns
    -------
    float32, shape ``(bands, window_frames // 2 + 1)``, read-only; multiply it with power spectra ``(bins, hops)``.

    Raises
    ------
    UsageError
        If the range of frequencies is empty or there is no band.

    Examples
    --------
    >>> mel_filterbank(sample_rate_hz=44100, window_frames=2048, bands=40).shape
    (40, 1025)
    """
    top_hz = _checked_top(low_hz, high_hz, sample_rate_hz=sample_rate_hz, bands=bands)
    edges = mel_to_hz(np.linspace(hz_to_mel(low_hz), hz_to_mel(top_hz), bands + 2))
    bins = bin_frequencies_hz(sample_rate_hz=sample_rate_hz, window_frames=window_frames)
    weights = _triangles(bins, edges) * (2.0 / (edges[2:] - edges[:-2]))[:, np.newaxis]
    return _locked(weights)


@lru_cache(maxsize=64)
def log_frequency_filterbank(
    *,
    sample_rate_hz: float,
    window_frames: int,
    bands_per_octave: int = 12,
    low_hz: float = 27.5,
    high_hz: float | None = None,
) -> Audio:
    """Triangular filters evenly spaced in octaves; each row adds up to 1, so a band shows a mean power.

    Where bands are narrower than bins (low down), a band interpolates between the two nearest bins, so that
    none is empty.

    Returns
    -------
    float32, shape ``(bands, window_frames // 2 + 1)``, read-only; centres as in ``log_frequencies_hz``.

    Raises
    ------
    UsageError
        If the range of frequencies is empty.

    Examples
    --------
    >>> bank = log_frequency_filterbank(sample_rate_hz=44100, window_frames=4096, bands_per_octave=12)
    >>> bool(np.allclose(bank.sum(axis=1), 1.0))
    True
    """
    centres = log_frequencies_hz(
        sample_rate_hz=sample_rate_hz, bands_per_octave=bands_per_octave, low_hz=low_hz, high_hz=high_hz
    )
    ratio = 2.0 ** (1.0 / bands_per_octave)
    edges = np.concatenate([[centres[0] / ratio], centres, [centres[-1] * ratio]])
    bins = bin_frequencies_hz(sample_rate_hz=sample_rate_hz, window_frames=window_frames)
    weights = _triangles(bins, edges)
    narrow = (weights > 0).sum(axis=1) < 2
    weights[narrow] = _interpolation(bins, centres[narrow])
    return _locked(weights / weights.sum(axis=1, keepdims=True))


def log_frequencies_hz(
    *, sample_rate_hz: float, bands_per_octave: int = 12, low_hz: float = 27.5, high_hz: float | None = None
) -> npt.NDArray[np.float64]:
    """Centres of the bands of ``log_frequency_filterbank``, shape ``(bands,)``.

    Examples
    --------
    >>> log_frequencies_hz(sample_rate_hz=8000, bands_per_octave=1, low_hz=100, high_hz=850).tolist()
    [100.0, 200.0, 400.0, 800.0]
    """
    top_hz = _checked_top(low_hz, high_hz, sample_rate_hz=sample_rate_hz, bands=bands_per_octave, lowest_hz=1e-3)
    count = int(np.floor(np.log2(top_hz / low_hz) * bands_per_octave + 1e-9)) + 1
    return low_hz * 2.0 ** (np.arange(count) / bands_per_octave)


def _checked_top(
    low_hz: float, high_hz: float | None, *, sample_rate_hz: float, bands: int, lowest_hz: float = 0.0
) -> float:
    top_hz = sample_rate_hz / 2.0 if high_hz is None else min(high_hz, sample_rate_hz / 2.0)
    if bands < 1 or not lowest_hz <= low_hz < top_hz:
        raise UsageError(
            f"{bands} bands from {low_hz} Hz to {top_hz} Hz are not possible",
            cause="the lowest frequency lies above half the sample rate, or no band was asked for",
            way_out="lower the first frequency or ask for at least one band",
        )
    return top_hz


def _triangles(bins: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Triangles of height 1 between each three neighbouring edges, shape ``(edges - 2, bins)``."""
    lower, centre, upper = (edges[offset : len(edges) - 2 + offset, np.newaxis] for offset in range(3))
    rising = (bins - lower) / (centre - lower)
    falling = (upper - bins) / (upper - centre)
    return np.maximum(0.0, np.minimum(rising, falling))


def _interpolation(bins: npt.NDArray[np.float64], centres: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Linear interpolation between the two bins around each centre, shape ``(centres, bins)``."""
    distance = np.abs(bins - centres[:, np.newaxis]) / (bins[1] - bins[0])
    return np.maximum(0.0, 1.0 - distance)


def _locked(weights: npt.NDArray[np.float64]) -> Audio:
    filters = weights.astype(np.float32)
    filters.setflags(write=False)
    return filters
