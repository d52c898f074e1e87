"""The descriptor vector: about ninety named numbers that say how a sound is heard.

Levels, times and frequencies keep their unit; a share runs from 0 to 1. All values are finite for every finite sound,
down to no frames at all. Values that do not follow the gain are measured on the sound at full scale, so that they are
the same at every level down to the resolution of its numbers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from woodshed.base.errors import UnknownName, UnusableSound
from woodshed.dsp._audio import Audio, as_channels, checked_rate
from woodshed.dsp.descriptors import _change, _level, _shape, _spectrum
from woodshed.dsp.descriptors._view import Descriptor, View

__all__ = ["DESCRIPTORS", "Descriptor", "describe", "descriptor_index", "descriptors"]

_GROUPS = (_level, _shape, _spectrum, _change)

DESCRIPTORS: tuple[Descriptor, ...] = tuple(descriptor for group in _GROUPS for descriptor in group.TABLE)
"""Name, unit and meaning of each value of the vector, in its order."""

_INDEX = {descriptor.name: index for index, descriptor in enumerate(DESCRIPTORS)}
_SILENT = np.array([descriptor.silent for descriptor in DESCRIPTORS], dtype=np.float32)


def descriptors(x: npt.ArrayLike, sample_rate_hz: float) -> Audio:
    """Measure the whole vector of a sound.

    Parameters
    ----------
    x
        Audio, shape ``(channels, frames)`` or ``(frames,)``.
    sample_rate_hz
        Frames per second.

    Returns
    -------
    float32, shape ``(len(DESCRIPTORS),)``, always finite. An empty or silent sound has the ``silent`` value of each
    descriptor, and its length.

    Raises
    ------
    UsageError
        If the shape or the rate cannot be.
    UnusableSound
        If the sound holds NaN or infinity.

    Examples
    --------
    >>> t = np.arange(44100) / 44100
    >>> vector = descriptors(0.5 * np.sin(2 * np.pi * 1000 * t), 44100)
    >>> round(float(vector[descriptor_index("centroid_hz")]))
    1000
    """
    audio = as_channels(x)
    rate = checked_rate(sample_rate_hz)
    peak = float(np.max(np.abs(audio), initial=0.0))
    if not np.isfinite(peak):
        raise UnusableSound(
            "The sound holds values that are not numbers (NaN or infinity)",
            cause="a plug-in that blew up while rendering",
            way_out="render it again",
        )
    if peak < np.finfo(np.float32).tiny:
        vector = _SILENT.copy()
        vector[_INDEX["duration_s"]] = audio.shape[-1] / rate
        return vector
    view = View(original=audio, audio=audio / np.float32(peak), peak=peak, rate=rate)
    return np.array([value for group in _GROUPS for value in group.values(view)], dtype=np.float32)


def describe(x: npt.ArrayLike, sample_rate_hz: float) -> dict[str, float]:
    """The vector of ``descriptors`` with a name at each value.

    Examples
    --------
    >>> describe(np.zeros(4410), 44100)["duration_s"]
    0.1
    """
    values = descriptors(x, sample_rate_hz)
    return {descriptor.name: round(float(value), 7) for descriptor, value in zip(DESCRIPTORS, values, strict=True)}


def descriptor_index(name: str) -> int:
    """Place of a descriptor in the vector.

    Raises
    ------
    UnknownName
        If there is none of that name; near ones are listed.

    Examples
    --------
    >>> descriptor_index("duration_s")
    0
    """
    if name not in _INDEX:
        raise UnknownName("descriptor", name, known=_INDEX)
    return _INDEX[name]
