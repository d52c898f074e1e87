"""Where a sound was clipped, and what its peaks were.

Slices of noise, and those in which few frames are lost, are filled in by linear prediction from both sides; those of
few partials by the sparsest spectrum that agrees with everything that is left. On real drums the first hardly ever does
harm but gains little where much is lost; the second gains most there, and overshoots in noise. The mean of these and of
a cubic spline through what is left gains more than either, since the errors of the two have little in common.

References
----------
P. Zaviska, P. Rajmic, O. Mokry and Z. Prusa, "A proper version of synthesis-based sparse audio declipper", ICASSP 2019
(the analysis form, A-SPADE, of S. Kitic, N. Bertin and R. Gribonval, LVA/ICA 2015). A. Janssen, R. Veldhuis and
L. Vries, "Adaptive interpolation of discrete-time signals that can be modeled as autoregressive processes",
IEEE Trans. ASSP 34 (1986), pp. 317-330, eq. 24.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline
from scipy.linalg import cho_factor, cho_solve, solve_toeplitz

from woodshed.dsp._audio import Audio, as_channels

_WINDOW = 1024
_HOP = 256
_LONGER = 2  # the spectrum has so many times as many bins as the window has frames
_MOST_ROUNDS = 250
_NEAR = 0.05  # share of a slice's energy that the sparse spectrum may miss when we stop
_FEW = 0.03  # share of lost frames up to which prediction fills a slice
_PARTIAL_BINS, _PARTIAL_SHARE = 24, 0.9
_ORDER = 32
_PASSES = 3
_TOLERANCE = 4e-4
_LEAST_RUN = 3
_LEAST_RUNS = 2

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Clipping:
    """Where a sound stands at its stops.

    Attributes
    ----------
    high, low
        Frames at the upper and at the lower stop, ``(channels, frames)``.
    runs
        How often it stays there for three frames or more.
    """

    high: Mask
    low: Mask
    runs: int

    @property
    def share(self) -> float:
        """Clipped frames as a share of all (0 to 1)."""
        return float((self.high | self.low).mean()) if self.high.size else 0.0

    @property
    def found(self) -> bool:
        """Whether this is clipping and not just the highest frame of a sound."""
        return self.runs >= _LEAST_RUNS


def find_clipping(x: npt.ArrayLike) -> Clipping:
    """Frames that stand at the highest or lowest value of their channel, if several do in a row.

    Examples
    --------
    >>> x = np.sin(np.arange(2000) * 0.05)
    >>> find_clipping(x).found, find_clipping(np.clip(x, -0.7, 0.7)).found
    (False, True)
    """
    audio = as_channels(x)
    tops = [audio.max(axis=1, initial=0.0), -audio.min(axis=1, initial=0.0)]
    masks, runs = [], 0
    for sign, top in zip((1.0, -1.0), tops, strict=True):
        mask = sign * audio >= (top * (1 - _TOLERANCE))[:, None]
        mask[top < 1e-4] = False
        for channel in range(len(mask)):
            lengths = _run_lengths(mask[channel])
            long = int(np.sum(lengths >= _LEAST_RUN))
            runs += long
            mask[channel] &= long > 0
        masks.append(mask)
    return Clipping(masks[0], masks[1], runs)


def declipped(x: npt.ArrayLike, clipping: Clipping) -> Audio:
    """Give clipped frames the values that make every stretch of 23 ms sparsest in frequency.

    Parameters
    ----------
    x
        Audio, shape ``(channels, frames)`` or ``(frames,)``.
    clipping
        Of the same sound. Frames not named in it come back bit for bit; those named stay at or beyond their stop.

    Returns
    -------
    float32, ``(channels, frames)``; it may rise above full scale.

    Examples
    --------
    >>> time = np.arange(8000) / 44100
    >>> x = np.sin(2 * np.pi * 220 * time) * np.exp(-4 * time)
    >>> clipped = np.clip(x, -0.5, 0.5)
    >>> back = declipped(clipped, find_clipping(clipped))[0]
    >>> bool(10 * np.mean((back - x) ** 2) < np.mean((clipped - x) ** 2))
    True
    """
    audio = as_channels(x)
    rows = [
        _channel_declipped(channel.astype(np.float64), high, low) if (high | low).any() else channel
        for channel, high, low in zip(audio, clipping.high, clipping.low, strict=True)
    ]
    return np.stack(rows).astype(np.float32)


def _channel_declipped(x: Floats, high: Mask, low: Mask) -> Floats:
    frames = len(x)
    padded = np.pad(x, (_WINDOW, _WINDOW + -frames % _HOP))
    flags = [np.pad(mask, (_WINDOW, _WINDOW + -frames % _HOP)) for mask in (high, low)]
    starts = np.arange(0, len(padded) - _WINDOW + 1, _HOP)
    places = starts[:, None] + np.arange(_WINDOW)
    touched = (flags[0] | flags[1])[places].any(axis=1)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(_WINDOW) + 0.5) / _WINDOW)
    slices = padded[places] * window
    lost = (flags[0] | flags[1])[places].mean(axis=1)
    many = touched & (lost > _FEW) & _few_partials(slices)
    for row in np.flatnonzero(touched & ~many):
        here = places[row]
        slices[row] = window * _predicted(padded[here], flags[0][here], flags[1][here])
    sparse = _sparsest(slices[many], flags[0][places[many]], flags[1][places[many]])
    ceiling = window * (_highest(lost[many]) * np.abs(padded[places[many]]).max(axis=1))[:, None]
    slices[many] = np.clip(sparse, -ceiling, ceiling)
    total = np.zeros_like(padded)
    for start, piece in zip(starts, slices, strict=True):
        total[start : start + _WINDOW] += piece
    whole = total[_WINDOW : _WINDOW + frames] / (0.5 * _WINDOW / _HOP)
    whole = 0.5 * (whole + _splined(x, high | low))
    restored = x.copy()
    restored[high] = np.maximum(whole[high], x[high])
    restored[low] = np.minimum(whole[low], x[low])
    return restored


def _splined(x: Floats, lost: Mask) -> Floats:
    """A cubic spline through the frames that are left, no further out than twice the highest of them."""
    left = np.flatnonzero(~lost)
    if left.size < 4:
        return x
    made, most = x.copy(), 2 * float(np.abs(x).max())
    made[lost] = np.clip(CubicSpline(left, x[left])(np.flatnonzero(lost)), -most, most)
    return made


def _few_partials(slices: Floats) -> Mask:
    """Whether a few bins hold nearly all of a slice's energy, ``(slices,)``."""
    power = np.sort(np.abs(np.fft.rfft(slices, axis=1)) ** 2, axis=1)
    return power[:, -_PARTIAL_BINS:].sum(axis=1) > _PARTIAL_SHARE * power.sum(axis=1)


def _highest(lost: Floats) -> Floats:
    """How far above its stop a slice may rise: somewhat more than a sine of which so much was lost did."""
    return 1.05 + 1.5 * (1 / np.sin(np.pi / 2 * np.clip(1 - lost, 0.05, 1.0)) - 1)


def _predicted(given: Floats, high: Mask, low: Mask) -> Floats:
    """One slice with its lost frames as linear prediction from both sides would have them, never inside the stops."""
    x = given.copy()
    for _ in range(_PASSES):
        kernel = _prediction_kernel(x)
        free, x = high | low, given.copy()
        for _ in range(3):  # what would fall inside a stop is held at the stop, and the rest solved again
            places = np.flatnonzero(free)
            if not places.size:
                break
            known = np.convolve(np.where(free, 0.0, x), kernel, mode="same")[places]
            matrix = np.where(np.abs(places[:, None] - places) <= _ORDER, 1.0, 0.0)
            matrix *= kernel[np.clip(places[:, None] - places, -_ORDER, _ORDER) + _ORDER]
            matrix[np.diag_indices(len(places))] *= 1 + 1e-8
            x[places] = cho_solve(cho_factor(matrix), -known)
            inside = free & ((high & (x < given)) | (low & (x > given)))
            if not inside.any():
                break
            x[inside] = given[inside]
            free &= ~inside
    return x


def _prediction_kernel(x: Floats) -> Floats:
    """Autocorrelation of the prediction error filter of a slice, ``(2 * order + 1,)``."""
    windowed = x * np.hanning(len(x) + 2)[1:-1]
    power = np.abs(np.fft.rfft(windowed, 2 * len(x))) ** 2
    lags = np.fft.irfft(power)[: _ORDER + 1]
    lags[0] = lags[0] * (1 + 1e-9) + 1e-12
    error_filter = np.concatenate([[1.0], solve_toeplitz(lags[:-1], -lags[1:])])
    return np.correlate(error_filter, error_filter, mode="full")


def _sparsest(slices: Floats, high: Mask, low: Mask) -> Floats:
    """The consistent slices with the sparsest spectra (A-SPADE); every slice stops on its own, ``(slices, window)``."""
    size = _LONGER * _WINDOW
    energy = np.sqrt(np.sum(slices**2, axis=1)) + 1e-12
    result, running = slices.copy(), np.arange(len(slices))
    x, lag = slices.copy(), np.zeros((len(slices), size // 2 + 1), dtype=np.complex128)
    for count in range(1, _MOST_ROUNDS + 1):
        spectra = np.fft.rfft(x, n=size, axis=1, norm="ortho")
        sparse = _largest(spectra + lag, count)
        x = _consistent(
            np.fft.irfft(sparse - lag, n=size, axis=1, norm="ortho")[:, :_WINDOW],
            slices[running],
            high[running],
            low[running],
        )
        missed = np.fft.rfft(x, n=size, axis=1, norm="ortho") - sparse
        lag += missed
        result[running] = x
        going = np.sqrt(np.sum(np.abs(missed) ** 2, axis=1)) > _NEAR * energy[running]
        running, x, lag = running[going], x[going], lag[going]
        if not running.size:
            break
    return result


def _largest(spectra: npt.NDArray[np.complex128], count: int) -> npt.NDArray[np.complex128]:
    """Only so many bins of each row, the largest."""
    power = np.abs(spectra)
    least = np.partition(power, -count, axis=1)[:, -count, None]
    return np.where(power >= least, spectra, 0.0)


def _consistent(x: Floats, given: Floats, high: Mask, low: Mask) -> Floats:
    """The nearest slices that agree with what is known: exact where nothing was clipped, beyond the stops elsewhere."""
    return np.where(high, np.maximum(x, given), np.where(low, np.minimum(x, given), given))


def _run_lengths(mask: Mask) -> npt.NDArray[np.int64]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return (edges[1::2] - edges[::2]).astype(np.int64)
