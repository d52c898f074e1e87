"""A lapped transform on a grid of seconds and hertz: the same slices and bins, to a thousandth, at every sample rate.

A network built on this grid fits sounds of any usual rate. Bins are turned back by the phase their middle frequency
gains from slice to slice, so that a steady partial moves slowly from one slice to the next.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from woodshed.nn.bands import BandMap
from woodshed.nn.lapped import lapped, steps_of, unlapped

GRID_RATE_HZ, GRID_HOP_FRAMES = 44100, 256
GRID_BINS = GRID_HOP_FRAMES + 1  # 0 Hz to 22.05 kHz; what a higher rate holds above stays silent


class SecondsGrid(nn.Module):
    """Sounds of one rate as complex slices 5.8 ms apart with bins 86 Hz apart, and back.

    Parameters
    ----------
    sample_rate_hz
        Of all sounds.
    bands
        Of `bands`, which gathers the bins.
    token_steps
        Slices per token.

    Examples
    --------
    >>> grid = SecondsGrid(sample_rate_hz=48000, bands=40, token_steps=8)
    >>> x = torch.sin(torch.arange(5000) * 0.1)[None] * torch.linspace(1, 0, 5000)
    >>> spectra = grid.analyse(x)
    >>> spectra.shape[-1], bool((grid.synthesise(spectra, frames=5000) - x).abs().max() < 0.01)
    (257, True)
    """

    turning: Tensor

    def __init__(self, *, sample_rate_hz: int, bands: int, token_steps: int) -> None:
        super().__init__()
        self.sample_rate_hz = sample_rate_hz
        self.hop_frames = max(16, round(sample_rate_hz * GRID_HOP_FRAMES / GRID_RATE_HZ))
        self.token_steps = token_steps
        self.bands = BandMap(sample_rate_hz=GRID_RATE_HZ, hop_frames=GRID_HOP_FRAMES, bands=bands)
        self.register_buffer("turning", 1.0 - 2.0 * (torch.arange(GRID_BINS) % 2), persistent=False)

    @property
    def token_frames(self) -> int:
        """Frames per token."""
        return self.token_steps * self.hop_frames

    def tokens_of(self, frames: int) -> int:
        """Tokens that cover so many frames; at least one."""
        return max(1, -(-steps_of(frames, hop_frames=self.hop_frames) // self.token_steps))

    def analyse(self, audio: Tensor) -> Tensor:
        """``(..., frames)`` to complex ``(..., steps, 257)``."""
        spectra = lapped(audio, hop_frames=self.hop_frames)
        return self._turned(_with_bins(spectra, GRID_BINS))

    def synthesise(self, spectra: Tensor, *, frames: int) -> Tensor:
        """Complex ``(..., steps, 257)`` to ``(..., frames)``."""
        return unlapped(_with_bins(self._turned(spectra), self.hop_frames + 1), frames=frames)

    def _turned(self, spectra: Tensor) -> Tensor:
        """Every other slice of every other bin with its sign changed: undone by doing it again."""
        every_other = 1.0 - 2.0 * (torch.arange(spectra.shape[-2], device=spectra.device) % 2)  # (steps,)
        signs = torch.where(every_other[:, None] < 0, self.turning, torch.ones_like(self.turning))
        return spectra * signs


def mid_and_side(audio: Tensor) -> Tensor:
    """Half the sum and half the difference of two channels, ``(..., 2, frames)``; one channel stays.

    Examples
    --------
    >>> mid_and_side(torch.tensor([[1.0], [0.5]])).flatten().tolist()
    [0.75, 0.25]
    """
    if audio.shape[-2] != 2:
        return audio
    left, right = audio.unbind(-2)
    return torch.stack([left + right, left - right], dim=-2) / 2


def left_and_right(sides: Tensor) -> Tensor:
    """Undoes `mid_and_side`.

    Examples
    --------
    >>> left_and_right(torch.tensor([[0.75], [0.25]])).flatten().tolist()
    [1.0, 0.5]
    """
    if sides.shape[-2] != 2:
        return sides
    mid, side = sides.unbind(-2)
    return torch.stack([mid + side, mid - side], dim=-2)


def _with_bins(spectra: Tensor, bins: int) -> Tensor:
    lacking = bins - spectra.shape[-1]
    return functional.pad(spectra, (0, lacking)) if lacking > 0 else spectra[..., :bins]
