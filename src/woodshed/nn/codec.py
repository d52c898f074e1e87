"""A small codec: a sound as a row of few numbers, and back as partials plus noise.

The decoder says of every slice and bin what it expects there (the steady part, a complex number) and how far off it
may be (the gain of a noise). Its loss is the likelihood of the true spectrum under that: phase counts where it can be
foretold, and power comes out right where it cannot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional

from woodshed.nn.bands import BandMap
from woodshed.nn.seconds_grid import GRID_BINS
from woodshed.nn.transformer import TokenMixer

FLOOR = 1e-7  # power of noise 70 dB under full scale
_LEVEL_MIDDLE, _LEVEL_SPREAD = -7.0, 5.0  # of the natural log of band power, roughly
_LOWEST, _HIGHEST = -20.0, 9.0
_BEND = 2.0  # natural log of a ratio of powers from which a miss counts straight, no longer as its exponent


@dataclass(frozen=True)
class Decoded:
    """What a decoder expects.

    Attributes
    ----------
    steady
        Complex, ``(batch, sides, steps, 257)``.
    power
        Of the noise around it in bands, ``(batch, sides, steps, bands)``.
    """

    steady: Tensor
    power: Tensor


class SliceBlock(nn.Module):
    """Looks at neighbouring slices, then works on each by itself."""

    def __init__(self, width: int, *, stretch: int = 2) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mix = TokenMixer(width)
        self.widen = nn.Linear(width, stretch * width)
        self.narrow = nn.Linear(stretch * width, width)
        nn.init.normal_(self.narrow.weight, std=0.2 / math.sqrt(stretch * width))

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, slices, width)``."""
        return x + self.narrow(functional.silu(self.widen(self.mix(self.norm(x)))))


class SpectralCodec(nn.Module):
    """Encodes spectra of a `SecondsGrid` as latents of bounded size, one vector a token, and decodes them.

    Parameters
    ----------
    sides
        1 (mono) or 2 (mid and side).
    bands
        The bands of the grid.
    steady_bins
        How many of the lowest bins may hold partials; above there is only noise.
    dims
        Numbers per token.
    token_steps
        Slices per token.
    slice_width, slice_blocks, token_width, token_blocks
        Size of the networks that work on slices and on tokens.

    Examples
    --------
    >>> bands = BandMap(sample_rate_hz=44100, hop_frames=256, bands=40)
    >>> codec = SpectralCodec(sides=1, bands=bands, steady_bins=8, dims=4, token_steps=8, slice_width=16,
    ...     slice_blocks=1, token_width=16, token_blocks=1)
    >>> latents = codec.encode(torch.zeros(2, 1, 21, 257, dtype=torch.complex64))
    >>> latents.shape, codec.decode(latents).power.shape
    (torch.Size([2, 3, 4]), torch.Size([2, 1, 24, 40]))
    """

    mean: Tensor
    variance: Tensor
    heard: Tensor

    def __init__(
        self,
        *,
        sides: int,
        bands: BandMap,
        steady_bins: int,
        dims: int,
        token_steps: int,
        slice_width: int,
        slice_blocks: int,
        token_width: int,
        token_blocks: int,
    ) -> None:
        super().__init__()
        self.sides, self.steady_bins, self.token_steps = sides, min(steady_bins, GRID_BINS), token_steps
        self.band_count = len(bands.centres_hz)
        self.bands = bands
        told = sides * (self.band_count + 2 * self.steady_bins)
        said = sides * (2 * self.band_count + 2 * self.steady_bins)
        self.encoder = nn.ModuleList(
            [
                nn.Linear(told, slice_width),
                nn.Sequential(*(SliceBlock(slice_width) for _ in range(slice_blocks))),
                nn.Linear(token_steps * slice_width, token_width),
                nn.Sequential(*(SliceBlock(token_width) for _ in range(token_blocks))),
                nn.Linear(token_width, dims),
            ]
        )
        self.decoder = nn.ModuleList(
            [
                nn.Linear(dims, token_width),
                nn.Sequential(*(SliceBlock(token_width) for _ in range(token_blocks))),
                nn.Linear(token_width, token_steps * slice_width),
                nn.Sequential(*(SliceBlock(slice_width) for _ in range(slice_blocks))),
                nn.Linear(slice_width, said),
            ]
        )
        self.register_buffer("mean", torch.zeros(dims))
        self.register_buffer("variance", torch.ones(dims))
        self.register_buffer("heard", torch.zeros(()))

    def encode(self, spectra: Tensor) -> Tensor:
        """Complex ``(batch, sides, steps, 257)`` to latents ``(batch, tokens, dims)`` of about mean 0, variance 1."""
        return self.levelled(self.raw(spectra))

    def raw(self, spectra: Tensor) -> Tensor:
        """Latents of one length each, before mean and variance are taken out, ``(batch, tokens, dims)``."""
        short = -spectra.shape[-2] % self.token_steps
        spectra = functional.pad(spectra, (0, 0, 0, short))
        come_in, slices, gather, tokens, go_out = self.encoder
        x = slices(come_in(self._told(spectra)))
        x = tokens(gather(rearrange(x, "b (t s) w -> b t (s w)", s=self.token_steps)))
        return functional.layer_norm(go_out(x).float(), (len(self.mean),))

    def levelled(self, raw: Tensor) -> Tensor:
        """Latents of about mean 0 and variance 1."""
        return (raw - self.mean) * (self.variance + 1e-4).rsqrt()

    @torch.no_grad()
    def settle(self, raw: Tensor) -> None:
        """Move mean and variance of the latents towards those of these tokens, ``(tokens, dims)``."""
        share = torch.clamp(1.0 / (self.heard + 1.0), min=0.02)
        self.mean.lerp_(raw.mean(0), share)
        self.variance.lerp_((raw - self.mean).square().mean(0), share)
        self.heard += 1.0

    def decode(self, latents: Tensor) -> Decoded:
        """Latents ``(batch, tokens, dims)`` to what is expected of ``token_steps`` slices a token."""
        come_in, tokens, spread, slices, go_out = self.decoder
        x = spread(tokens(come_in(latents)))
        x = slices(rearrange(x, "b t (s w) -> b (t s) w", s=self.token_steps))
        said = go_out(functional.layer_norm(x, x.shape[-1:])).float()
        sizes = (self.band_count, self.band_count, self.steady_bins, self.steady_bins)
        level, share, real, imaginary = rearrange(said, "b t (c n) -> b c t n", c=self.sides).split(sizes, dim=-1)
        level = (level * _LEVEL_SPREAD + _LEVEL_MIDDLE).clamp(_LOWEST, _HIGHEST)
        power = (level + share.clamp(-8.0, 2.0)).exp()
        scale = (self.bands.spread(level)[..., : self.steady_bins] / 2).exp()
        steady = torch.complex(real * scale, imaginary * scale)
        return Decoded(functional.pad(steady, (0, GRID_BINS - self.steady_bins)), power)

    def misses(self, decoded: Decoded, spectra: Tensor) -> Tensor:
        """How unlikely the true spectra are, per slice, ``(batch, steps)``; 0 is pure noise of the right power.

        Minus the logarithm of a complex normal density with the steady part as mean and the noise as variance,
        averaged over bands; far misses count by their logarithm only. Below 0 the steady part explains something.
        """
        steps = spectra.shape[-2]
        rest = spectra - decoded.steady[..., :steps, :]
        left, whole = (self.bands.gather(x.real.square() + x.imag.square()) for x in (rest, spectra))
        expected = torch.log(decoded.power[..., :steps, :] + FLOOR)
        ratio = torch.log(left + FLOOR) - expected
        near = ratio.clamp(max=_BEND)
        excess = near.exp() + (ratio - near) * math.exp(_BEND)
        return (excess - 1 + expected - torch.log(whole + FLOOR)).mean((1, 3))

    def noise_gain(self, decoded: Decoded) -> Tensor:
        """Amplitude of the noise in every bin, silent at the floor, ``(batch, sides, steps, 257)``."""
        audible = (decoded.power - FLOOR).clamp(min=0) / (decoded.power + FLOOR)
        gain = (torch.log(decoded.power + 1e-3 * FLOOR) / 2).clamp(min=-14.0)
        gain = self.bands.spread(gain).exp() * self.bands.spread(audible)
        return torch.cat([torch.zeros_like(gain[..., :1]), gain[..., 1:]], dim=-1)  # no noise at 0 Hz

    def _told(self, spectra: Tensor) -> Tensor:
        """Band levels and lowest bins of all sides, of even size, ``(batch, steps, numbers)``."""
        power = spectra.real.square() + spectra.imag.square()
        level = (torch.log(self.bands.gather(power) + FLOOR) - _LEVEL_MIDDLE) / _LEVEL_SPREAD
        low = spectra[..., : self.steady_bins] * (power[..., : self.steady_bins] + 1e-6) ** -0.35
        return rearrange(torch.cat([level, low.real, low.imag], dim=-1), "b c t n -> b t (c n)")
