"""More sounds from few: other speeds, tilts and decays, labelled so that a model can tell them from originals."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import soxr
import torch
from torch import Tensor

MOST_SEMITONES = 2.5
MOST_TILT_DB = 1.5  # per octave, around 1 kHz
MOST_DECAY_DB = 9.0  # over the whole sound

Audio = npt.NDArray[np.float32]


def at_speed(data: Audio, *, semitones: float, sample_rate_hz: int) -> Audio:
    """The sound played faster or slower, so that pitch and length change together, as on tape.

    Parameters
    ----------
    data
        ``(channels, frames)``.

    Examples
    --------
    >>> at_speed(np.zeros((1, 1000), np.float32), semitones=12, sample_rate_hz=44100).shape
    (1, 500)
    """
    if semitones == 0.0 or data.shape[-1] < 2:
        return data
    slower = sample_rate_hz / 2.0 ** (semitones / 12.0)
    changed = soxr.resample(data.T, sample_rate_hz, slower, quality="MQ")
    return np.ascontiguousarray(changed.T, dtype=np.float32)


def leaned(envelope: Tensor, *, tilt_db: float, decay_db: float, centres_hz: Tensor, floor: float) -> Tensor:
    """An envelope made brighter by a tilt (dB per octave) and shorter by a decay (dB over its length), loudest at 0.

    Parameters
    ----------
    envelope
        Natural log of power with a soft floor, ``(steps, bands)``.
    """
    octaves = torch.log2(centres_hz.clamp(min=40.0) / 1000.0)
    passed = torch.linspace(0, 1, len(envelope))[:, None]
    change = (tilt_db * octaves[None] - decay_db * passed) * (math.log(10.0) / 10.0)
    power = (envelope.exp() - math.exp(floor)).clamp(min=0) * change.exp()
    power = power / power.max().clamp(min=1e-12)
    return torch.log(power + math.exp(floor))
