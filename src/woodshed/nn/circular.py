"""The lapped transform on a circle: a loop has no edges, so its slices reach round from its end to its beginning.

Slices lie at whole frames near ``i * frames / steps``; the sum of their windows is divided out: any length is exact.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from woodshed.nn.lapped import sine_window


def circle_places(frames: int, *, steps: int) -> Tensor:
    """Where slices are centred, in frames: ``steps`` places as even as whole frames allow, the first at 0.

    Examples
    --------
    >>> circle_places(10, steps=4).tolist()
    [0, 2, 5, 7]
    """
    return torch.arange(steps, dtype=torch.int64) * frames // steps


def circle_lapped(audio: Tensor, *, steps: int, hop_frames: int) -> Tensor:
    """Spectra of slices two hops long round a circle.

    Parameters
    ----------
    audio
        Amplitudes, ``(channels, frames)``; the frame after the last is the first.
    steps
        How many slices; at least one per hop if `circle_unlapped` is to give the sound back.
    hop_frames
        Half the length of a slice.

    Returns
    -------
    Tensor
        Complex, ``(channels, steps, hop_frames + 1)``; the power per bin of white noise is that of its frames.

    Examples
    --------
    >>> x = torch.randn(2, 1001, generator=torch.Generator().manual_seed(0))
    >>> back = circle_unlapped(circle_lapped(x, steps=24, hop_frames=64), frames=1001)
    >>> bool((back - x).abs().max() < 1e-5)
    True
    """
    slices = audio[:, _indices(audio.shape[-1], steps=steps, hop_frames=hop_frames)]  # (channels, steps, 2 hops)
    return torch.fft.rfft(slices * sine_window(hop_frames).to(audio), norm="ortho") * math.sqrt(2.0)


def circle_unlapped(spectra: Tensor, *, frames: int) -> Tensor:
    """Turn the spectra of `circle_lapped` back into a loop of so many frames, ``(channels, frames)``."""
    channels, steps, bins = spectra.shape
    window = sine_window(bins - 1).to(spectra.real)
    slices = torch.fft.irfft(spectra / math.sqrt(2.0), n=2 * (bins - 1), norm="ortho") * window
    places = _indices(frames, steps=steps, hop_frames=bins - 1).reshape(-1)
    summed = slices.new_zeros(channels, frames).index_add_(1, places, slices.reshape(channels, -1))
    weight = slices.new_zeros(frames).index_add_(0, places, window.square().repeat(steps))
    return summed / weight.clamp(min=1e-6)


def circle_steps(frames: int, *, hop_frames: int, multiple_of: int = 1) -> int:
    """The fewest slices that lie no further apart than a hop, as a multiple of a number.

    Examples
    --------
    >>> circle_steps(1000, hop_frames=64), circle_steps(1000, hop_frames=64, multiple_of=12)
    (16, 24)
    """
    return multiple_of * max(1, -(-frames // (hop_frames * multiple_of)))


def circle_resampled(audio: Tensor, *, frames: int) -> Tensor:
    """The loop played faster or slower so that it has so many frames and still closes, ``(channels, frames)``.

    Examples
    --------
    >>> x = torch.sin(torch.arange(100) * 2 * math.pi * 3 / 100)[None]
    >>> y = circle_resampled(x, frames=77)
    >>> bool((y - torch.sin(torch.arange(77) * 2 * math.pi * 3 / 77)).abs().max() < 1e-5)
    True
    """
    before = audio.shape[-1]
    if frames == before:
        return audio
    spectrum = torch.fft.rfft(audio)
    bins = frames // 2 + 1
    kept = spectrum.new_zeros(*audio.shape[:-1], bins)
    common = min(bins, spectrum.shape[-1])
    kept[..., :common] = spectrum[..., :common]
    if min(frames, before) % 2 == 0:  # the bin at half the lower rate stands for two
        kept[..., common - 1] = 0.0
    return torch.fft.irfft(kept, n=frames) * (frames / before)


def _indices(frames: int, *, steps: int, hop_frames: int) -> Tensor:
    reach = torch.arange(-hop_frames, hop_frames)
    return (circle_places(frames, steps=steps)[:, None] + reach) % frames  # (steps, 2 hops)
