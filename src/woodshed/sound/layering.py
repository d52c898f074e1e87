"""Several sounds as one: laid start on start, turned so that they add up, brought to one peak."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from woodshed.base.errors import RateMismatch, UsageError
from woodshed.dsp import first_onset_s
from woodshed.sound.sound import Audio, Sound

_HEARD_S = 0.06  # how much of the starts is compared
_REACH_S = 0.0015  # how far a start may still move
_ALIKE = 0.25  # correlation from which moving is worth it
_RISE_S = 0.0005
_FALL_S = 0.005


def on_one_start(sounds: Sequence[Sound]) -> list[Sound]:
    """Sounds of one rate and channel count, cut so that their onsets coincide with the earliest of them.

    What is cut away before an onset leaves a fade of half a millisecond.

    Raises
    ------
    RateMismatch
        If the rates differ.

    Examples
    --------
    >>> click = np.zeros((1, 2000))
    >>> click[0, 1000:1400] = 0.5
    >>> early, late = on_one_start([Sound(click[:, 900:], 44100), Sound(click, 44100)])
    >>> int(np.argmax(early.data)) == int(np.argmax(late.data))
    True
    """
    for other in sounds[1:]:
        if other.sample_rate_hz != sounds[0].sample_rate_hz:
            raise RateMismatch("A sound", got_hz=other.sample_rate_hz, expected_hz=sounds[0].sample_rate_hz)
    same = on_same_channels(sounds)
    onsets = [round(first_onset_s(sound.data, sound.sample_rate_hz) * sound.sample_rate_hz) for sound in same]
    lead = min(onsets, default=0)
    return [_cut(sound, onset - lead) for sound, onset in zip(same, onsets, strict=True)]


def on_same_channels(sounds: Sequence[Sound]) -> list[Sound]:
    """Sounds on as many channels as the widest of them; surround and stereo meet in mono."""
    most = max((sound.channels for sound in sounds), default=1)
    if most > 2 and any(sound.channels != most for sound in sounds):
        most = 1
    return [sound.with_channels(most) for sound in sounds]


def mean_of(sounds: Sequence[Sound], *, weights: Sequence[float]) -> Sound:
    """The mean of several sounds: onsets together, polarities so that they add up, peak for peak.

    Parameters
    ----------
    sounds
        Two or more of one rate; mono ones go to both channels where another is stereo.
    weights
        How much of each, all positive; the heaviest stays where it is, the others move up to 1.5 ms to agree with it.

    Returns
    -------
    Sound
        As long as the last of them rings; its peak is their weighted mean in dB.

    Raises
    ------
    RateMismatch
        If the rates differ.
    UsageError
        If there are not as many positive weights as sounds.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=9000)
    >>> hit = Sound(0.1 * noise * np.exp(-np.arange(9000) / 2000), 44100)
    >>> upside_down = Sound(-hit.data, 44100)
    >>> bool(np.abs(mean_of([hit, upside_down], weights=(1, 1)).data - hit.data).max() < 0.01)
    True
    """
    if len(weights) != len(sounds) or len(sounds) < 2 or min(weights, default=0.0) <= 0:
        raise UsageError(
            f"{len(weights)} weights do not fit {len(sounds)} sounds",
            cause="every sound needs one positive weight, and a mean at least two sounds",
            way_out="give one number above 0 per sound, for example 2,1",
        )
    shares = np.array(weights, dtype=np.float64) / float(np.sum(weights))
    laid = on_one_start(sounds)
    rate = laid[0].sample_rate_hz
    anchor = laid[int(np.argmax(shares))]
    frames = max(sound.frames for sound in laid)
    peaks = [max(sound.peak, 1e-9) for sound in laid]
    total = np.zeros((anchor.channels, frames))
    for sound, share, peak in zip(laid, shares, peaks, strict=True):
        data = sound.data if sound is anchor else _agreeing(sound, anchor)
        total += share / peak * _faded_to(data, frames, rate)
    wanted = float(np.exp(np.dot(shares, np.log(peaks))))
    return Sound((total * (wanted / max(float(np.abs(total).max()), 1e-9))).astype(np.float32), rate)


def _cut(sound: Sound, frames: int) -> Sound:
    """Without the first frames, faded in where something was cut."""
    if frames <= 0:
        return sound
    data = np.array(sound.data[:, frames:])
    rise = min(data.shape[1], max(1, round(_RISE_S * sound.sample_rate_hz)))
    data[:, :rise] *= np.linspace(0, 1, rise, endpoint=False)
    return Sound(data, sound.sample_rate_hz)


def _agreeing(sound: Sound, anchor: Sound) -> Audio:
    """The sound's data, moved and turned over so that its start agrees best with the anchor's."""
    heard, reach = (round(seconds * sound.sample_rate_hz) for seconds in (_HEARD_S, _REACH_S))
    there = _start(anchor.data.mean(axis=0), heard)
    here = np.pad(_start(sound.data.mean(axis=0), heard), reach)
    alike = np.correlate(here, there, mode="valid") / max(float(np.linalg.norm(here) * np.linalg.norm(there)), 1e-12)
    best = int(np.argmax(np.abs(alike)))
    lag = best - reach if abs(alike[best]) >= _ALIKE else 0
    polarity = -1.0 if alike[lag + reach] < 0 else 1.0
    moved = np.pad(sound.data, ((0, 0), (-lag, 0))) if lag < 0 else sound.data[:, lag:]
    return (polarity * moved).astype(np.float32)


def _start(data: npt.NDArray[np.float32], frames: int) -> npt.NDArray[np.float64]:
    return np.pad(data, (0, max(0, frames - len(data))))[:frames].astype(np.float64)


def _faded_to(data: Audio, frames: int, rate: int) -> Audio:
    """So many frames; a sound that ends before them, or is cut by them, ends in a short fade."""
    kept = np.array(data[:, :frames])
    fall = min(kept.shape[1], round(_FALL_S * rate))
    if fall:
        kept[:, -fall:] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(1, fall + 1) / fall)
    return np.pad(kept, ((0, 0), (0, frames - kept.shape[1])))
