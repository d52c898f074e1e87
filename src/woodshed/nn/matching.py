"""How nearly one waveform's attack lies in another sound."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr
import torch
from torch import Tensor
from torch.nn import functional

_RATE_HZ = 11025
_SKIPPED_FRAMES = 44  # 4 ms: the click of a cut start would outweigh the rest
_WINDOW_FRAMES = 662  # 60 ms
_SEARCHED_S = 0.3
_PRE_EMPHASIS = 0.95


def attack_match(sound: npt.NDArray[np.float32], source: npt.NDArray[np.float32], *, sample_rate_hz: int) -> float:
    """Largest correlation of the first 60 ms of a sound with any place near the start of another, 0 to 1.

    Heard below 5 kHz with highs lifted, normalised under the sliding window, whatever gain and polarity: 1 for a copy.

    Parameters
    ----------
    sound, source
        Mono, ``(frames,)``, both beginning at their onset.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=8000).astype(np.float32)
    >>> round(attack_match(-0.3 * x[8:6000], x, sample_rate_hz=44100), 2)
    1.0
    """
    wave = _heard(sound, sample_rate_hz)[_SKIPPED_FRAMES : _SKIPPED_FRAMES + _WINDOW_FRAMES]
    where = _heard(source, sample_rate_hz)
    norm = float(wave.norm())
    if wave.numel() < 16 or where.numel() < wave.numel() or norm < 1e-9:
        return 0.0
    count = where.numel() - wave.numel() + 1
    size = 1 << (where.numel() + wave.numel()).bit_length()
    products = torch.fft.irfft(torch.fft.rfft(where, n=size) * torch.fft.rfft(wave, n=size).conj(), n=size)[:count]
    summed = functional.pad(where.double().square().cumsum(0), (1, 0))
    energies = (summed[wave.numel() :] - summed[: -wave.numel()]).clamp(min=0).float()
    audible = energies > 1e-3 * energies.max()
    return float((products.abs() / (energies.sqrt() * norm).clamp(min=1e-12))[audible].max().clamp(max=1.0))


def _heard(data: npt.NDArray[np.float32], sample_rate_hz: int) -> Tensor:
    start = np.ascontiguousarray(data[: round(_SEARCHED_S * sample_rate_hz)], dtype=np.float32)
    low = soxr.resample(start, sample_rate_hz, _RATE_HZ, quality="MQ") if start.size else start
    wave = torch.from_numpy(np.ascontiguousarray(low))
    return torch.cat([wave[:1], wave[1:] - _PRE_EMPHASIS * wave[:-1]])
