"""Mending without a model: a plain top above a cutoff, and noise in the holes a codec left."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from woodshed.base.seeds import derive_seed
from woodshed.nn.envelopes import EnvelopeSplitter
from woodshed.nn.extending import Extender
from woodshed.nn.lapped import lapped

_BANDS = 40
_LOWEST_HOLE_HZ = 2000.0
_AROUND = 7  # steps
_DEEP = 15.0 * math.log(10.0) / 10.0
_UNDER = 9.0 * math.log(10.0) / 10.0

Floats = npt.NDArray[np.float32]


def with_plain_top(audio: Floats, *, sample_rate_hz: int, cutoff_hz: float, seed: int) -> Floats:
    """A sound with a new band above a cutoff, its level going on from below on a straight line.

    Parameters
    ----------
    audio
        ``(channels, frames)``, one or two channels; what lies below the cutoff comes back unchanged.
    cutoff_hz
        Where it ends.

    Examples
    --------
    >>> low = np.sin(np.arange(8000) * 0.2)[None].astype(np.float32)
    >>> with_plain_top(low, sample_rate_hz=44100, cutoff_hz=4000.0, seed=0).shape
    (1, 8000)
    """
    splitter = _splitter(sample_rate_hz)
    extender = Extender(splitter, cutoff_hz=cutoff_hz)
    if bool(extender.known.all()):
        return audio
    with torch.no_grad():
        tensor = torch.from_numpy(np.array(audio, dtype=np.float32))
        split = splitter.split(tensor)
        return extender.extended(tensor, split, extender.continued(split), seed=seed).numpy()


def without_holes(audio: Floats, *, sample_rate_hz: int, seed: int) -> Floats:
    """A sound with noise where a band falls silent for a moment though it sounds right before and after.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=(1, 8000)).astype(np.float32)
    >>> bool(np.abs(without_holes(noise, sample_rate_hz=44100, seed=0) - noise).max() < 0.1)
    True
    """
    splitter = _splitter(sample_rate_hz)
    with torch.no_grad():
        tensor = torch.from_numpy(np.array(audio, dtype=np.float32))
        split = splitter.split(tensor)
        lacking = _lacking(split.envelope, splitter)
        generator = torch.Generator().manual_seed(derive_seed(seed, "holes") % 2**63)
        sides, steps, _ = split.spectra.shape
        hop = splitter.hop_frames
        noise = lapped(torch.randn(sides, (steps - 1) * hop, generator=generator), hop_frames=hop)
        bands = splitter.bands.gather(split.spectra.abs() ** 2)  # (sides, steps, bands)
        shares = (bands.mean(1, keepdim=True) / bands[:1].mean(1, keepdim=True).clamp(min=1e-20)).clamp(max=4.0)
        level = (lacking * math.exp(split.reference))[None] * shares
        added = noise * splitter.bands.spread(level.sqrt())
        return (tensor + splitter.join(added, frames=tensor.shape[-1])).numpy()


def _lacking(envelope: Tensor, splitter: EnvelopeSplitter) -> Tensor:
    """Power of the noise that fills the holes of an envelope, ``(steps, bands)``; zero where there is none."""
    half = _AROUND // 2
    lines = functional.pad(envelope.T[None], (half, half), mode="replicate")[0].unfold(-1, _AROUND, 1)
    around = torch.minimum(lines[..., :half].amax(-1), lines[..., half + 1 :].amax(-1)).T  # sounds before and after
    hole = (envelope < around - _DEEP) & (around > splitter.floor + _DEEP)
    hole &= splitter.bands.centres_hz[None] > _LOWEST_HOLE_HZ
    return torch.where(hole, (around - _UNDER).exp(), 0.0)


def _splitter(sample_rate_hz: int) -> EnvelopeSplitter:
    return EnvelopeSplitter(sample_rate_hz=sample_rate_hz, bands=_BANDS, token_steps=8, stereo=True, max_duration_s=1.0)
