"""Variations of a sound and blends of two, with the model's own idea of what is plausible in between."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from woodshed.base.seeds import derive_seed
from woodshed.families.generators._band_flow_lending import Decoder, LenderIndex, Target
from woodshed.nn import Reshaped, Shape, Split, sounding_span
from woodshed.roles import LenderPool, Made
from woodshed.sampling import flow_times, noised, request_noise, seeded_generator
from woodshed.sound import Sound

if TYPE_CHECKING:
    from woodshed.families.generators.band_flow import BandFlow

_OVERLAP = 8  # tokens shared by two windows of a long sound
_STEADY_S = 0.06  # time after the start that blending never stretches
_SETTLE = 0.7  # how far along the flow a blend is put before the model settles it


class Editor:
    """Varies and blends with one model and one pool of lenders."""

    def __init__(self, model: BandFlow, index: LenderIndex, pool: LenderPool) -> None:
        self.model, self.splitter = model, model.splitter
        self.decoder = Decoder(model, index, pool)

    # -- variations

    @torch.no_grad()
    def vary(self, sound: Sound, *, amount: float, seed: int, class_name: str | None, steps: int) -> Made:
        """See `BandFlow.vary`."""
        data = torch.from_numpy(np.array(sound.data))
        self.model.class_row(class_name)
        usable = data.numel() > 0 and bool(torch.isfinite(data).all()) and float(data.abs().max()) > 1e-5
        if amount == 0.0 or not usable:
            return Made(sound, class_name=class_name)
        start, stop = sounding_span(data, sample_rate_hz=self.splitter.sample_rate_hz)
        heard = data[:, start:stop]
        split = self.splitter.split(heard)
        tokens = self.model.tokens_of(split)
        changed = self._wandered(tokens, amount=amount, seed=seed, class_name=class_name, steps=steps)
        own = self.model.shape_of(tokens, frames=split.frames)
        shape = self.model.shape_of(changed, frames=split.frames)
        target = Target(shape, split.frames, 1.0, class_name, derive_seed(seed, "fine"))
        spectra, lenders = self._turned(split, own, target, angle=fine_angle(amount), without=sound.content_id)
        new = self.splitter.join(spectra * math.exp(0.5 * split.reference), frames=split.frames)
        audio = torch.cat([data[:, :start], new, data[:, stop:]], dim=-1)
        return Made(Sound(_held_down(audio, data).numpy(), sound.sample_rate_hz), lenders, class_name)

    def _wandered(self, tokens: Tensor, *, amount: float, seed: int, class_name: str | None, steps: int) -> Tensor:
        """Tokens put back along the flow and drawn anew, window by window."""
        most = self.splitter.most_tokens
        total, weight = torch.zeros_like(tokens), torch.zeros(len(tokens), 1)
        for first in _window_starts(len(tokens), most=most):
            window = tokens[first : first + most]
            new = self._redrawn(
                window,
                time=time_of(amount),
                seed=derive_seed(seed, "window", first),
                class_name=class_name,
                steps=steps,
            )
            ramp = _cross_fade(len(window), rises=first > 0, falls=first + most < len(tokens))
            total[first : first + most] += ramp * new
            weight[first : first + most] += ramp
        away = min(1.0, (amount / 0.34) ** 1.75)  # near 0 the smooth shape itself comes back too
        return tokens + away * (total / weight - tokens)

    def _redrawn(self, tokens: Tensor, *, time: float, seed: int, class_name: str | None, steps: int) -> Tensor:
        count = len(tokens)
        length = self.model.padded(count)
        clean = torch.zeros(1, length, tokens.shape[-1])
        clean[0, :count] = tokens
        noise = request_noise([seed], shape=(length, tokens.shape[-1]), name="envelope")
        drawn = [self.model.drawn(seed=seed, class_name=class_name, tokens=count)]
        times = flow_times(max(2, round(steps * (1 - time))), start=time)
        return self.model.solve(noised(clean, noise, time=time), drawn, times=times, guidance=1.0)[0, :count]

    def _turned(
        self, split: Split, own: Shape, target: Target, *, angle: float, without: str
    ) -> tuple[Tensor, tuple[str, ...]]:
        """Fine structure turned from the sound's own towards a borrowed one."""
        shaper, sides = self.decoder.shaper, len(split.spectra)
        if sides > 2:
            gain = self.splitter.bands.spread((target.shape.envelope - own.envelope) / 2).exp()
            return split.spectra * gain * math.exp(-0.5 * split.reference), ()
        reshaped = shaper.reshape(split, own, target.shape)
        noise = shaper.noise(target.shape, sides=sides, generator=seeded_generator(target.seed, "absent"))
        lacking = (1 - reshaped.presence**2).clamp(min=0).sqrt() * math.sin(angle)
        mine = reshaped.spectra + noise * lacking
        near = self.decoder.neighbours(target)
        borrowed, lenders, _ = self.decoder.fine(target, near=near, without=frozenset({without}))
        if len(borrowed) < sides:
            borrowed = torch.cat([borrowed, noise[1:]])
        return mine * math.cos(angle) + borrowed[:sides] * math.sin(angle), lenders

    # -- blends

    @torch.no_grad()
    def blend(self, first: Sound, second: Sound, *, position: float, seed: int, steps: int) -> Made:
        """See `BandFlow.blend`."""
        channels = max(first.channels, second.channels)
        pair = [torch.from_numpy(np.array(s.with_channels(channels).data)) for s in (first, second)]
        frames = max(sound.shape[-1] for sound in pair)
        pair = [torch.nn.functional.pad(sound, (0, frames - sound.shape[-1])) for sound in pair]
        audio = pair[round(position)] if position in (0.0, 1.0) else self._between(pair, position, seed, steps)
        return Made(Sound(audio.numpy(), first.sample_rate_hz))

    def _between(self, pair: list[Tensor], position: float, seed: int, steps: int) -> Tensor:
        shares = (1 - position, position)
        rate = self.splitter.sample_rate_hz
        spans = [sounding_span(sound, sample_rate_hz=rate) for sound in pair]
        splits = [self.splitter.split(s[:, a:b]) for s, (a, b) in zip(pair, spans, strict=True)]
        start = round(sum(share * span[0] for share, span in zip(shares, spans, strict=True)))
        frames = max(1, round(sum(share * split.frames for share, split in zip(shares, splits, strict=True))))
        own = [self.model.shape_of(self.model.tokens_of(split), frames=split.frames) for split in splits]
        shape = self._settled(_mixed_shape(own, shares, self._steps(frames), self._steady), position, seed, steps)
        reference = sum(share * split.reference for share, split in zip(shares, splits, strict=True))
        layers = [
            self._layer(split, mine, shape, seed=derive_seed(seed, number))
            for number, (split, mine) in enumerate(zip(splits, own, strict=True))
        ]
        spectra = _even_mix(layers[0], layers[1], angle=position * math.pi / 2)
        new = self.splitter.join(spectra * math.exp(0.5 * reference), frames=frames)
        new = new * _levelling_gain(new, pair, shares)
        audio = torch.zeros_like(pair[0])
        room = min(frames, audio.shape[-1] - start)
        audio[:, start : start + room] = new[:, :room]
        return _held_down(audio, torch.cat(pair, dim=-1))

    def _layer(self, split: Split, own: Shape, shape: Shape, *, seed: int) -> Tensor:
        reshaped: Reshaped = self.decoder.shaper.reshape(split, own, shape)
        sides = len(reshaped.spectra)
        noise = self.decoder.shaper.noise(shape, sides=sides, generator=seeded_generator(seed, "absent"))
        return reshaped.spectra + noise * (1 - reshaped.presence**2).clamp(min=0).sqrt()

    def _settled(self, shape: Shape, position: float, seed: int, steps: int) -> Shape:
        """The mixed shape as the model would draw it, most so half-way; sounds beyond its window stay as mixed."""
        tokens = self.model.tokens_of_shape(shape)
        if len(tokens) > self.splitter.most_tokens:
            return shape
        new = self._redrawn(tokens, time=_SETTLE, seed=seed, class_name=None, steps=steps)
        frames = (shape.steps - 1) * self.splitter.hop_frames
        drawn, plain = (self.model.shape_of(some, frames=frames) for some in (new, tokens))
        share = 4 * position * (1 - position)
        return Shape(
            shape.envelope + share * (drawn.envelope - plain.envelope),
            shape.width + share * (drawn.width - plain.width),
        )

    def _steps(self, frames: int) -> int:
        return -(-frames // self.splitter.hop_frames) + 1

    @property
    def _steady(self) -> int:
        return round(_STEADY_S * self.splitter.sample_rate_hz / self.splitter.hop_frames)


def time_of(amount: float) -> float:
    """Where on the flow a variation of this amount sets out: 1 keeps everything, 0 nothing."""
    return 1.0 - amount


def fine_angle(amount: float) -> float:
    """How far the fine structure is turned from its own (0) to borrowed (pi / 2)."""
    return math.asin(min(1.0, amount**2.6))


def _window_starts(count: int, *, most: int) -> list[int]:
    if count <= most:
        return [0]
    stride = most - _OVERLAP
    starts = list(range(0, count - most, stride))
    return [*starts, count - most]


def _cross_fade(count: int, *, rises: bool, falls: bool) -> Tensor:
    ramp = torch.ones(count, 1)
    edge = min(_OVERLAP, count)
    slope = (torch.arange(edge) + 1.0)[:, None] / (edge + 1)
    if rises:
        ramp[:edge] *= slope
    if falls:
        ramp[count - edge :] *= slope.flip(0)
    return ramp


def _mixed_shape(shapes: list[Shape], shares: tuple[float, float], steps: int, steady: int) -> Shape:
    """Shapes stretched to one length (their first moments are not) and mixed in dB."""
    at = [_stretched_places(steps, shape.steps, steady=steady) for shape in shapes]
    envelopes = [_at_places(shape.envelope, places) for shape, places in zip(shapes, at, strict=True)]
    widths = [_at_places(shape.width, places) for shape, places in zip(shapes, at, strict=True)]
    return Shape(
        shares[0] * envelopes[0] + shares[1] * envelopes[1],
        shares[0] * widths[0] + shares[1] * widths[1],
    )


def _stretched_places(steps: int, source_steps: int, *, steady: int) -> Tensor:
    """For each step of the result, the step of the source it comes from: unstretched at first, then even."""
    knee = min(steady, (steps - 1) / 2, (source_steps - 1) / 2)
    index = torch.arange(steps, dtype=torch.float32)
    slope = (source_steps - 1 - knee) / max(1e-6, steps - 1 - knee)
    return torch.where(index <= knee, index, knee + (index - knee) * slope).clamp(0, source_steps - 1)


def _at_places(values: Tensor, places: Tensor) -> Tensor:
    low = places.floor().long().clamp(max=len(values) - 1)
    high = (low + 1).clamp(max=len(values) - 1)
    share = (places - low)[:, None]
    return values[low] * (1 - share) + values[high] * share


def _even_mix(first: Tensor, second: Tensor, *, angle: float) -> Tensor:
    """First turned into second at even power, however alike the two are."""
    mixed = first * math.cos(angle) + second * math.sin(angle)
    powers = [float(x.abs().square().sum()) for x in (first, second, mixed)]
    wanted = powers[0] * math.cos(angle) ** 2 + powers[1] * math.sin(angle) ** 2
    return mixed * math.sqrt(wanted / powers[2]) if powers[2] > 0 else mixed


def _levelling_gain(new: Tensor, pair: list[Tensor], shares: tuple[float, float]) -> float:
    """Brings a mix to the energy that lies between those of its two sources in dB, by at most 24 dB."""
    energies = [max(1e-12, float(sound.square().sum())) for sound in (*pair, new)]
    wanted = shares[0] * math.log(energies[0]) + shares[1] * math.log(energies[1])
    return min(16.0, max(0.06, math.exp((wanted - math.log(energies[2])) / 2)))


def _held_down(audio: Tensor, source: Tensor) -> Tensor:
    """Turned down only where it would rise above both full scale and the loudest source."""
    most = max(1.0, float(source.abs().max()))
    peak = float(audio.abs().max())
    return audio * (most / peak) if peak > most else audio
