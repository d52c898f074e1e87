"""The exact split of a sound: how loud each band is at each moment (the envelope), and everything else (the fine part).

The envelope is what a model learns. The fine part stays with the sound it came from: turning its bins up and down by
the difference of two envelopes gives it another shape; by no difference at all it gives the sound back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from einops import rearrange, repeat
from torch import Tensor, nn
from torch.nn import functional

from woodshed.dsp import first_onset_s
from woodshed.nn.bands import BandMap
from woodshed.nn.lapped import hop_frames_of, lapped, steps_of, unlapped

FLOOR_DB = -85.0
_SIDE_EDGES_HZ = (130.0, 400.0, 900.0, 1700.0, 3000.0, 5500.0, 10000.0)  # the lowest alone: often it is mono
SIDE_GROUPS = len(_SIDE_EDGES_HZ) + 1
SIDE_LOW, SIDE_HIGH = -9.2, 4.6  # natural log of side power over mid power: -40 and +20 dB
_SIDE_WEIGHT = 2.0
_START_DB, _STOP_DB, _LEAD_S = -46.0, -66.0, 0.008


@dataclass(frozen=True)
class Split:
    """A sound taken apart.

    Attributes
    ----------
    spectra
        Complex, ``(channels, steps, bins)``; for two channels mid and side, else the channels as they are.
    envelope
        Natural log of band power, ``(steps, bands)``, 0 = the loudest band of the loudest step, soft floor at -85 dB.
    width
        Natural log of side over mid power, ``(steps, groups)``; at its low stop for anything but two channels.
    reference
        Natural log of the power that 0 stands for.
    frames
        Length of the sound.
    mid
        Its mid, or the mean of its channels, ``(frames,)``.
    """

    spectra: Tensor
    envelope: Tensor
    width: Tensor
    reference: float
    frames: int
    mid: Tensor


class EnvelopeSplitter(nn.Module):
    """Takes sounds of one rate apart and puts them together.

    Parameters
    ----------
    sample_rate_hz
        Rate of all sounds.
    bands
        Bands of the envelope.
    token_steps
        Steps (about 5.8 ms) per token.
    stereo
        Whether tokens also say how wide the sound is.
    max_duration_s
        Longest sound in tokens.

    Examples
    --------
    >>> splitter = EnvelopeSplitter(sample_rate_hz=44100, bands=40, token_steps=8, stereo=False, max_duration_s=1.0)
    >>> x = torch.randn(1, 3001, generator=torch.Generator().manual_seed(0))
    >>> split = splitter.split(x)
    >>> bool((splitter.join(split.spectra, frames=3001) - x).abs().max() < 1e-5)
    True
    """

    _pooling: Tensor
    _drawing: Tensor

    def __init__(
        self, *, sample_rate_hz: int, bands: int, token_steps: int, stereo: bool, max_duration_s: float
    ) -> None:
        super().__init__()
        self.sample_rate_hz = sample_rate_hz
        self.hop_frames = hop_frames_of(sample_rate_hz)
        self.token_steps = token_steps
        self.stereo = stereo
        self.bands = BandMap(sample_rate_hz=sample_rate_hz, hop_frames=self.hop_frames, bands=bands)
        self.band_count = bands
        self.floor = FLOOR_DB * math.log(10.0) / 10.0
        self.most_tokens = self.tokens_of(round(max_duration_s * sample_rate_hz))
        self.token_width = token_steps * bands + (SIDE_GROUPS if stereo else 0)
        pooling, drawing = _side_groups(self.bands.centres_hz)
        self.register_buffer("_pooling", pooling, persistent=False)  # (bands, groups)
        self.register_buffer("_drawing", drawing, persistent=False)  # (groups, bands)

    def tokens_of(self, frames: int) -> int:
        """Tokens that cover so many frames; at least one."""
        return max(1, -(-steps_of(frames, hop_frames=self.hop_frames) // self.token_steps))

    def split(self, audio: Tensor) -> Split:
        """Take apart one sound of shape ``(channels, frames)``."""
        sides = _to_mid_side(audio)
        spectra = lapped(sides, hop_frames=self.hop_frames)
        power = spectra.real**2 + spectra.imag**2  # (channels, steps, bins)
        if len(sides) > 2:
            power = power.mean(0, keepdim=True)
        banded = self.bands.gather(power)  # (1 or 2, steps, bands)
        reference = math.log(max(float(banded.sum(0).max()), 1e-20))
        banded = banded / math.exp(reference)
        envelope = torch.log(banded[0] + math.exp(self.floor))
        width = self._width(banded) if len(banded) == 2 else envelope.new_full((len(envelope), SIDE_GROUPS), SIDE_LOW)
        mid = sides[0] if len(sides) <= 2 else sides.mean(0)
        return Split(spectra, envelope, width, reference, audio.shape[-1], mid)

    def join(self, spectra: Tensor, *, frames: int) -> Tensor:
        """Put together what `split` took apart, ``(channels, frames)``."""
        return _to_mid_side(unlapped(spectra, frames=frames), back=True)

    def to_tokens(self, envelope: Tensor, width: Tensor) -> Tensor:
        """``(steps, bands)`` and ``(steps, groups)`` to ``(tokens, token_width)``; the last step is held to the end."""
        short = -envelope.shape[0] % self.token_steps
        held = torch.cat([envelope, envelope[-1:].expand(short, -1)]) if short else envelope
        tokens = rearrange(held, "(t s) b -> t (s b)", s=self.token_steps)
        if not self.stereo:
            return tokens
        wide = torch.cat([width, width[-1:].expand(short, -1)]) if short else width
        wide = rearrange(wide, "(t s) g -> t s g", s=self.token_steps).mean(1)
        return torch.cat([tokens, wide * _SIDE_WEIGHT], dim=-1)

    def from_tokens(self, tokens: Tensor, *, steps: int) -> tuple[Tensor, Tensor]:
        """``(tokens, token_width)`` back to ``(steps, bands)`` and ``(steps, groups)``, within floor and stops."""
        loud = tokens[:, : self.token_steps * self.band_count]
        envelope = rearrange(loud, "t (s b) -> (t s) b", s=self.token_steps)[:steps].clamp(min=self.floor, max=3.0)
        if not self.stereo:
            return envelope, envelope.new_full((len(envelope), SIDE_GROUPS), SIDE_LOW)
        wide = (tokens[:, self.token_steps * self.band_count :] / _SIDE_WEIGHT).clamp(SIDE_LOW, SIDE_HIGH)
        return envelope, repeat(wide, "t g -> (t s) g", s=self.token_steps)[:steps]

    def width_over_bands(self, width: Tensor) -> Tensor:
        """Widths of groups drawn over the bands, ``(steps, groups)`` to ``(steps, bands)``."""
        return width @ self._drawing

    def _width(self, banded: Tensor) -> Tensor:
        """Width per group, smoothed over a token's length."""
        groups = banded @ self._pooling  # (2, steps, groups)
        span = 2 * (self.token_steps // 2) + 1
        smooth = functional.avg_pool1d(
            rearrange(groups, "c s g -> c g s"), span, stride=1, padding=span // 2, count_include_pad=False
        )
        mid, side = rearrange(smooth, "c g s -> c s g")
        quiet = math.exp(self.floor)
        return torch.log((side + 1e-4 * quiet) / (mid + quiet)).clamp(SIDE_LOW, SIDE_HIGH)


def _side_groups(centres_hz: Tensor) -> tuple[Tensor, Tensor]:
    """Weights that average bands into groups, and that draw groups straight over the bands between their middles."""
    edges = torch.tensor([0.0, *_SIDE_EDGES_HZ, math.inf])
    bands = torch.arange(len(centres_hz), dtype=torch.float32)
    inside = (centres_hz[:, None] >= edges[:-1]) & (centres_hz[:, None] < edges[1:])
    wanted = torch.cat([edges[1:2] / 2, (edges[1:-2] * edges[2:-1]).sqrt(), edges[-2:-1] * 1.4])
    nearest = functional.one_hot((centres_hz[:, None] - wanted).abs().argmin(0), len(bands)).T
    weights = torch.where(inside.any(0), inside.float(), nearest.float())  # of few bands, some groups hold none
    pooling = weights / weights.sum(0)
    middles = bands @ pooling
    drawing = torch.stack(
        [torch.from_numpy(np.interp(bands.numpy(), middles.numpy(), row)).float() for row in np.eye(len(middles))]
    )
    return pooling, drawing


def _to_mid_side(audio: Tensor, *, back: bool = False) -> Tensor:
    """Half the sum and half the difference of two channels, or back; other channel counts stay."""
    if audio.shape[0] != 2:
        return audio
    sum_, difference = audio[0] + audio[1], audio[0] - audio[1]
    return torch.stack([sum_, difference]) if back else torch.stack([sum_, difference]) / 2


def sounding_span(audio: Tensor, *, sample_rate_hz: int) -> tuple[int, int]:
    """Where a sound begins and ends, in frames; ``(0, frames)`` for silence.

    It begins where it first rises above -46 dB under its peak, but at most 8 ms before its onset, and ends where it
    last stands above -66 dB.

    Parameters
    ----------
    audio
        ``(channels, frames)``, finite.

    Examples
    --------
    >>> sounding_span(torch.tensor([[0.0, 0.0, 1.0, -0.5, 0.0]]), sample_rate_hz=44100)
    (2, 4)
    """
    loud = audio.abs().amax(0) if audio.numel() else audio.new_zeros(0)
    peak = float(loud.max()) if loud.numel() else 0.0
    if peak <= 0.0:
        return 0, audio.shape[-1]
    begun = int((loud >= peak * 10.0 ** (_START_DB / 20)).int().argmax())
    heard = int(torch.nonzero(loud >= peak * 10.0 ** (_STOP_DB / 20))[-1]) + 1
    onset = round(first_onset_s(audio.numpy(), sample_rate_hz) * sample_rate_hz)
    return min(heard - 1, max(begun, onset - round(_LEAD_S * sample_rate_hz))), heard
