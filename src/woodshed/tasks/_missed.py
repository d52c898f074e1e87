"""What was asked of new sounds and is not heard in them, told in a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from woodshed.dsp import descriptor_index, descriptors
from woodshed.sound import Sound

_MOST_OCTAVES = 1.0 / 3.0  # off, that count as met
_MOST_SEMITONES, _TONAL = 1.0, 0.5
_MOST_WIDTH = 0.1
_MEASURED = {
    "brightness_hz": ("brightness", "centroid_hz", "Hz"),
    "decay_ms": ("decay", "decay_time_ms", "ms"),
    "pitch_hz": ("pitch", "pitch_hz", "Hz"),
    "width": ("width", "stereo_width", ""),
}


def missed_wishes(sounds: Sequence[Sound], wishes: Mapping[str, float]) -> list[str]:
    """A sentence for each wish that some of the sounds do not meet.

    Met is what lies within a third of an octave; a pitch within a semitone, and heard as a tone; a width within .1.

    Parameters
    ----------
    sounds
        As they were made.
    wishes
        As requests name them; those that are not measured are passed over.

    Examples
    --------
    >>> wave = np.sin(np.arange(22050) * 2 * np.pi * 440 / 44100)
    >>> print(missed_wishes([Sound(wave, 44100)], {"brightness_hz": 5000.0})[0].split(":")[0])
    brightness 5000 Hz is not met by 1 of 1 sound
    >>> missed_wishes([Sound(wave, 44100)], {"pitch_hz": 440.0})
    []
    """
    asked = [name for name in wishes if name in _MEASURED]
    if not asked or not sounds:
        return []
    heard = np.array([descriptors(sound.data, sound.sample_rate_hz) for sound in sounds])
    said = []
    for name in asked:
        words, column, unit = _MEASURED[name]
        values = heard[:, descriptor_index(column)]
        toned = np.ones(len(values), dtype=bool)
        if name == "pitch_hz":
            toned = heard[:, descriptor_index("pitch_strength")] > _TONAL
        missed = ~toned | np.array([_off(name, float(value), wishes[name]) for value in values])
        if missed.any():
            said.append(_sentence(f"{words} {wishes[name]:g} {unit}".strip(), values, missed, toned, unit=unit))
    return said


def _off(name: str, value: float, wanted: float) -> bool:
    if name == "width":
        return abs(value - wanted) > _MOST_WIDTH
    octaves = abs(math.log2(max(value, 1e-3) / wanted))
    return octaves > (_MOST_SEMITONES / 12.0 if name == "pitch_hz" else _MOST_OCTAVES)


def _sentence(wish: str, values: np.ndarray, missed: np.ndarray, toned: np.ndarray, *, unit: str) -> str:
    count, told = len(values), values[missed & toned]
    others = f"they have {_number(told.min())} to {_number(told.max())} {unit}".strip() if len(told) else ""
    noisy = int((~toned).sum())
    without = f"{noisy} ha{'s' if noisy == 1 else 've'} no clear tone" if noisy else ""
    text = "; ".join(part for part in (others, without) if part)
    return (
        f"{wish} is not met by {int(missed.sum())} of {count} sound{'s' if count > 1 else ''}: {text}. "
        "What a class does not do it does not do: ask for something nearer, or train on sounds that do it"
    )


def _number(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 1 else f"{value:.0f}"
