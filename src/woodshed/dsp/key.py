"""The key of a loop or a piece: which twelve notes it lives on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from woodshed.dsp._audio import Audio, as_channels, checked_rate
from woodshed.dsp.maps import bin_frequencies_hz
from woodshed.dsp.stft import stft

NOTE_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_WINDOW_S = 0.19
_LOWEST_HZ = 55.0
_HIGHEST_HZ = 2100.0
_STEPS = 10
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Key:
    """A key.

    Parameters
    ----------
    name
        Such as "C major" or "F# minor"; empty where no notes are heard.
    confidence
        0 to 1: likeness of the notes to the profile of the key, less that to the best other one, doubled.
    """

    name: str
    confidence: float


def key(x: npt.ArrayLike, sample_rate_hz: float) -> Key:
    """Name the key whose profile of twelve notes fits best; the relative key is the usual mistake.

    Parameters
    ----------
    x
        Audio, shape ``(channels, frames)`` or ``(frames,)``, finite.
    sample_rate_hz
        Frames per second.

    Returns
    -------
    Key; empty with confidence 0 for silence and for sounds without peaks between 55 Hz and 2.1 kHz.

    Raises
    ------
    UsageError
        If the shape or the rate cannot be.

    References
    ----------
    C. L. Krumhansl, "Cognitive Foundations of Musical Pitch", Oxford University Press 1990, p. 30 (the two profiles,
    from ratings of listeners by Krumhansl and Kessler, 1982).

    Examples
    --------
    >>> t = np.arange(22050) / 22050
    >>> chords = ((262, 330, 392), (349, 440, 523), (392, 494, 587), (262, 330, 392))
    >>> key(np.concatenate([sum(np.sin(2 * np.pi * f * t) for f in chord) for chord in chords]), 22050).name
    'C major'
    """
    notes = chroma(x, sample_rate_hz)
    if notes.sum() <= 0.0 or np.ptp(notes) < 1e-9:
        return Key("", 0.0)
    likeness = _profiles() @ _standardised(notes)
    order = np.argsort(likeness)[::-1]
    best = int(order[0])
    name = f"{NOTE_NAMES[best % 12]} {'major' if best < 12 else 'minor'}"
    return Key(name, float(np.clip(2.0 * (likeness[best] - likeness[order[1]]), 0.0, 1.0)))


def chroma(x: npt.ArrayLike, sample_rate_hz: float) -> Numbers:
    """Share of each of the twelve notes in the spectral peaks of a sound, from C on, whatever the octave.

    The tuning of the whole sound is found first, so that a piece a quarter tone off keeps its notes together.

    Returns
    -------
    Shape ``(12,)``, adds up to 1; all 0 for silence.

    Raises
    ------
    UsageError
        If the shape or the rate cannot be.

    Examples
    --------
    >>> t = np.arange(22050) / 22050
    >>> int(np.argmax(chroma(np.sin(2 * np.pi * 440 * t), 22050)))
    9
    """
    audio = as_channels(x)
    rate = checked_rate(sample_rate_hz)
    window_frames = 1 << round(np.log2(max(16.0, _WINDOW_S * rate)))
    spectra = np.abs(stft(audio, window_frames=window_frames, hop_frames=window_frames // 2))
    magnitude = np.sqrt(np.square(spectra).sum(axis=0))
    pitch, weight = _peaks(magnitude, bin_frequencies_hz(sample_rate_hz=rate, window_frames=window_frames))
    if weight.size == 0:
        return np.zeros(12)
    pitch = pitch - _tuning(pitch, weight)
    notes = np.bincount(np.round(pitch).astype(np.int64) % 12, weights=weight, minlength=12)
    return notes / notes.sum()


def _peaks(magnitude: Audio, bins: Numbers) -> tuple[Numbers, Numbers]:
    """MIDI pitch and weight of every spectral peak, each of shape ``(peaks,)``."""
    use = np.flatnonzero((bins >= _LOWEST_HZ) & (bins <= _HIGHEST_HZ))
    if use.size < 3 or not magnitude.any():
        return np.zeros(0), np.zeros(0)
    level = np.log(np.maximum(magnitude[use[0] - 1 : use[-1] + 2].astype(np.float64), 1e-9 * magnitude.max()))
    before, middle, after = level[:-2], level[1:-1], level[2:]
    strong = middle > np.log(0.03 * magnitude.max())
    row, hop = np.nonzero((middle > before) & (middle >= after) & strong)
    left, top, right = before[row, hop], middle[row, hop], after[row, hop]
    offset = 0.5 * (left - right) / np.minimum(left - 2.0 * top + right, -1e-9)
    frequency = (use[row] + offset) * (bins[1] - bins[0])
    return 69.0 + 12.0 * np.log2(frequency / 440.0), np.exp(top)


def _tuning(pitch: Numbers, weight: Numbers) -> float:
    """Offset of the whole tuning from A = 440 Hz, in semitones from -0.5 to 0.5."""
    steps = np.round(pitch * _STEPS).astype(np.int64) % _STEPS
    found = int(np.argmax(np.bincount(steps, weights=weight, minlength=_STEPS)))
    return (found - _STEPS if found > _STEPS // 2 else found) / _STEPS


@lru_cache(maxsize=1)
def _profiles() -> Numbers:
    """The 24 profiles, major from C up, then minor, each with mean 0 and norm 1, shape ``(24, 12)``."""
    rows = [np.roll(profile, tonic) for profile in (_MAJOR, _MINOR) for tonic in range(12)]
    return np.stack([_standardised(np.array(row, dtype=np.float64)) for row in rows])


def _standardised(values: Numbers) -> Numbers:
    centred = values - values.mean()
    return centred / max(float(np.linalg.norm(centred)), 1e-12)
