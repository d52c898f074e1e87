"""Variations and blends through latents: what the codec says is redrawn, what it cannot say is carried along."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from woodshed.base.seeds import derive_seed
from woodshed.families.generators._latent_flow_drawing import LatentDrawer
from woodshed.nn import Decoded, left_and_right, mid_and_side, sounding_span
from woodshed.sound import Sound

if TYPE_CHECKING:
    from woodshed.families.generators.latent_flow import LatentFlow

_SETTLE = 0.7  # how far along the flow a blend is put before the model settles it
_MOST_SHIFT = 16.0  # what is carried along is turned up or down by at most 24 dB
_QUIETEST = 1e-5


@dataclass(frozen=True)
class _Taken:
    """A sound at peak 1, taken apart: spectra, latents, what they decode to, and the peak it had."""

    spectra: Tensor
    latents: Tensor
    decoded: Decoded
    peak: float


class LatentEditor:
    """Varies and blends with one model."""

    def __init__(self, model: LatentFlow) -> None:
        self.model, self.codec, self.drawer = model, model.codec, LatentDrawer(model)

    @torch.no_grad()
    def vary(self, sound: Sound, *, amount: float, seed: int, row: int, steps: int) -> Sound:
        """See `LatentFlow.vary`."""
        data = torch.from_numpy(np.array(sound.data)).to(self.model.facts_in.weight.device)
        usable = data.numel() > 0 and bool(torch.isfinite(data).all()) and float(data.abs().max()) > _QUIETEST
        if amount == 0.0 or not usable:
            return sound
        start, stop = sounding_span(data.cpu(), sample_rate_hz=sound.sample_rate_hz)
        heard = data[:, start:stop]
        taken = self._taken(heard)
        new = self.drawer.redrawn(taken.latents, time=1.0 - amount, seed=seed, row=row, steps=steps)
        decoded = self.codec.decode(new[None])
        keep = math.cos(amount * math.pi / 2)
        spectra = self._carried(taken, decoded) * keep + decoded.steady[0]
        noise = self.model.noise(spectra.shape[1], seed=derive_seed(seed, "noise"))
        spectra = spectra + self.codec.noise_gain(decoded)[0] * noise * math.sqrt(1 - keep**2)
        changed = self._back(spectra * taken.peak, heard, taken, decoded)
        whole = torch.cat([data[:, :start], changed, data[:, stop:]], dim=-1)
        return Sound(_held_down(whole, data).cpu().numpy(), sound.sample_rate_hz)

    @torch.no_grad()
    def blend(self, first: Sound, second: Sound, *, position: float, seed: int, steps: int) -> Sound:
        """See `LatentFlow.blend`."""
        channels = max(first.channels, second.channels)
        device = self.model.facts_in.weight.device
        pair = [torch.from_numpy(np.array(s.with_channels(channels).data)).to(device) for s in (first, second)]
        frames = max(sound.shape[-1] for sound in pair)
        pair = [torch.nn.functional.pad(sound, (0, frames - sound.shape[-1])) for sound in pair]
        if position in (0.0, 1.0):
            return Sound(pair[round(position)].cpu().numpy(), first.sample_rate_hz)
        taken = [self._taken(sound) for sound in pair]
        decoded = self.codec.decode(self._between(taken, position=position, seed=seed, steps=steps)[None])
        angle = position * math.pi / 2
        spectra = decoded.steady[0]
        for one, share in zip(taken, (math.cos(angle), math.sin(angle)), strict=True):
            spectra = spectra + self._carried(one, decoded) * share
        peak = taken[0].peak ** (1 - position) * taken[1].peak ** position
        mixed = pair[0] * (1 - position) + pair[1] * position  # what a surround sound is turned by
        new = self._back(spectra * peak, mixed, taken[0], decoded)
        return Sound(_held_down(new, torch.cat(pair, dim=-1)).cpu().numpy(), first.sample_rate_hz)

    def _between(self, taken: list[_Taken], *, position: float, seed: int, steps: int) -> Tensor:
        """Latents between two sounds, as large as theirs, and as the model would draw them most so half-way."""
        one, two = taken[0].latents, taken[1].latents
        mixed = (1 - position) * one + position * two
        size = (1 - position) * one.norm() + position * two.norm()
        mixed = mixed * (size / mixed.norm().clamp(min=1e-6))
        anything = len(self.model.spec.classes)
        drawn = self.drawer.redrawn(mixed, time=_SETTLE, seed=seed, row=anything, steps=steps)
        return mixed + 4 * position * (1 - position) * (drawn - mixed)

    def _taken(self, audio: Tensor) -> _Taken:
        peak = max(_QUIETEST, float(audio.abs().max()))
        spectra, latents, decoded = self.model.latents_of(self._sides(audio / peak))
        return _Taken(spectra, latents, decoded, peak)

    def _sides(self, audio: Tensor) -> Tensor:
        """A sound of any channels on the model's sides."""
        if len(audio) == self.model.spec.channels:
            return mid_and_side(audio)
        middle = audio.mean(0, keepdim=True)
        return torch.cat([middle, torch.zeros_like(middle)]) if self.model.spec.channels == 2 else middle

    def _carried(self, taken: _Taken, decoded: Decoded) -> Tensor:
        """What the codec could not say of a sound, as loud as another sound's noise, ``(sides, steps, 257)``."""
        rest = taken.spectra - taken.decoded.steady[0]
        return rest * self._shift(taken.decoded, decoded)

    def _shift(self, old: Decoded, new: Decoded) -> Tensor:
        ratio = self.codec.noise_gain(new)[0] + 1e-4
        return (ratio / (self.codec.noise_gain(old)[0] + 1e-4)).clamp(1 / _MOST_SHIFT, _MOST_SHIFT)

    def _back(self, spectra: Tensor, source: Tensor, taken: _Taken, decoded: Decoded) -> Tensor:
        """Sound on the source's channels; a sound of more channels than the model's is only turned up and down."""
        frames = source.shape[-1]
        if len(source) == self.model.spec.channels:
            return left_and_right(self.model.grid.synthesise(spectra, frames=frames))
        if len(source) == 1:
            return self.model.grid.synthesise(spectra[:1], frames=frames)
        grid, gain = self.model.grid, self._shift(taken.decoded, decoded)[:1]
        own = grid.analyse(source)
        own = torch.nn.functional.pad(own, (0, 0, 0, gain.shape[1] - own.shape[1]))
        return grid.synthesise(own * gain, frames=frames)


def _held_down(audio: Tensor, source: Tensor) -> Tensor:
    """Turned down only where it would rise above both full scale and the loudest source."""
    most = max(1.0, float(source.abs().max()))
    peak = float(audio.abs().max())
    return audio * (most / peak) if peak > most else audio
