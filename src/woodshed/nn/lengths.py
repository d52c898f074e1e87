"""How long and loud the sounds of each class are, as quantiles: drawn from when nobody asks for a length."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.signal import butter, sosfilt
from torch import Tensor, nn

from woodshed.base.seeds import derive_seed

_QUANTILES = 33
_HIGHEST_DB = -0.3


@dataclass(frozen=True)
class LengthAndPeak:
    """One draw: length in seconds, peak as amplitude."""

    length_s: float
    peak: float


class LengthTable(nn.Module):
    """Quantiles of length and peak per class, and of all classes together in the last row.

    Examples
    --------
    >>> table = LengthTable(2)
    >>> table.fit([(0, 0.5, 0.9), (0, 0.5, 0.9)])
    >>> round(table.draw(0, seed=1).length_s, 3), round(table.draw(1, seed=1).peak, 3)
    (0.5, 0.9)
    """

    lengths: Tensor
    peaks: Tensor
    counts: Tensor

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.register_buffer("lengths", torch.full((classes + 1, _QUANTILES), math.log(0.5)))  # log of seconds
        self.register_buffer("peaks", torch.full((classes + 1, _QUANTILES), -1.0))  # dB
        self.register_buffer("counts", torch.zeros(classes + 1))

    def fit(self, facts: Sequence[tuple[int, float, float]]) -> None:
        """Take ``(class number, length in s, peak amplitude)`` of every sound; nothing changes without one."""
        if not facts:
            return
        numbers = torch.tensor(facts, dtype=torch.float64)
        grid = torch.linspace(0, 1, _QUANTILES, dtype=torch.float64)
        last = len(self.counts) - 1
        for row in range(last + 1):
            mine = numbers if row == last else numbers[numbers[:, 0] == row]
            self.counts[row] = len(mine)
            if len(mine):
                self.lengths[row] = torch.quantile(mine[:, 1].clamp(min=1e-4).log(), grid).float()
                self.peaks[row] = torch.quantile(20 * mine[:, 2].clamp(min=1e-5).log10(), grid).float()

    def draw(self, row: int, *, seed: int) -> LengthAndPeak:
        """A length and a peak as sounds of this class have them; as any sound where the class is unknown."""
        row = row if self.counts[row] > 0 else len(self.counts) - 1
        rng = np.random.default_rng(derive_seed(seed, "length and level"))
        length, peak_db = (at_quantile(table[row], rng.uniform()) for table in (self.lengths, self.peaks))
        return LengthAndPeak(math.exp(length), 10 ** (min(peak_db, _HIGHEST_DB) / 20))

    def rarity(self, classes: Tensor) -> Tensor:
        """How often to draw a sound of each class: rare ones more often than their share, ``(sounds,)``."""
        return self.counts[classes].clamp(min=1).rsqrt()


def at_quantile(table: Tensor, place: float) -> float:
    """The value of an evenly spaced quantile table at a place from 0 to 1."""
    values = table.cpu().numpy()
    return float(np.interp(place, np.linspace(0, 1, len(values)), values))


def released(data: np.ndarray, *, sample_rate_hz: int, peak: float) -> np.ndarray:
    """A sound without rumble, at a peak, that ends without a click: a real release where it has not died away.

    Parameters
    ----------
    data
        ``(channels, frames)``.

    Examples
    --------
    >>> out = released(np.sin(np.arange(4410.0))[None], sample_rate_hz=44100, peak=0.5)
    >>> bool(abs(out).max() <= 0.5), bool(abs(out[0, -1]) < 1e-3)
    (True, True)
    """
    frames = data.shape[-1]
    data = np.asarray(sosfilt(butter(2, 20.0, "highpass", fs=sample_rate_hz, output="sos"), data, axis=-1))
    last = data[:, -max(1, round(0.08 * sample_rate_hz)) :]
    loudest = float(np.abs(data).max(initial=0.0))
    loud = float(np.sqrt(np.mean(last**2))) > 0.005 * loudest
    length_s = min(0.2, max(0.03, 0.2 * frames / sample_rate_hz)) if loud else 0.005
    length = min(frames, round(length_s * sample_rate_hz))
    gain = np.ones(frames)
    gain[frames - length :] = 10 ** (-3.5 * (np.arange(length) + 1) / max(1, length))  # to -70 dB, even in dB
    data = data * gain
    loudest = float(np.abs(data).max(initial=0.0))
    return (data * (peak / loudest) if loudest > 1e-9 else data).astype(np.float32)
