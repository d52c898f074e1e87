"""A loop taken apart on its own musical grid: how loud each band is at each step of a beat, and everything else.

The envelope is drawn on steps of the beat, not of the clock, so it means the same at every tempo; the transform lies
round a circle, so what is put together again has no seam.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from einops import rearrange, reduce, repeat
from torch import Tensor, nn

from woodshed.nn.bands import BandMap
from woodshed.nn.circular import circle_lapped, circle_steps, circle_unlapped
from woodshed.nn.envelopes import FLOOR_DB, SIDE_HIGH, SIDE_LOW
from woodshed.nn.lapped import hop_frames_of

TONE_GROUPS = 8
_TONE_EDGES_HZ = (100.0, 200.0, 400.0, 800.0, 1600.0, 3200.0, 6400.0)
_SIDE_GROUPS = 8  # of as many bands each
_SIDE_WEIGHT = 6.0
_TONE_WEIGHT = 8.0
_HIGHEST = 3.0


@dataclass(frozen=True)
class LoopShape:
    """A smooth envelope, width and tonality, as a model draws them.

    Attributes
    ----------
    envelope
        Natural log of band power, ``(tokens * token_steps, bands)``, 0 = the loudest.
    width
        Natural log of side over mid power, ``(tokens, groups)``.
    tone
        From 0 (noise) to 1 (one clear partial), ``(tokens, groups)``.
    """

    envelope: Tensor
    width: Tensor
    tone: Tensor

    @property
    def tokens(self) -> int:
        """Tokens on the ring."""
        return len(self.tone)


@dataclass(frozen=True)
class LoopSplit:
    """A loop taken apart.

    ``spectra`` complex ``(channels, steps, bins)`` (mid and side for two channels), ``shape`` as measured,
    ``reference`` the natural log of the power that 0 of its envelope stands for, ``frames`` its length.
    """

    spectra: Tensor
    shape: LoopShape
    reference: float
    frames: int


class LoopSplitter(nn.Module):
    """Takes loops of one rate apart and puts them together.

    Parameters
    ----------
    sample_rate_hz
        Rate of all loops.
    bands
        Bands of the envelope.
    token_steps
        Steps of the envelope per token; a token is a sixteenth.
    stereo
        Whether tokens also say how wide the loop is.

    Examples
    --------
    >>> splitter = LoopSplitter(sample_rate_hz=44100, bands=40, token_steps=24, stereo=False)
    >>> x = torch.randn(1, 30001, generator=torch.Generator().manual_seed(0))
    >>> split = splitter.split(x, tokens=5)
    >>> bool((splitter.join(split.spectra, frames=30001) - x).abs().max() < 1e-4)
    True
    """

    tone_groups: Tensor

    def __init__(self, *, sample_rate_hz: int, bands: int, token_steps: int, stereo: bool) -> None:
        super().__init__()
        self.sample_rate_hz = sample_rate_hz
        self.hop_frames = hop_frames_of(sample_rate_hz)
        self.bands = BandMap(sample_rate_hz=sample_rate_hz, hop_frames=self.hop_frames, bands=bands)
        self.band_count, self.token_steps, self.stereo = bands, token_steps, stereo
        self.floor = FLOOR_DB * math.log(10.0) / 10.0
        self.token_width = token_steps * bands + TONE_GROUPS + (_SIDE_GROUPS if stereo else 0)
        edges = torch.tensor(_TONE_EDGES_HZ)
        self.register_buffer(
            "tone_groups", torch.bucketize(self.bands.centres_hz, edges), persistent=False
        )  # (bands,): the group of each band

    # -- sound to shape and back

    def steps_of(self, frames: int, *, tokens: int) -> int:
        """Slices of a loop: so many per step of the grid that they overlap."""
        return circle_steps(frames, hop_frames=self.hop_frames, multiple_of=tokens * self.token_steps)

    def split(self, audio: Tensor, *, tokens: int) -> LoopSplit:
        """Take apart one loop of shape ``(channels, frames)`` that lasts so many tokens."""
        frames = audio.shape[-1]
        sides = to_mid_side(audio)
        spectra = circle_lapped(sides, steps=self.steps_of(frames, tokens=tokens), hop_frames=self.hop_frames)
        power = spectra.real**2 + spectra.imag**2
        if len(sides) > 2:
            power = power.mean(0, keepdim=True)
        banded = self._on_grid(self.bands.gather(power), tokens)  # (1 or 2, grid steps, bands)
        reference = math.log(max(float(banded.sum(0).max()), 1e-20))
        banded = banded / math.exp(reference)
        envelope = torch.log(banded[0] + math.exp(self.floor))
        shape = LoopShape(envelope, self._width(banded, tokens), self._tone(sides, tokens))
        return LoopSplit(spectra, shape, reference, frames)

    def join(self, spectra: Tensor, *, frames: int) -> Tensor:
        """Put together what `split` took apart, ``(channels, frames)``."""
        return to_mid_side(circle_unlapped(spectra, frames=frames), back=True)

    def over_slices(self, on_grid: Tensor, *, steps: int) -> Tensor:
        """Values at steps of the grid drawn over as many or more slices, ``(grid steps, n)`` to ``(steps, n)``."""
        times = steps // len(on_grid)
        if times == 1:
            return on_grid
        after = torch.roll(on_grid, -1, 0)
        shares = (torch.arange(times).to(on_grid) / times)[None, :, None]
        return rearrange(on_grid[:, None] * (1 - shares) + after[:, None] * shares, "g t n -> (g t) n")

    # -- shape to tokens and back

    def to_tokens(self, shape: LoopShape) -> Tensor:
        """One vector per sixteenth, ``(tokens, token_width)``."""
        parts = [rearrange(shape.envelope, "(t s) b -> t (s b)", s=self.token_steps), shape.tone * _TONE_WEIGHT]
        if self.stereo:
            parts.append(shape.width * _SIDE_WEIGHT)
        return torch.cat(parts, dim=-1)

    def from_tokens(self, tokens: Tensor) -> LoopShape:
        """``(tokens, token_width)`` back to a shape, within floor and stops."""
        loud = self.token_steps * self.band_count
        envelope = rearrange(tokens[:, :loud], "t (s b) -> (t s) b", s=self.token_steps)
        tone = (tokens[:, loud : loud + TONE_GROUPS] / _TONE_WEIGHT).clamp(0, 1)
        wide = tokens[:, loud + TONE_GROUPS :] / _SIDE_WEIGHT
        if not self.stereo:
            wide = tokens.new_full((len(tokens), _SIDE_GROUPS), SIDE_LOW)
        return LoopShape(envelope.clamp(self.floor, _HIGHEST), wide.clamp(SIDE_LOW, SIDE_HIGH), tone)

    def width_over_bands(self, width: Tensor) -> Tensor:
        """Widths of groups of bands drawn over grid steps and bands, ``(grid steps, bands)``."""
        drawn = nn.functional.interpolate(width[:, None], size=self.band_count, mode="linear", align_corners=False)
        return repeat(drawn[:, 0], "t b -> (t s) b", s=self.token_steps)

    def tone_over_bands(self, tone: Tensor) -> Tensor:
        """Tonality of groups drawn over grid steps and bands, ``(grid steps, bands)``."""
        return repeat(tone[:, self.tone_groups], "t b -> (t s) b", s=self.token_steps)

    def _on_grid(self, banded: Tensor, tokens: int) -> Tensor:
        """Mean power around each step of the grid."""
        grid = tokens * self.token_steps
        times = banded.shape[1] // grid
        if times == 1:
            return banded
        return reduce(torch.roll(banded, times // 2, 1), "c (g t) b -> c g b", "mean", t=times)

    def _width(self, banded: Tensor, tokens: int) -> Tensor:
        if len(banded) != 2:
            return banded.new_full((tokens, _SIDE_GROUPS), SIDE_LOW)
        groups = nn.functional.adaptive_avg_pool1d(banded, _SIDE_GROUPS)
        mid, side = reduce(groups, "c (t s) g -> c t g", "mean", s=self.token_steps)
        quiet = math.exp(self.floor)
        return torch.log((side + 1e-4 * quiet) / (mid + quiet)).clamp(SIDE_LOW, SIDE_HIGH)

    def _tone(self, sides: Tensor, tokens: int) -> Tensor:
        """How far the strongest partial of each group stands above what noise would have, ``(tokens, groups)``."""
        hop = 8 * self.hop_frames  # a slice of about 93 ms
        spectra = circle_lapped(sides[:1].roll(-(sides.shape[-1] // (2 * tokens)), -1), steps=tokens, hop_frames=hop)
        power = spectra[0].abs().square()  # (tokens, bins)
        bin_hz = self.sample_rate_hz / (2 * hop)
        edges = torch.tensor([20.0, *_TONE_EDGES_HZ, 16000.0]) / bin_hz
        loudest = power.amax().clamp(min=1e-20)
        tones = []
        for low, high in zip(edges[:-1].round().int().tolist(), edges[1:].round().int().tolist(), strict=True):
            part = power[:, low : max(high, low + 4)]
            crest = torch.log(part.amax(1).clamp(min=1e-20) / part.mean(1).clamp(min=1e-20))
            noise = math.log(math.log(part.shape[1]) + 0.58)
            share = (crest - noise) / max(0.3, math.log(part.shape[1] / 2.0) - noise)
            tones.append(share.clamp(0, 1) * (part.amax(1) > 1e-7 * loudest))
        return torch.stack(tones, dim=-1)


def to_mid_side(audio: Tensor, *, back: bool = False) -> Tensor:
    """Half the sum and half the difference of two channels, or back; other channel counts stay."""
    if audio.shape[0] != 2:
        return audio
    both = torch.stack([audio[0] + audio[1], audio[0] - audio[1]])
    return both if back else both / 2
