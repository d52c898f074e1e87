"""Bands in Hz over the bins of a lapped transform: narrow and even below, a tenth of their frequency above."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

_LOWEST_WIDTH_HZ = 86.0
_HIGHEST_HZ = 20000.0


class BandMap(nn.Module):
    """Weights that gather bins into bands and spread bands over bins.

    Band centres are the same in Hz at every sample rate. A band without any bin (above half the rate) stays at zero.

    Parameters
    ----------
    sample_rate_hz, hop_frames
        Those of the transform; bins lie ``sample_rate_hz / (2 * hop_frames)`` apart.
    bands
        How many.

    Examples
    --------
    >>> bands = BandMap(sample_rate_hz=44100, hop_frames=256, bands=40)
    >>> power = bands.gather(torch.ones(3, 257))
    >>> bool((power - 1).abs().max() < 1e-5)
    True
    >>> round(float(bands.centres_hz[1])), round(float(bands.centres_hz[-1]))
    (86, 20000)
    """

    gathering: Tensor
    spreading: Tensor
    centres_hz: Tensor

    def __init__(self, *, sample_rate_hz: int, hop_frames: int, bands: int) -> None:
        super().__init__()
        bin_hz = sample_rate_hz / (2 * hop_frames)
        bins = torch.arange(hop_frames + 1, dtype=torch.float64) * bin_hz
        curve = _curvature(bands)
        height = _LOWEST_WIDTH_HZ * curve
        place = torch.asinh(bins / height) * curve  # (bins,) position of each bin, in bands
        spacing = torch.diff(place, append=place[-1:] + (place[-1] - place[-2])).clamp(min=1.0)
        offset = place[:, None] - torch.arange(bands)[None]  # (bins, bands)
        gathering = (1 - offset.abs() / spacing[:, None]).clamp(min=0)
        gathering[:, -1] = torch.where(place > bands - 1, 1.0, gathering[:, -1])
        total = gathering.sum(0)
        gathering = torch.where(total > 0, gathering / total.clamp(min=1e-9), 0.0)
        spreading = (1 - (place.clamp(max=bands - 1)[:, None] - torch.arange(bands)[None]).abs()).clamp(min=0)
        self.register_buffer("gathering", gathering.float(), persistent=False)  # (bins, bands)
        self.register_buffer("spreading", spreading.T.float().contiguous(), persistent=False)  # (bands, bins)
        centres = height * torch.sinh(torch.arange(bands, dtype=torch.float64) / curve)
        self.register_buffer("centres_hz", centres.float(), persistent=False)  # (bands,)

    def gather(self, power: Tensor) -> Tensor:
        """Mean power of each band, ``(..., bins)`` to ``(..., bands)``."""
        return power @ self.gathering

    def spread(self, levels: Tensor) -> Tensor:
        """Values of bands drawn smoothly over the bins, ``(..., bands)`` to ``(..., bins)``."""
        return levels @ self.spreading


def _curvature(bands: int) -> float:
    """Solve ``width * c * sinh((bands - 1) / c) = highest`` for c, so that the last band sits at the top."""
    low, high = 0.5, 1e4
    for _ in range(100):
        middle = math.sqrt(low * high)
        reach = (bands - 1) / middle
        top = _LOWEST_WIDTH_HZ * middle * math.sinh(min(reach, 300.0))
        low, high = (middle, high) if top > _HIGHEST_HZ else (low, middle)
    return math.sqrt(low * high)
