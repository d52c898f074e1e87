"""Giving one sound's fine structure the envelope of another, and noise where there is nothing to lend."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from woodshed.nn.envelopes import SIDE_LOW, EnvelopeSplitter, Split
from woodshed.nn.lapped import lapped
from woodshed.nn.metal import METAL_NUMBERS, noise_with
from woodshed.nn.partials import Partials

MOST_GAIN = 24.0 * math.log(10.0) / 20.0  # natural log of amplitude
_CROSSOVER_HZ = (1000.0, 3000.0)
_AIR_HZ = (3000.0, 6000.0)
_GRAIN_HZ = (80.0, 250.0)
_PERIODS = 3.0
_MOST_LEAN = 4.0
_LONGEST_SPAN = 9
NO_HISS = -30.0  # natural log of power, -130 dB
MOST_HISS = -16.0
_HISS_HZ = (4000.0, 8000.0)
_HISS_PLACE = 0.2  # the level that so many of the steps stay below
_HISS_EDGE = 8  # steps at the beginning and the end that are not asked


@dataclass(frozen=True)
class Shape:
    """A smooth envelope and width, as a model draws them: ``(steps, bands)`` and ``(steps, groups)``, natural logs.

    ``partials`` say what rings under it; without them there is noise alone. ``lean`` says how much louder the second
    channel is than the first, as natural log of power. ``attack`` are numbers for how it begins (`attacked`),
    ``course`` for how its level runs (`coursed`), ``colour`` for its long-term spectrum (`coloured`), and ``rise`` says
    how long its attack takes (`struck`); without them all is as the envelope says. ``hiss`` is the natural log of power
    per bin below which its highs never fall. ``metal`` says how much of its noise is steady lines (`metal_of`),
    ``lines`` how strong each is (`lines_of`).
    """

    envelope: Tensor
    width: Tensor
    partials: Partials | None = None
    lean: float = 0.0
    attack: Tensor | None = None
    hiss: float = NO_HISS
    course: Tensor | None = None
    rise: float = 0.0
    colour: Tensor | None = None
    metal: Tensor | None = None
    lines: Tensor | None = None

    @property
    def steps(self) -> int:
        """How many steps it lasts."""
        return len(self.envelope)

    @property
    def how_metallic(self) -> Tensor:
        """Its metal; zeros where nothing is said of it."""
        return torch.zeros(METAL_NUMBERS) if self.metal is None else self.metal

    def uncoursed(self) -> Shape:
        """The same shape, with a level that runs as the envelope says."""
        return replace(self, course=None, rise=0.0)

    def uncoloured(self) -> Shape:
        """The same shape, with a long-term spectrum that is as the envelope says."""
        return replace(self, colour=None)

    def no_wider(self) -> Shape:
        """The same shape, with no more side than middle at any time: what is all side is gone in mono."""
        return replace(self, width=self.width.clamp(max=0.0))

    def held_to(self, steps: int) -> Shape:
        """The same shape cut to so many steps, or with its last step held."""
        return replace(self, envelope=_held(self.envelope, steps), width=_held(self.width, steps))


@dataclass(frozen=True)
class Reshaped:
    """Fine structure under a new envelope: spectra ``(sides, steps, bins)`` and how far it was there to lend (0-1)."""

    spectra: Tensor
    presence: Tensor  # (steps, bins)


class Shaper:
    """Turns bins up and down until a sound has the shape asked for.

    Parameters
    ----------
    splitter
        Gives bands, floor and hop.
    """

    def __init__(self, splitter: EnvelopeSplitter) -> None:
        self.splitter = splitter

    def reshape(self, source: Split, own: Shape, target: Shape) -> Reshaped:
        """Give a sound the target's shape; a source that ends early is absent from then on.

        Parameters
        ----------
        source
            The sound taken apart; one channel or mid and side.
        own
            Its own smooth shape.
        target
            The shape asked for. Where it equals ``own`` the sound comes through unchanged.
        """
        steps = target.steps
        spectra = _cut(source.spectra, steps) * math.exp(-0.5 * source.reference)
        own = own.held_to(steps)
        change = self.steadied((target.envelope - own.envelope) / 2).clamp(max=MOST_GAIN)  # (steps, bands)
        there = ((own.envelope - self.splitter.floor - 0.7) / 2.3).clamp(0, 1)
        there[source.spectra.shape[1] :] = 0.0
        presence = self.splitter.bands.spread(there).clamp(0, 1)
        mid = spectra[:1] * self.splitter.bands.spread(change).exp()
        if len(source.spectra) != 2:
            return Reshaped(mid, presence)
        wider = self.splitter.width_over_bands(target.width - own.width) / 2
        gain = self.splitter.bands.spread((change + wider).clamp(max=MOST_GAIN)).exp()
        return Reshaped(torch.cat([mid, spectra[1:] * gain]), presence)

    def with_side(self, reshaped: Reshaped, target: Shape, generator: torch.Generator) -> Reshaped:
        """Give one-channel fine structure a side as wide as the target asks: its mid with smoothly turned phases."""
        wide = _open(target.width)
        mid = reshaped.spectra[:1]
        if len(reshaped.spectra) == 2:
            return reshaped
        bins = mid.shape[-1]
        turns = torch.cumsum(torch.randn(bins, generator=generator) * 0.35, 0) + math.pi / 2
        gain = (self.splitter.width_over_bands(target.width) / 2).exp() * self.splitter.width_over_bands(wide)
        side = mid * torch.polar(torch.ones_like(turns), turns) * self.splitter.bands.spread(gain)
        return Reshaped(torch.cat([mid, side]), reshaped.presence)

    def noise(self, target: Shape, *, sides: int, generator: torch.Generator) -> Tensor:
        """White noise under the target's shape, silent where the target is at its floor, ``(sides, steps, bins)``."""
        hop, rate_hz = self.splitter.hop_frames, self.splitter.sample_rate_hz
        frames = (target.steps - 1) * hop
        metal = target.how_metallic
        if bool(metal.any()) or target.lines is not None:
            white = noise_with(
                metal, sides=sides, frames=frames, sample_rate_hz=rate_hz, generator=generator, lines=target.lines
            )
        else:
            white = torch.randn(sides, frames, generator=generator)
        loud = self.loudness(target)
        if target.hiss > NO_HISS:
            loud = torch.maximum(loud, hiss_ramp(self._bins_hz) * math.exp(target.hiss / 2))
        mid = lapped(white[:1], hop_frames=hop) * loud
        if sides == 1:
            return mid
        if narrow(target):
            return torch.cat([mid, torch.zeros_like(mid)])
        return torch.cat([mid, lapped(white[1:], hop_frames=hop) * (loud * self.side_gain(target))])

    def loudness(self, target: Shape) -> Tensor:
        """Amplitude that something white needs to be under the target's shape, hiss aside, ``(steps, bins)``."""
        audible = ((target.envelope - self.splitter.floor - 0.7) / 1.4).clamp(0, 1)
        over = (target.envelope.exp() - math.exp(self.splitter.floor)).clamp(min=0).sqrt()
        loud = self.splitter.bands.spread(over * audible)
        loud[..., 0] = 0.0  # nothing at 0 Hz
        return loud

    def side_gain(self, target: Shape) -> Tensor:
        """Amplitude of the side over that of the mid, ``(steps, bins)``; nothing where the shape is narrow.

        What a lean to one channel brings of side is left out.
        """
        leaning = math.tanh(target.lean / 4) ** 2
        gain = (self.splitter.width_over_bands(target.width).exp() - leaning).clamp(min=0).sqrt()
        return self.splitter.bands.spread(gain * self.splitter.width_over_bands(_open(target.width)))

    def filled(self, reshaped: Reshaped, noise: Tensor, *, air: float, grain: float = 0.0) -> Tensor:
        """Fine structure with noise where it was absent; ``air`` is a share of noise above 6 kHz (0-1, of power).

        ``grain`` is one above the lowest bass: it takes away how nearly a sound resembles its lender.
        """
        share = torch.maximum(air * self._ramp(_AIR_HZ), grain * self._ramp(_GRAIN_HZ))
        borrowed = reshaped.spectra * (1 - share).sqrt()
        lacking = 1 - (1 - share) * reshaped.presence**2
        return borrowed + noise * lacking.clamp(min=0).sqrt()

    def layered(self, low: Reshaped, high: Reshaped) -> Reshaped:
        """One sound's fine structure below about 2 kHz and another's above."""
        angle = self._ramp(_CROSSOVER_HZ) * (math.pi / 2)
        spectra = low.spectra * angle.cos() + high.spectra * angle.sin()
        presence = (low.presence**2 * angle.cos() ** 2 + high.presence**2 * angle.sin() ** 2).sqrt()
        return Reshaped(spectra, presence)

    def steadied(self, change: Tensor) -> Tensor:
        """Gains that do not follow single cycles: smoothed over three periods of each band, ``(steps, bands)``."""
        hop_s = self.splitter.hop_frames / self.splitter.sample_rate_hz
        spans = (_PERIODS / self.splitter.bands.centres_hz.clamp(min=50.0) / hop_s).round().clamp(max=_LONGEST_SPAN)
        steady = change.clone()
        for span in range(3, _LONGEST_SPAN + 1, 2):
            bands = (spans >= span - 1) & (spans < span + 1)
            if bool(bands.any()):
                lines = change[:, bands].T[None]
                smooth = functional.avg_pool1d(lines, span, stride=1, padding=span // 2, count_include_pad=False)
                steady[:, bands] = smooth[0].T
        return steady

    def _ramp(self, limits_hz: tuple[float, float]) -> Tensor:
        """0 below the first, 1 above the second frequency, straight over log frequency between, ``(bins,)``."""
        return _rising(self._bins_hz, limits_hz)

    @property
    def _bins_hz(self) -> Tensor:
        bin_hz = self.splitter.sample_rate_hz / (2 * self.splitter.hop_frames)
        return torch.arange(self.splitter.hop_frames + 1) * bin_hz


def narrow(shape: Shape) -> bool:
    """Whether a shape has no side at all, save for what its lean brings."""
    return not bool(_open(shape.width).any())


def leaned_over(spectra: Tensor, *, lean: float) -> Tensor:
    """Mid and side with the second channel louder than the first by ``lean`` (natural log of power), all else as is."""
    if len(spectra) != 2 or lean == 0.0:
        return spectra
    straight, crossed = math.cosh(lean / 4), -math.sinh(lean / 4)
    mid, side = spectra
    return torch.stack([straight * mid + crossed * side, crossed * mid + straight * side])


def lean_of(spectra: Tensor) -> float:
    """How much louder the second channel is than the first, as natural log of power, within +-4; 0 for one channel."""
    if len(spectra) != 2:
        return 0.0
    first, second = (float((spectra[0] + sign * spectra[1]).abs().square().sum()) for sign in (1, -1))
    if min(first, second) <= 0.0:
        return 0.0 if max(first, second) <= 0.0 else math.copysign(_MOST_LEAN, second - first)
    return max(-_MOST_LEAN, min(_MOST_LEAN, math.log(second / first)))


def hiss_of(split: Split, *, sample_rate_hz: int) -> float:
    """How loud the highs are where a recording is quietest: natural log of power per bin above 8 kHz, under its shape.

    A sound too short to tell has none.
    """
    spectra = split.spectra[0, _HISS_EDGE:-_HISS_EDGE]
    bins = spectra.shape[-1]
    high = spectra[:, round(_HISS_HZ[1] * 2 * (bins - 1) / sample_rate_hz) :]
    if len(high) < _HISS_EDGE or not high.shape[-1]:
        return NO_HISS
    power = torch.quantile((high.real**2 + high.imag**2).mean(1), _HISS_PLACE)
    return min(MOST_HISS, max(NO_HISS, math.log(max(float(power), 1e-30)) - split.reference))


def hiss_ramp(hz: Tensor) -> Tensor:
    """Amplitude of hiss over frequency, beside what it is above 8 kHz: none below 4 kHz."""
    return _rising(hz, _HISS_HZ)


def _rising(hz: Tensor, limits_hz: tuple[float, float]) -> Tensor:
    low, high = (math.log(limit) for limit in limits_hz)
    return ((hz.clamp(min=1.0).log() - low) / (high - low)).clamp(0, 1)


def _open(width: Tensor) -> Tensor:
    """0 up to 6 dB above a width's low stop (no side at all), 1 from 13 dB above it."""
    return ((width - SIDE_LOW - 1.5) / 1.5).clamp(0, 1)


def _held(values: Tensor, steps: int) -> Tensor:
    lacking = steps - len(values)
    return values[:steps] if lacking <= 0 else torch.cat([values, values[-1:].expand(lacking, -1)])


def _cut(spectra: Tensor, steps: int) -> Tensor:
    lacking = steps - spectra.shape[1]
    return spectra[:, :steps] if lacking <= 0 else functional.pad(spectra, (0, 0, 0, lacking))
