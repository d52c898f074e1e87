"""The complex lapped transform: short overlapping slices of a sound, each as a spectrum, undone exactly.

It holds the same power per bin as MDCT squared plus MDST squared. Being twice oversampled it stays free of time
aliasing when bins are turned up and down, which a critically sampled MDCT does not.
"""

from __future__ import annotations

import math

import torch
from einops import rearrange
from torch import Tensor
from torch.nn import functional


def hop_frames_of(sample_rate_hz: int) -> int:
    """Hop of about 5.8 ms as a power of two: 256 frames at 44.1 and 48 kHz.

    Examples
    --------
    >>> [hop_frames_of(rate) for rate in (22050, 44100, 48000, 96000)]
    [128, 256, 256, 512]
    """
    return max(16, 2 ** round(math.log2(sample_rate_hz * 0.0055)))


def steps_of(frames: int, *, hop_frames: int) -> int:
    """Number of slices that cover so many frames."""
    return -(-frames // hop_frames) + 1


def lapped(audio: Tensor, *, hop_frames: int) -> Tensor:
    """Cut a sound into slices two hops long and give their spectra.

    Parameters
    ----------
    audio
        Amplitudes, shape ``(..., frames)``.
    hop_frames
        Distance between slices. Slice ``t`` covers frames ``(t - 1) * hop`` up to ``(t + 1) * hop``, so that a
        sound that starts at frame 0 has nothing in the first half of its first slice.

    Returns
    -------
    Tensor
        Complex, shape ``(..., steps, hop_frames + 1)``; the power per bin of white noise is that of its frames.

    Examples
    --------
    >>> x = torch.randn(2, 1000, generator=torch.Generator().manual_seed(0))
    >>> back = unlapped(lapped(x, hop_frames=64), frames=1000)
    >>> bool((back - x).abs().max() < 1e-5)
    True
    """
    steps = steps_of(audio.shape[-1], hop_frames=hop_frames)
    padded = functional.pad(audio, (hop_frames, (steps + 1) * hop_frames - hop_frames - audio.shape[-1]))
    slices = padded.unfold(-1, 2 * hop_frames, hop_frames)  # (..., steps, 2 hops)
    return torch.fft.rfft(slices * (math.sqrt(2.0) * sine_window(hop_frames)).to(audio), norm="ortho")


def unlapped(spectra: Tensor, *, frames: int) -> Tensor:
    """Turn the spectra of `lapped` back into sound of so many frames, shape ``(..., frames)``."""
    hop_frames = spectra.shape[-1] - 1
    slices = torch.fft.irfft(spectra, n=2 * hop_frames, norm="ortho")
    slices = slices * (math.sqrt(0.5) * sine_window(hop_frames)).to(slices)
    hops = slices[..., :-1, hop_frames:] + slices[..., 1:, :hop_frames]  # (..., steps - 1, hop)
    return rearrange(hops, "... s h -> ... (s h)")[..., :frames]


def sine_window(hop_frames: int) -> Tensor:
    """Half a sine over two hops; its square and the square of its neighbour add up to one."""
    return torch.sin(math.pi * (torch.arange(2 * hop_frames, dtype=torch.float64) + 0.5) / (2 * hop_frames)).float()


def window_power(bins: Tensor) -> Tensor:
    """Power of a sine so many bins away, under the sine window; 1 at its place."""
    off = 1 - 4 * bins.square()
    even = torch.cos(math.pi * bins) / torch.where(off.abs() < 1e-5, 1.0, off)
    return torch.where(off.abs() < 1e-5, math.pi / 4, even).square()
