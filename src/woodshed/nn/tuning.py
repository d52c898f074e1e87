"""Giving a shape a pitch: its tone is lifted out of the noise, moved, and laid down where it was asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from woodshed.nn.envelopes import EnvelopeSplitter
from woodshed.nn.lapped import window_power
from woodshed.nn.partials import MODES, Partials
from woodshed.nn.shaping import Shape

_FINE = 8  # places of a tone told apart per bin
_STAYS_HZ = 6000.0  # noise from here on stays where it is, unless the tone comes near
_WITH_TONE_HZ = 1000.0  # noise below goes all the way with the tone
_CLEAR = 2.0  # energy of the tone over that of all else, from which a pitch is heard
_VOICE = 0.5  # exponent of power by which moments count for the pitch that is heard


@dataclass(frozen=True)
class _Tone:
    """Sines of a shape: their frequencies and powers at every step, ``(steps, lines)``, and the mode of each."""

    hz: Tensor
    power: Tensor
    modes: Tensor  # (lines,)


class Tuner:
    """Moves shapes to a pitch.

    Parameters
    ----------
    splitter
        Gives bands, hop and floor.
    """

    def __init__(self, splitter: EnvelopeSplitter) -> None:
        self.splitter = splitter
        bands = splitter.bands
        bins = torch.arange(splitter.hop_frames + 1)
        distance = bins[None] - (torch.arange(splitter.hop_frames * _FINE) / _FINE)[:, None]
        self._lobes = bands.gather(window_power(distance))  # (places, bands) of a sine of power 1
        self._sums = bands.spreading.sum(1)  # how many bins a band stands for, (bands,)
        self._octaves = bands.centres_hz.clamp(min=1.0).log2()

    def tuned(self, shape: Shape, *, wanted_hz: float) -> Shape:
        """The shape with its leading tone at a frequency, all other tones and the noise around them moved along.

        Where the tone is too weak for a pitch to be heard, as much as it lacks is brought in.
        """
        partials = shape.partials
        if partials is None:
            return shape
        power = (shape.envelope.exp() - math.exp(self.splitter.floor)).clamp(min=0)  # (steps, bands)
        tone, noise = self._taken_apart(power, partials)
        lead = 0 if partials.harmonic else int((tone.power * self._energy(tone.hz)).sum(0).argmax())
        if not partials.harmonic:  # what rings below it, in step with it, would be heard as the pitch
            tone = replace(tone, power=tone.power * (tone.hz >= tone.hz[:, [lead]]))
        voice = tone.power[:, lead] ** _VOICE + 1e-9
        ratio = wanted_hz / _weighted_median(tone.hz[:, lead], voice)
        noise = self._moved(noise, octaves=math.log2(ratio), with_hz=float(tone.hz[-1, lead]))
        hz = tone.hz * ratio
        tone = replace(tone, hz=hz, power=tone.power * (hz < 0.5 * self.splitter.sample_rate_hz))
        tone = self._clear(tone, noise, lead=lead, harmonic=partials.harmonic)
        lobes = self._lobe(tone.hz) * tone.power[..., None]  # (steps, lines, bands)
        power = noise + lobes.sum(1)
        shares = self._shares(tone, power, tokens=len(partials.shares))
        power = power / power.max().clamp(min=1e-12)
        return replace(
            shape,
            envelope=torch.log(power + math.exp(self.splitter.floor)),
            partials=replace(partials.transposed(12 * math.log2(ratio)), shares=shares),
        )

    # -- inside

    def _taken_apart(self, power: Tensor, partials: Partials) -> tuple[_Tone, Tensor]:
        """The tones of a sound, and the power of the noise between them, ``(steps, bands)``."""
        steps = torch.arange(len(power))
        settled, modes = partials.lines()
        course = partials.course(steps * self.splitter.hop_frames / self.splitter.sample_rate_hz)
        hz = settled[None] * course[:, None]
        shares = partials.shares[self._tokens(len(power), len(partials.shares))][:, modes]  # (steps, lines)
        shares = shares * (hz < 0.5 * self.splitter.sample_rate_hz)
        near = functional.normalize(lobe := self._lobe(hz), p=math.inf, dim=-1)  # (steps, lines, bands)
        heard = shares * (power[:, None] * near).sum(-1) / (lobe * near).sum(-1).clamp(min=1e-9)
        noise = power * (1 - (near * shares[..., None]).amax(1))
        return _Tone(hz, heard, modes), noise

    def _lobe(self, hz: Tensor) -> Tensor:
        """Power of the bands under sines of power 1, ``(..., bands)``."""
        places = (hz * (2 * self.splitter.hop_frames / self.splitter.sample_rate_hz) * _FINE).round().long()
        return self._lobes[places.clamp(max=len(self._lobes) - 1)]

    def _energy(self, hz: Tensor) -> Tensor:
        """Energy of sines of power 1, in the unit of band power times bins."""
        return self._lobe(hz) @ self._sums

    def _moved(self, noise: Tensor, *, octaves: float, with_hz: float) -> Tensor:
        """Noise moved along a log frequency axis: all the way below, not at all above, evenly between."""
        knee = math.log2(max(_WITH_TONE_HZ, with_hz))
        top = max(math.log2(_STAYS_HZ), knee + 1.0, knee + octaves + 1.0)
        slope = (top - knee) / (top - knee - octaves)
        between = top - (top - self._octaves) * slope
        sources = torch.where(self._octaves < knee + octaves, self._octaves - octaves, between)
        sources = torch.where(self._octaves >= top, self._octaves, sources)
        after = torch.searchsorted(self._octaves.contiguous(), sources.contiguous()).clamp(1, len(sources) - 1)
        share = ((sources - self._octaves[after - 1]) / (self._octaves[after] - self._octaves[after - 1])).clamp(0, 1)
        return torch.lerp(noise[:, after - 1], noise[:, after], share)

    def _clear(self, tone: _Tone, noise: Tensor, *, lead: int, harmonic: bool) -> _Tone:
        """The tone with as much of its leading line as it takes to be heard, under the course of the whole sound."""
        energy = tone.power * self._energy(tone.hz)  # (steps, lines)
        course = (noise @ self._sums) + energy.sum(1)
        ours = energy.sum() if harmonic else energy[:, lead].sum()
        rest = course.sum() - ours
        lacking = (_CLEAR * rest - ours).clamp(min=0) / course.sum().clamp(min=1e-12)
        power = tone.power.clone()
        power[:, lead] += lacking * course / self._energy(tone.hz[:, lead]).clamp(min=1e-9)
        return replace(tone, power=power)

    def _shares(self, tone: _Tone, power: Tensor, *, tokens: int) -> Tensor:
        """How much of the power around each mode is tone, ``(tokens, modes)``."""
        lobe = self._lobe(tone.hz)
        near = functional.normalize(lobe, p=math.inf, dim=-1)
        ours = tone.power * (lobe * near).sum(-1)
        whole = (power[:, None] * near).sum(-1)
        into = self._tokens(len(power), tokens)
        sums = [torch.zeros(tokens, MODES) for _ in range(2)]
        for total, part in zip(sums, (ours, whole), strict=True):
            spread = torch.zeros(len(power), MODES).index_add_(1, tone.modes, part)
            total.index_add_(0, into, spread)
        return (sums[0] / sums[1].clamp(min=1e-12)).clamp(0, 1)

    @staticmethod
    def _tokens(steps: int, tokens: int) -> Tensor:
        """The token of each step."""
        return (torch.arange(steps) * tokens // max(1, steps - 1)).clamp(max=tokens - 1)


def _weighted_median(values: Tensor, weights: Tensor) -> float:
    order = torch.argsort(values)
    reached = torch.cumsum(weights[order], 0)
    return float(values[order][int(torch.searchsorted(reached, 0.5 * reached[-1]))])
