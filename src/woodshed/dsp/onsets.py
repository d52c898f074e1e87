"""When something begins: the start of a one-shot to the millisecond, and every hit of a loop."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from woodshed.dsp._audio import Audio, as_channels, checked_rate
from woodshed.dsp.envelope import Envelope, amplitude_envelope, smoothed
from woodshed.dsp.flux import spectral_flux

BODY = 0.1
START = 0.03
FLOOR_MARGIN = 3.0
STEADY = 2.0
_BLOCK_MS = 0.25
_GAP_MS = 2.0
_QUIET = 1e-5


def first_onset_s(x: npt.ArrayLike, sample_rate_hz: float) -> float:
    """When a one-shot begins, in seconds: within 3 ms for drums, plucks and anything else that starts at once.

    The first frame that reaches a tenth of the peak belongs to the sound; from there the onset is traced back to where
    the amplitude rose through 3 % of the peak, or through three times a steady hiss or hum before it,
    whichever is louder.

    Parameters
    ----------
    x
        Audio, shape ``(channels, frames)`` or ``(frames,)``, finite.
    sample_rate_hz
        Frames per second.

    Returns
    -------
    Seconds from the first frame; 0 for an empty or silent sound (peak below -100 dB).

    Raises
    ------
    UsageError
        If the shape or the rate cannot be.

    Examples
    --------
    >>> x = np.zeros(44100)
    >>> x[22050:23050] = np.sin(np.arange(1000) * 0.1)
    >>> round(first_onset_s(x, 44100), 3)
    0.5
    """
    audio = as_channels(x)
    rate = checked_rate(sample_rate_hz)
    size = max(1, round(_BLOCK_MS * rate / 1000.0))
    loudest = np.abs(audio).max(axis=0) if audio.shape[0] > 1 else np.abs(audio[0])
    blocks = _block_maxima(loudest, size=size)
    peak = float(blocks.max(initial=0.0))
    if peak < _QUIET:
        return 0.0
    body = int(np.argmax(blocks >= BODY * peak))
    level = min(max(START * peak, FLOOR_MARGIN * _floor_before(blocks, body)), BODY * peak)
    start = _traced_back(blocks, body, level=level, gap=max(1, round(_GAP_MS / _BLOCK_MS)))
    inside = loudest[start * size : (start + 1) * size] >= level
    return (start * size + int(np.argmax(inside))) / rate


def _block_maxima(x: Audio, *, size: int) -> Audio:
    """Largest value of each block of ``size`` frames, shape ``(ceil(frames / size),)``."""
    whole = x.size // size
    blocks = x[: whole * size].reshape(whole, size)
    maxima = blocks[:, 0].copy()
    for offset in range(1, size):  # a handful of long passes: far faster than thousands of short ones
        np.maximum(maxima, blocks[:, offset], out=maxima)
    return maxima if x.size == whole * size else np.append(maxima, x[whole * size :].max())


def _floor_before(blocks: Audio, body: int) -> float:
    """The level of the hiss or hum before the sound; 0 if there is too little of it or it is not steady (an attack)."""
    before = blocks[: max(0, body - 12)]
    if before.size < 16:
        return 0.0
    size = before.size // 4
    quarters = np.sort(before[: 4 * size].reshape(4, size), axis=1)[:, int(0.9 * size)].tolist()
    return max(quarters) if max(quarters) <= STEADY * min(quarters) else 0.0


def _traced_back(blocks: Audio, body: int, *, level: float, gap: int) -> int:
    """The first block of the run above ``level`` that leads to ``body``; pauses of up to ``gap`` blocks are bridged."""
    above = np.flatnonzero(blocks[: body + 1] >= level)
    breaks = np.flatnonzero(np.diff(above) > gap)
    return int(above[breaks[-1] + 1]) if breaks.size else int(above[0])


def onset_times_s(
    x: npt.ArrayLike, sample_rate_hz: float, *, threshold_db: float = 3.0, closest_ms: float = 30.0
) -> npt.NDArray[np.float64]:
    """When each hit of a loop begins.

    Peaks of the spectral flux that stand out from their surroundings, each moved to the steepest rise of the amplitude
    near it.

    Parameters
    ----------
    x
        Audio, shape ``(channels, frames)`` or ``(frames,)``, finite.
    sample_rate_hz
        Frames per second.
    threshold_db
        How far a peak of the flux must stand above the average around it.
    closest_ms
        Of two hits closer than this, the stronger stays.

    Returns
    -------
    Seconds, rising, shape ``(onsets,)``; none in silence.

    Raises
    ------
    UsageError
        If the shape or the rate cannot be.

    Examples
    --------
    >>> x = np.zeros(44100)
    >>> for start in (4410, 13230, 30870):
    ...     x[start : start + 4000] = np.exp(-np.arange(4000) / 800) * np.sin(np.arange(4000) * 0.2)
    >>> onset_times_s(x, 44100).round(2).tolist()
    [0.1, 0.3, 0.7]
    """
    audio = as_channels(x)
    flux = spectral_flux(audio, sample_rate_hz)
    peaks = _standing_peaks(
        flux.rise_db, threshold_db=threshold_db, apart=max(1, round(closest_ms / 1000 / flux.hop_s))
    )
    if peaks.size == 0 or audio.shape[-1] == 0:
        return np.zeros(0, dtype=np.float64)
    envelope = amplitude_envelope(audio, sample_rate_hz, hop_ms=1.0, smoothing_ms=2.0)
    times = [_steepest_rise_s(envelope, near_s=float(peak) * flux.hop_s) for peak in peaks]
    return np.unique(np.array(times, dtype=np.float64))


def _standing_peaks(curve: npt.NDArray[np.float64], *, threshold_db: float, apart: int) -> npt.NDArray[np.int64]:
    """Local maxima that stand above the average of the 200 ms around by a threshold, none closer than ``apart``."""
    around = smoothed(curve, width=40)
    padded = np.concatenate([[-np.inf], curve, [-np.inf]])
    is_peak = (curve > padded[:-2]) & (curve >= padded[2:]) & (curve > around + threshold_db)
    chosen: list[int] = []
    for index in sorted(np.flatnonzero(is_peak), key=lambda i: -curve[i]):
        if all(abs(index - other) >= apart for other in chosen):
            chosen.append(int(index))
    return np.array(sorted(chosen), dtype=np.int64)


def _steepest_rise_s(envelope: Envelope, *, near_s: float) -> float:
    """The start of the largest step of the level within 20 ms of a time."""
    floor = 0.01 * envelope.peak
    level_db = 20.0 * np.log10(np.maximum(envelope.amplitude, floor) / max(floor, 1e-12))
    centre = round(near_s / envelope.hop_s)
    first, last = max(0, centre - 20), min(level_db.size - 1, centre + 20)
    if last - first < 3:
        return near_s
    reach = 3
    before = np.concatenate([np.zeros(reach), level_db[:-reach]]) if level_db.size > reach else np.zeros_like(level_db)
    step = (level_db - before)[first : last + 1]
    return max(0.0, (first + int(np.argmax(step)) - reach + 2) * envelope.hop_s)
