"""How nearly one waveform lies in another."""

from __future__ import annotations

import torch
from torch import Tensor


def closest_match(first: Tensor, second: Tensor) -> float:
    """Largest normalised cross-correlation of two waveforms over all lags, by magnitude: 1 for a copy at any gain.

    Parameters
    ----------
    first, second
        ``(frames,)`` each.

    Examples
    --------
    >>> x = torch.randn(500, generator=torch.Generator().manual_seed(0))
    >>> round(closest_match(x, -0.3 * torch.cat([torch.zeros(20), x])), 3)
    1.0
    """
    scale = float(first.norm() * second.norm())
    if scale < 1e-12:
        return 0.0
    size = 1 << (first.numel() + second.numel() - 1).bit_length()
    product = torch.fft.rfft(first, n=size) * torch.fft.rfft(second, n=size).conj()
    return float(torch.fft.irfft(product, n=size).abs().max()) / scale
