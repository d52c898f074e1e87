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
_PRE_EMPHASIS = 0.95
ATTACK_FRAMES = 3308  # 0.3 s


def attack_wave(data: npt.NDArray[np.float32], *, sample_rate_hz: int) -> Tensor:
    """What `attack_matches` hears: the first 0.3 s below 5 kHz, highs lifted, ``(ATTACK_FRAMES,)``.

    Parameters
    ----------
    data
        ``(channels, frames)``, beginning at its onset.
    """
    start = np.ascontiguousarray(data.mean(axis=0)[: round(0.3 * sample_rate_hz)], dtype=np.float32)
    low = soxr.resample(start, sample_rate_hz, _RATE_HZ, quality="MQ")[:ATTACK_FRAMES] if start.size else start
    wave = torch.zeros(ATTACK_FRAMES)
    wave[: low.size] = torch.from_numpy(
        np.diff(low, prepend=0.0) + (1 - _PRE_EMPHASIS) * np.append(0.0, low[:-1])
    ).float()
    return wave


def attack_matches(wave: Tensor, others: Tensor) -> Tensor:
    """Largest correlation of 60 ms of an attack with any place near the start of other sounds, 0 to 1 each.

    Normalised under the sliding window, whatever gain and polarity: 1 for a copy.

    Parameters
    ----------
    wave
        Of `attack_wave`, ``(ATTACK_FRAMES,)``; what is compared are 60 ms from 4 ms on.
    others
        ``(sounds, ATTACK_FRAMES)``.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(1, 20000)).astype(np.float32)
    >>> copy, other = (attack_wave(y, sample_rate_hz=44100) for y in (-0.3 * x[:, 80:], x[:, ::-1]))
    >>> found = attack_matches(attack_wave(x[:, 80:], sample_rate_hz=44100), torch.stack([copy, other]))
    >>> bool(found[0] > 0.99), bool(found[1] < 0.5)
    (True, True)
    """
    window = wave[_SKIPPED_FRAMES : _SKIPPED_FRAMES + _WINDOW_FRAMES]
    norm = float(window.norm())
    if norm < 1e-9 or len(others) == 0:
        return others.new_zeros(len(others))
    size = 4096  # at least ATTACK_FRAMES + window
    count = ATTACK_FRAMES - _WINDOW_FRAMES + 1
    products = torch.fft.irfft(torch.fft.rfft(others, n=size) * torch.fft.rfft(window, n=size).conj(), n=size)
    summed = functional.pad(others.double().square().cumsum(-1), (1, 0))
    energies = (summed[:, _WINDOW_FRAMES:] - summed[:, :-_WINDOW_FRAMES]).clamp(min=0).float()
    audible = energies > 1e-3 * energies.amax(-1, keepdim=True)
    likeness = products[:, :count].abs() / (energies.sqrt() * norm).clamp(min=1e-12)
    return (likeness * audible).amax(-1).clamp(max=1.0)
