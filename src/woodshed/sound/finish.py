"""What every output goes through before it is written: offset removed, trimmed, levelled, never clipped.

Nothing here is a limiter or a compressor: beside the trimming, the short fades and the removed offset, the sound is
only scaled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from woodshed.base.units import db_to_gain, gain_to_db, seconds_to_frames
from woodshed.dsp import first_onset_s, integrated_loudness_lufs, true_peak_db
from woodshed.sound.sound import Audio, Sound

LEVEL_LUFS = -22.0  # three of four real one-shots reach it below the ceiling
CEILING_DB = -1.0
TAIL_FLOOR_DB = -66.0
MAX_GAIN_DB = 60.0
_PRE_ROLL_S = 0.0005
_TAIL_BLOCK_S = 0.005
_TAIL_FADE_S = 0.010
_CUT_FADE_S = 0.003
_BODY_S = 0.020


@dataclass(frozen=True)
class FinishedSound:
    """A finished sound and what was done to it.

    ``peak_limited`` says that the true peak kept the sound below the level asked for.
    """

    sound: Sound
    gain_db: float
    trimmed_head_ms: float
    trimmed_tail_ms: float
    offset_db: float
    loudness_lufs: float
    true_peak_db: float
    peak_limited: bool


def finish_sound(
    sound: Sound,
    *,
    level_lufs: float | None = LEVEL_LUFS,
    trim: bool = True,
    remove_offset: bool = True,
    ceiling_db: float = CEILING_DB,
    name: str = "the sound",
) -> FinishedSound:
    """Make a sound ready for a sampler: it starts at once, ends when it has died away, and does not clip.

    Parameters
    ----------
    sound
        Any finite sound that is not silent.
    level_lufs
        Loudness to reach in LUFS; None keeps the level as it is. The ceiling wins over the level.
    trim
        Cut what lies more than half a millisecond before the onset, and the tail where it stays 66 dB below the peak.
    remove_offset
        Take out a constant offset (DC), so that the mean of each channel is zero.
    ceiling_db
        Highest true peak, in dBTP.
    name
        What to call the sound in an error.

    Returns
    -------
    FinishedSound
        Its onset lies within 1 ms of the start if ``trim``; its true peak is at or below the ceiling.

    Raises
    ------
    UnusableSound
        If the sound is empty, silent (peak below -100 dB, without its offset where that is taken out) or holds NaN or
        infinity.

    Examples
    --------
    >>> hit = np.zeros((1, 44100))
    >>> hit[0, 4410:] = 0.9 * np.sin(np.arange(39690) * 0.05) * np.exp(-np.arange(39690) / 3000)
    >>> finished = finish_sound(Sound(hit, 44100), level_lufs=None)
    >>> 99 < finished.trimmed_head_ms < 100.5, finished.gain_db
    (True, 0.0)
    """
    sound.checked(name=name)
    data = sound.data.astype(np.float64)
    rate = sound.sample_rate_hz
    offset = np.zeros((len(data), 1))
    if remove_offset:
        offset = _offset(data, rate)
        data = data - offset
        Sound(data.astype(np.float32), rate).checked(name=name)  # nothing but an offset is silence without it
    head, stop = _bounds(data, rate) if trim else (0, sound.frames)
    data = data[:, head:stop].copy()
    if trim:
        _fade_edges(data, rate, head_was_cut=head > 0, tail_was_cut=stop < sound.frames)
    if remove_offset:
        data -= _balance(data, rate)
    gain_db, loudness, peak_limited = _gain_db(data, rate, level_lufs=level_lufs, ceiling_db=ceiling_db)
    finished = Sound((data * db_to_gain(gain_db)).astype(np.float32), rate)
    return FinishedSound(
        sound=finished,
        gain_db=gain_db,
        trimmed_head_ms=1000.0 * head / rate,
        trimmed_tail_ms=1000.0 * (sound.frames - stop) / rate,
        offset_db=gain_to_db(float(np.abs(offset).max())),
        loudness_lufs=loudness,
        true_peak_db=true_peak_db(finished.data, rate),
        peak_limited=peak_limited,
    )


def _offset(data: np.ndarray, rate: int) -> np.ndarray:
    """The constant part of each channel, ``(channels, 1)``: what most stretches of 50 ms agree on.

    The mean of all frames would not do: a kick is lopsided without any offset, and its mean, once subtracted, would
    stand as a step in the silence around it.
    """
    size = max(1, min(data.shape[1], seconds_to_frames(0.05, rate)))
    whole = data.shape[1] // size
    means = data[:, : whole * size].reshape(len(data), whole, size).mean(axis=2)
    return np.median(means, axis=1, keepdims=True)


def _balance(data: np.ndarray, rate: int) -> np.ndarray:
    """What is left of each channel's mean, spread along its own amplitude, so that silence stays silent."""
    body = _smoothed(np.abs(data), frames=max(1, seconds_to_frames(_BODY_S, rate)))
    ramp = min(data.shape[1] // 2, seconds_to_frames(_TAIL_FADE_S, rate))
    if ramp:
        body[:, -ramp:] *= np.linspace(1.0, 0.0, ramp)
    total = body.sum(axis=1, keepdims=True)
    return body * (data.sum(axis=1, keepdims=True) / np.where(total > 0, total, 1.0))


def _smoothed(data: np.ndarray, *, frames: int) -> np.ndarray:
    """Running mean over so many frames on each side, shape kept."""
    summed = np.pad(np.cumsum(data, axis=1), ((0, 0), (1, 0)))
    at = np.arange(data.shape[1])
    low, high = np.maximum(at - frames, 0), np.minimum(at + frames + 1, data.shape[1])
    return (summed[:, high] - summed[:, low]) / (high - low)


def _bounds(data: np.ndarray, rate: int) -> tuple[int, int]:
    """First frame to keep and the one after the last."""
    head = _head(data.astype(np.float32), rate)
    size = max(1, seconds_to_frames(_TAIL_BLOCK_S, rate))
    loudest = np.abs(data).max(axis=0)
    blocks = np.maximum.reduceat(loudest, np.arange(0, loudest.size, size))
    heard = np.flatnonzero(blocks > loudest.max() * db_to_gain(TAIL_FLOOR_DB))
    stop = int(heard[-1] + 1) * size + seconds_to_frames(_TAIL_FADE_S, rate)
    return head, max(head + 1, min(stop, data.shape[1]))


def _head(audio: Audio, rate: int) -> int:
    """Where to cut so that the onset comes within a millisecond; what hid it before the cut may reveal another."""
    head = 0
    for _ in range(8):
        onset_s = first_onset_s(audio[:, head:], rate)
        if onset_s <= 2 * _PRE_ROLL_S:
            break
        head += round((onset_s - _PRE_ROLL_S) * rate)
    return head


def _fade_edges(data: np.ndarray, rate: int, *, head_was_cut: bool, tail_was_cut: bool) -> None:
    """Fade in over the pre-roll where something was cut, and out at the end, in place."""
    frames = data.shape[1]
    rise = min(frames // 2, round(_PRE_ROLL_S * rate)) if head_was_cut else 0
    if rise:
        data[:, :rise] *= _half_cosine(rise)
    fall = min(frames // 2, seconds_to_frames(_TAIL_FADE_S if tail_was_cut else _CUT_FADE_S, rate))
    if fall:
        data[:, -fall:] *= _half_cosine(fall)[::-1]


def _half_cosine(frames: int) -> np.ndarray:
    """From 0 (first) towards 1, ``(frames,)``."""
    return 0.5 - 0.5 * np.cos(np.pi * np.arange(frames) / frames)


def _gain_db(data: np.ndarray, rate: int, *, level_lufs: float | None, ceiling_db: float) -> tuple[float, float, bool]:
    """Gain to apply, the loudness after it, and whether the ceiling held it back."""
    audio: Audio = data.astype(np.float32)
    loudness = integrated_loudness_lufs(audio, rate)
    room_db = ceiling_db - true_peak_db(audio, rate)
    wanted_db = 0.0 if level_lufs is None else _level_gain_db(loudness, level_lufs)
    gain_db = min(wanted_db, room_db)
    return gain_db, loudness + gain_db, room_db < wanted_db


def _level_gain_db(loudness_lufs: float, level_lufs: float) -> float:
    """Gain to a level, never more than 60 dB; a click too short for a loudness goes up to the ceiling."""
    return min(MAX_GAIN_DB, level_lufs - loudness_lufs)
