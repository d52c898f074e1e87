"""What was asked of new sounds and is not heard in them, told in a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from woodshed.dsp import descriptor_index, descriptors
from woodshed.sound import Sound

Row = npt.NDArray[np.floating]

_MOST_OCTAVES = 1.0 / 3.0  # off, that count as met
_MOST_SEMITONES, _TONAL = 1.0, 0.5
_MOST_WIDTH = 0.1
_MEASURED = {
    "brightness_hz": ("brightness", "centroid_hz", "Hz"),
    "decay_ms": ("decay", "decay_time_ms", "ms"),
    "pitch_hz": ("pitch", "pitch_hz", "Hz"),
    "width": ("width", "stereo_width", ""),
}


def measured(sound: Sound, wishes: Mapping[str, float]) -> Row | None:
    """What tells whether a sound as it was made meets some wishes; None where none of them is measured."""
    return descriptors(sound.data, sound.sample_rate_hz) if any(name in _MEASURED for name in wishes) else None


def missed_wishes(rows: Sequence[Row], wishes: Mapping[str, float]) -> list[str]:
    """A sentence for each wish that some of the sounds do not meet.

    Met is what lies within a third of an octave; a pitch within a semitone, and heard as a tone; a width within .1.

    Parameters
    ----------
    rows
        Of each sound, as `measured` gives it.
    wishes
        As requests name them; those that are not measured are passed over.

    Examples
    --------
    >>> tone = Sound(np.sin(np.arange(22050) * 2 * np.pi * 440 / 44100), 44100)
    >>> wishes = {"brightness_hz": 5000.0, "pitch_hz": 440.0}
    >>> [text.split(". ")[0] for text in missed_wishes([measured(tone, wishes)], wishes)]
    ['brightness 5000 Hz is not met by 1 of 1 sound: it has 440 Hz']
    """
    said, heard = [], np.array(rows)
    for name in (name for name in wishes if name in _MEASURED and rows):
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


def _sentence(wish: str, values: Row, missed: npt.NDArray[np.bool_], toned: npt.NDArray[np.bool_], *, unit: str) -> str:
    count, others, noisy = len(values), values[missed & toned], int((~toned).sum())
    parts = []
    if len(others) == 1:
        parts.append(f"it has {_number(others[0])} {unit}".strip())
    elif len(others):
        parts.append(f"they have {_number(others.min())} to {_number(others.max())} {unit}".strip())
    if noisy:
        parts.append(f"{noisy} ha{'s' if noisy == 1 else 've'} no clear tone")
    return (
        f"{wish} is not met by {int(missed.sum())} of {count} sound{'s' if count > 1 else ''}: {', '.join(parts)}. "
        "Ask for something nearer to its class, or for one thing at a time"
    )


def _number(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 1 else f"{value:.0f}"
