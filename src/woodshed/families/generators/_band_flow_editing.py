"""Variations of a sound: its shape wanders along the flow, its fine structure is turned towards a borrowed one."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from woodshed.base.seeds import derive_seed
from woodshed.families.generators._band_flow_asking import steady_roam
from woodshed.families.generators._band_flow_drawing import held_down, redrawn
from woodshed.families.generators._band_flow_hearing import lines_heard, shape_heard
from woodshed.families.generators._band_flow_lending import Decoder, LenderIndex, Target
from woodshed.nn import Shape, Split, sounding_span
from woodshed.roles import LenderPool, Made
from woodshed.sampling import seeded_generator
from woodshed.sound import Sound

if TYPE_CHECKING:
    from woodshed.families.generators.band_flow import BandFlow

_OVERLAP = 8  # tokens shared by two windows of a long sound


class Editor:
    """Varies with one model and one pool of lenders."""

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
        whole = shape_heard(self.model, split)
        tokens = self.model.tokens_of_shape(whole)
        changed = self._wandered(tokens, amount=amount, seed=seed, class_name=class_name, steps=steps)
        own = self.model.shape_of(tokens, frames=split.frames)
        lines = lines_heard(self.model, split, whole.partials)
        shape = replace(self.model.shape_of(changed, frames=split.frames), lines=lines)
        target = Target(shape, split.frames, 1.0, class_name, derive_seed(seed, "fine"))
        spectra, lenders = self._turned(split, own, target, angle=fine_angle(amount), without=sound.content_id)
        new = self.splitter.join(spectra * math.exp(0.5 * split.reference), frames=split.frames)
        audio = torch.cat([data[:, :start], new, data[:, stop:]], dim=-1)
        return Made(Sound(held_down(audio, data).numpy(), sound.sample_rate_hz), lenders, class_name)

    def _wandered(self, tokens: Tensor, *, amount: float, seed: int, class_name: str | None, steps: int) -> Tensor:
        """Tokens put back along the flow and drawn anew, window by window."""
        most = self.splitter.most_tokens
        total, weight = torch.zeros_like(tokens), torch.zeros(len(tokens), 1)
        place = self._place_away(tokens, amount=amount, seed=seed, class_name=class_name)
        for first in _window_starts(len(tokens), most=most):
            window = tokens[first : first + most]
            new = redrawn(
                self.model,
                window,
                time=time_of(amount),
                seed=derive_seed(seed, "window", first),
                class_name=class_name,
                place=place,
                guidance=1.0 + amount**3 * (self.model.config.guidance - 1.0),  # far away as new sounds are
                steps=steps,
            )
            ramp = _cross_fade(len(window), rises=first > 0, falls=first + most < len(tokens))
            total[first : first + most] += ramp * new
            weight[first : first + most] += ramp
        away = min(1.0, (amount / 0.34) ** 1.75)  # near 0 the smooth shape itself comes back too
        return tokens + away * (total / weight - tokens)

    def _place_away(self, tokens: Tensor, *, amount: float, seed: int, class_name: str | None) -> Tensor | None:
        """One place for all windows: so much of the way from where the sound lies to where a new one could."""
        model = self.model
        own = model.neighbourhood.place_of(tokens)
        row = model.class_or_any(model.class_row(class_name))
        drawn = model.neighbourhood.draw(row, seed=derive_seed(seed, "place"), roam=steady_roam(model))
        return own if own is None or drawn is None else torch.lerp(own, drawn.numbers, amount)

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
