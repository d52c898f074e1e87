"""The tempo of a loop or a piece."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from woodshed.dsp._audio import as_channels, checked_rate
from woodshed.dsp.envelope import smoothed
from woodshed.dsp.flux import spectral_flux

SLOWEST_BPM = 60.0
FASTEST_BPM = 200.0
_USUAL_BPM = 120.0
_SPREAD_OCTAVES = 0.6
_GRID = 800
_SHORTEST_S = 1.0
_LEAST = 0.05  # support below this is chance, and only how usual the tempo is decides
_BARS = (1, 2, 4, 8, 16, 32, 64)
_COMB = (0.5, 1.0, 2.0, 4.0, 8.0)
_COMB_WEIGHTS = (0.4, 1.0, 1.0, 1.0, 0.6)

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tempo:
    """A tempo.

    Parameters
    ----------
    bpm
        Beats per minute; NaN where no beat is heard.
    confidence
        0 to 1: how well the hits repeat at the chosen beat.
    """

    bpm: float
    confidence: float


def tempo_bpm(
    x: npt.ArrayLike,
    sample_rate_hz: float,
    *,
    slowest_bpm: float = SLOWEST_BPM,
    fastest_bpm: float = FASTEST_BPM,
    whole_bars: bool = False,
) -> Tempo:
    """Measure the tempo from how the hits repeat.

    Twice or half the felt tempo is the usual mistake; tempi near 120 bpm are preferred when several fit.

    Parameters
    ----------
    x
        Audio, shape ``(channels, frames)`` or ``(frames,)``, finite.
    sample_rate_hz
        Frames per second.
    slowest_bpm, fastest_bpm
        Range to look in.
    whole_bars
        Whether the sound is cut to 1, 2, 4, 8... bars of four beats: only tempi that fit its length are then
        considered, and the figure is exact.

    Returns
    -------
    Tempo; NaN with confidence 0 if the sound is shorter than a second or nothing repeats.

    Raises
    ------
    UsageError
        If the shape or the rate cannot be.

    Examples
    --------
    >>> x = np.zeros(44100 * 8)
    >>> for beat in range(16):
    ...     start = beat * 22050
    ...     x[start : start + 2000] = np.exp(-np.arange(2000) / 300) * np.sin(np.arange(2000) * 0.3)
    >>> round(tempo_bpm(x, 44100).bpm)
    120
    """
    audio = as_channels(x)
    rate = checked_rate(sample_rate_hz)
    duration_s = audio.shape[-1] / rate
    if duration_s < _SHORTEST_S:
        return Tempo(float("nan"), 0.0)
    flux = spectral_flux(audio, rate)
    repeats = _repeats(flux.rise_db)
    if repeats is None:
        return Tempo(float("nan"), 0.0)
    if whole_bars:
        candidates = np.array([240.0 * bars / duration_s for bars in _BARS])
        candidates = candidates[(candidates >= slowest_bpm) & (candidates <= fastest_bpm)]
    else:
        candidates = np.geomspace(slowest_bpm, fastest_bpm, _GRID)
    if candidates.size == 0:
        return Tempo(float("nan"), 0.0)
    support = _support(repeats, candidates, hop_s=flux.hop_s)
    liked = np.maximum(support, _LEAST) * np.exp(-0.5 * np.square(np.log2(candidates / _USUAL_BPM) / _SPREAD_OCTAVES))
    best = int(np.argmax(liked))
    bpm = float(candidates[best]) if whole_bars else _refined_bpm(repeats, candidates[best], hop_s=flux.hop_s)
    return Tempo(bpm, float(np.clip(support[best], 0.0, 1.0)))


def _repeats(rise_db: Numbers) -> Numbers | None:
    """Likeness of the hits to themselves some time later, 1 at no delay, shape ``(hops,)``; None if there are none."""
    curve = smoothed(np.sqrt(rise_db), width=6)
    curve = np.maximum(curve - smoothed(curve, width=200), 0.0)
    if not curve.any():
        return None
    curve = curve - curve.mean()
    size = curve.size
    spectrum = np.fft.rfft(curve, 2 * size)
    product = np.fft.irfft(np.square(np.abs(spectrum)))[:size]
    fair = product / np.maximum(size - np.arange(size), size // 8)
    return fair / max(fair[0], 1e-12)


def _support(repeats: Numbers, bpm: Numbers, *, hop_s: float) -> Numbers:
    """How well the hits repeat after half, one, two, four and eight beats, shape ``(tempi,)``."""
    total, weights = np.zeros_like(bpm), np.zeros_like(bpm)
    reach = 0.9 * repeats.size
    for beats, weight in zip(_COMB, _COMB_WEIGHTS, strict=True):
        delay = beats * 60.0 / bpm / hop_s
        there = delay < reach
        total += np.where(there, weight * np.interp(delay, np.arange(repeats.size), repeats), 0.0)
        weights += np.where(there, weight, 0.0)
    return total / np.maximum(weights, 1e-9)


def _refined_bpm(repeats: Numbers, bpm: float, *, hop_s: float) -> float:
    """A finer tempo from the repeat after more and more beats, as far as the sound goes."""
    beat = 60.0 / bpm / hop_s
    for beats in (1, 2, 4, 8, 16, 32):
        centre = beats * beat
        reach = max(2, round(0.04 * beat * min(beats, 3)))
        first, last = round(centre) - reach, round(centre) + reach
        if last + 1 >= 0.9 * repeats.size:
            break
        top = first + int(np.argmax(repeats[first : last + 1]))
        before, middle, after = repeats[top - 1 : top + 2]
        bend = before - 2.0 * middle + after
        if middle > 0.1 and first < top < last and bend < 0.0:
            beat = (top + 0.5 * (before - after) / bend) / beats
    return float(60.0 / (beat * hop_s))
