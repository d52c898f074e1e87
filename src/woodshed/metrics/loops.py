"""How well a loop closes and keeps time: its seam beside its interior, its tempo and its hits beside the grid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from woodshed.base.errors import UsageError
from woodshed.dsp import onset_times_s
from woodshed.sound import Sound

_SLICE_S = 0.0116
_AROUND_S = 0.012
_LEAST_ONSETS = 4
_SLOWER_FASTER = np.linspace(0.96, 1.04, 1601)
_TILED_S = 8.0

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Seam:
    """Where the seam of a loop stands among all other places of it, in percent of places that are smoother.

    Attributes
    ----------
    jump_percentile
        Of how far frames are off their neighbours: 50 for a seam like any other place, 100 for a click.
    flux_percentile
        Of how suddenly the spectrum changes, among the places of the grid where a hit may lie.
    """

    jump_percentile: float
    flux_percentile: float


@dataclass(frozen=True)
class GridFit:
    """How the hits of a loop lie on its sixteenths.

    Attributes
    ----------
    onsets
        How many hits were heard; below four everything else is NaN.
    tempo_ratio
        Tempo at which the hits fit a grid best, over the tempo asked for.
    offset_ms
        Median distance of a hit from its sixteenth, apart from a lateness that all hits share.
    """

    onsets: int
    tempo_ratio: float
    offset_ms: float


def seam_of(loop: Sound, *, sixteenths: int = 32) -> Seam:
    """Measure the seam of a loop: where its last frame meets its first.

    Parameters
    ----------
    sixteenths
        How many lie in the loop.

    Examples
    --------
    >>> turns = np.arange(44100) / 44100 * 2 * np.pi
    >>> closed, torn = np.sin(100 * turns), np.sin(100.4 * turns)
    >>> seam_of(Sound(torn, 44100)).jump_percentile
    100.0
    >>> seam_of(Sound(closed, 44100)).jump_percentile < 100
    True
    """
    _check(loop, sixteenths)
    data = loop.data.astype(np.float64)
    return Seam(_jump_percentile(data), _flux_percentile(data, loop.sample_rate_hz, sixteenths))


def grid_fit(loop: Sound, *, sixteenths: int) -> GridFit:
    """Measure how the hits of a loop lie on its grid; the loop is heard several times in a row.

    Parameters
    ----------
    sixteenths
        How many the loop is meant to have: 16 a bar.

    Raises
    ------
    UsageError
        If the loop is empty or has no sixteenths.

    Examples
    --------
    >>> x = np.zeros(88200)
    >>> for hit in range(8):
    ...     x[hit * 11025 : hit * 11025 + 2000] = np.exp(-np.arange(2000) / 300) * np.sin(np.arange(2000) * 0.3)
    >>> fit = grid_fit(Sound(x, 44100), sixteenths=16)
    >>> round(fit.tempo_ratio, 3), fit.offset_ms < 2
    (1.0, True)
    """
    _check(loop, sixteenths)
    times = max(3, math.ceil(_TILED_S / loop.duration_s))
    onsets = onset_times_s(np.tile(loop.data, (1, times)), loop.sample_rate_hz)
    onsets = onsets[(onsets > 0.5 * loop.duration_s) & (onsets < (times - 0.25) * loop.duration_s)]
    count = round(len(onsets) / (times - 0.75))
    if count < _LEAST_ONSETS:
        return GridFit(count, math.nan, math.nan)
    token_s = loop.duration_s / sixteenths
    phases = np.exp(2j * np.pi * np.outer(_SLOWER_FASTER, onsets / token_s))
    ratio = float(_SLOWER_FASTER[int(np.argmax(np.abs(phases.mean(axis=1))))])
    own = np.exp(2j * np.pi * onsets / token_s)
    late = np.angle(own.mean())
    apart = np.abs(np.angle(own * np.exp(-1j * late))) / (2 * np.pi) * token_s
    return GridFit(count, ratio, 1000.0 * float(np.median(apart)))


def roughness(data: Numbers) -> Numbers:
    """How far the four frames around each place of a closed circle lie off the curve through their neighbours.

    Parameters
    ----------
    data
        ``(channels, frames)``.

    Returns
    -------
    Numbers
        ``(frames,)``; the value at 0 is that of the seam, where the last frame meets the first.

    Examples
    --------
    >>> turns = np.arange(1000) / 1000 * 2 * np.pi
    >>> torn = roughness(np.sin(10.4 * turns)[None])
    >>> int(torn.argmax()) in (0, 1, 999)
    True
    """
    near = [np.roll(data, -reach, axis=1) for reach in (-2, -1, 1, 2)]
    off = np.abs(data - (4 * (near[1] + near[2]) - near[0] - near[3]) / 6).max(axis=0)
    return np.maximum.reduce([np.roll(off, -reach) for reach in (-2, -1, 0, 1)])


def _jump_percentile(data: Numbers) -> float:
    """Share of places that are smoother than the seam."""
    if data.shape[1] < 16:
        return 0.0
    worst = roughness(data)
    return 100.0 * float(np.mean(worst[4:-4] < worst[0]))


def _flux_percentile(data: Numbers, sample_rate_hz: int, sixteenths: int) -> float:
    """Share of the other sixteenths around which the spectrum changes less suddenly than around the seam."""
    frames = data.shape[1]
    half = max(8, round(_SLICE_S * sample_rate_hz / 2))
    hop = max(1, half // 4)
    reach = max(1, round(_AROUND_S * sample_rate_hz / hop))
    window = np.hanning(2 * half + 2)[1:-1]
    peak = max(float(np.abs(data).max()), 1e-9)
    values = []
    for place in range(sixteenths):
        centres = place * frames // sixteenths + hop * np.arange(-reach, reach + 1)
        before = _levels(data, centres - half, window) / peak
        after = _levels(data, centres + half, window) / peak
        change = np.log1p(100 * after) - np.log1p(100 * before)  # (channels, centres, bins)
        values.append(float(np.abs(change).mean(axis=(0, 2)).max()))
    return 100.0 * float(np.mean(np.array(values[1:]) < values[0])) if sixteenths > 1 else 0.0


def _levels(data: Numbers, centres: npt.NDArray[np.int64], window: Numbers) -> Numbers:
    index = (centres[:, None] + np.arange(window.size) - window.size // 2) % data.shape[1]
    return np.abs(np.fft.rfft(data[:, index] * window)) / window.sum()


def _check(loop: Sound, sixteenths: int) -> None:
    if loop.frames == 0 or sixteenths < 1:
        raise UsageError(
            f"A loop of {loop.frames} frames and {sixteenths} sixteenths cannot be measured",
            cause="it is empty, or its bars were not counted",
            way_out="give a loop and its number of sixteenths, 16 a bar",
        )
