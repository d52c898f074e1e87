"""Between sounds and sums of sounds: shapes mixed, settled by the model, with the fine structure of those mixed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from woodshed.base.errors import UnknownName, UsageError
from woodshed.base.seeds import derive_seed
from woodshed.families.generators._band_flow_drawing import (
    SETTLE,
    brought_to_energy,
    checked_audio,
    drawn_from,
    held_down,
    layer,
    log_energy,
    noise_of,
    redrawn,
    stretched,
    within_reason,
)
from woodshed.nn import Shape, Shaper, Split, sounding_span
from woodshed.roles import ATTRIBUTES, WAYS, Made
from woodshed.sound import Sound

if TYPE_CHECKING:
    from woodshed.families.generators.band_flow import BandFlow

_CLEARLY = 0.999  # a share from which on a sound is alone


@dataclass(frozen=True)
class _Parts:
    """Sounds taken apart: padded audio, where each begins, its split and its smooth shape."""

    audio: list[Tensor]
    starts: list[int]
    splits: list[Split]
    own: list[Shape]


class Mixer:
    """Blends and adds sounds with one model; nothing is borrowed from others."""

    def __init__(self, model: BandFlow) -> None:
        self.model, self.splitter = model, model.splitter
        self.shaper = Shaper(model.splitter)

    @torch.no_grad()
    def blend(
        self,
        sounds: Sequence[Sound],
        *,
        weights: Sequence[float],
        apart: Mapping[str, Sequence[float]],
        way: str,
        seed: int,
        steps: int,
    ) -> Made:
        """See `BlendsMany.blend_many`."""
        shares = checked_shares(weights, apart, count=len(sounds))
        if way not in WAYS:
            raise UnknownName("way", way, known=WAYS)
        audio = checked_audio(self.model, sounds)
        alone = _alone(shares)
        mixed = audio[alone] if alone is not None else self._between(audio, shares, way, seed, steps)
        return Made(Sound(mixed.numpy(), sounds[0].sample_rate_hz))

    def _between(self, audio: list[Tensor], shares: dict[str, list[float]], way: str, seed: int, steps: int) -> Tensor:
        parts = self._apart(audio)
        lengths = [float(split.frames) for split in parts.splits]
        start = round(_mean(shares["length"], parts.starts))
        frames = max(1, round(_mean(shares["length"], lengths)))
        shape = self._mixed_shape(parts, shares, frames, way, seed, steps)
        spectra = self._mixed_layers(parts, shares["fine"], shape, seed)
        reference = _mean(shares["level"], [split.reference for split in parts.splits])
        new = self.splitter.join(spectra * math.exp(0.5 * reference), frames=frames)
        new = brought_to_energy(new, log_energy=_mean(shares["level"], [log_energy(one) for one in audio]))
        return held_down(_placed(new, start, audio[0]), torch.cat(audio, dim=-1))

    def _apart(self, audio: list[Tensor]) -> _Parts:
        rate = self.splitter.sample_rate_hz
        spans = [sounding_span(sound, sample_rate_hz=rate) for sound in audio]
        splits = [self.splitter.split(s[:, a:b]) for s, (a, b) in zip(audio, spans, strict=True)]
        own = [self.model.shape_of(self.model.tokens_of(split), frames=split.frames) for split in splits]
        return _Parts(audio, [span[0] for span in spans], splits, own)

    def _mixed_shape(
        self, parts: _Parts, shares: dict[str, list[float]], frames: int, way: str, seed: int, steps: int
    ) -> Shape:
        at = stretched(self.model, parts.own, frames=frames)
        plain = _sum_of_shapes(at, shares["shape"], shares["width"])
        known = max(range(len(at)), key=lambda number: shares["shape"][number])
        tokens = self.model.tokens_of_shape(replace(at[known], envelope=plain.envelope, width=plain.width))
        if len(tokens) > self.splitter.most_tokens:
            return plain
        if way == "noise":
            every = [self.model.tokens_of_shape(shape) for shape in at]
            new, share = self._round_the_sphere(every, shares["shape"], steps), 1.0
        else:
            new = redrawn(self.model, tokens, time=SETTLE, seed=seed, steps=steps)
            share = min(1.0, 2 * (1 - sum(one**2 for one in shares["shape"])))
        before, after = (self.model.shape_of(some, frames=frames) for some in (tokens, new))
        return replace(
            plain,
            envelope=plain.envelope + share * (after.envelope - before.envelope),
            width=plain.width + share * (after.width - before.width) * (shares["width"] == shares["shape"]),
        )

    def _round_the_sphere(self, tokens: list[Tensor], shares: list[float], steps: int) -> Tensor:
        """Drawn from the mean of the noises at even length, and with it what each way there and back loses."""
        steps = max(12, steps)
        noises = [noise_of(self.model, some, steps=steps) for some in tokens]
        lost = [some - drawn_from(self.model, noise, steps=steps) for some, noise in zip(tokens, noises, strict=True)]
        mixed = torch.stack([a * noise for a, noise in zip(_angles(shares), noises, strict=True)]).sum(0)
        wanted = _mean(shares, [float(noise.norm()) for noise in noises])
        mixed = mixed * (wanted / max(1e-9, float(mixed.norm())))
        back = torch.stack([share * some for share, some in zip(shares, lost, strict=True)]).sum(0)
        return drawn_from(self.model, mixed, steps=steps) + back

    def _mixed_layers(self, parts: _Parts, shares: list[float], shape: Shape, seed: int) -> Tensor:
        """Fine structures turned into one another at even power, however alike they are."""
        amounts = _angles(shares)
        mixed, wanted = torch.zeros(()), 0.0
        for number, amount in enumerate(amounts):
            if amount > 0:
                one = layer(self.shaper, parts.splits[number], parts.own[number], shape, seed=derive_seed(seed, number))
                mixed, wanted = mixed + amount * one, wanted + amount**2 * float(one.abs().square().sum())
        power = float(mixed.abs().square().sum())
        return mixed * math.sqrt(wanted / power) if power > 0 else mixed

    # -- sums

    @torch.no_grad()
    def combine(self, sounds: Sequence[Sound], *, weights: Sequence[float], fine: int, seed: int, steps: int) -> Made:
        """See `Combines.combine`."""
        _check_sum(weights, fine, count=len(sounds))
        parts = self._apart(checked_audio(self.model, sounds))
        lengths = [split.frames for split in parts.splits]
        frames = _between_stops(_mean(weights, lengths), lengths)
        at = stretched(self.model, parts.own, frames=round(frames))
        every = [self.model.tokens_of_shape(shape) for shape in at]
        total = torch.stack([weight * some for weight, some in zip(weights, every, strict=True)]).sum(0)
        total = within_reason(self.model, total)
        if len(total) <= self.splitter.most_tokens:
            total = redrawn(self.model, total, time=SETTLE, seed=seed, steps=steps)
        shape = self.model.shape_of(total, frames=round(frames))
        spectra = layer(self.shaper, parts.splits[fine], parts.own[fine], shape, seed=seed)
        energies = [log_energy(one) for one in parts.audio]
        new = self.splitter.join(spectra * math.exp(0.5 * parts.splits[fine].reference), frames=round(frames))
        new = brought_to_energy(new, log_energy=_between_stops(_mean(weights, energies), energies))
        start = parts.starts[fine]
        return Made(
            Sound(
                held_down(torch.nn.functional.pad(new, (start, 0)), torch.cat(parts.audio, dim=-1)).numpy(),
                sounds[0].sample_rate_hz,
            )
        )


def checked_shares(
    weights: Sequence[float], apart: Mapping[str, Sequence[float]], *, count: int
) -> dict[str, list[float]]:
    """Shares that add up to 1, for every attribute.

    Raises
    ------
    UnknownName
        If an attribute has another name.
    UsageError
        If there are not as many weights as sounds, one is negative or not a number, or all are zero.
    """
    for name in apart:
        if name not in ATTRIBUTES:
            raise UnknownName("attribute", name, known=ATTRIBUTES)
    shares = {}
    for name in ATTRIBUTES:
        given = [float(weight) for weight in apart.get(name, weights)]
        if len(given) != count or count == 0 or not all(0 <= one < math.inf for one in given) or sum(given) <= 0:
            raise UsageError(
                f"The weights {given} do not fit {count} sounds",
                cause="each sound needs one weight, none of them negative and not all zero",
                way_out="for two sounds half-way: 1, 1",
            )
        shares[name] = [one / sum(given) for one in given]
    return shares


def _check_sum(weights: Sequence[float], fine: int, *, count: int) -> None:
    if len(weights) != count or count == 0 or not all(math.isfinite(one) for one in weights):
        raise UsageError(
            f"The weights {list(weights)} do not fit {count} sounds",
            cause="each sound needs one weight",
            way_out="for a - b + c: 1, -1, 1",
        )
    if not 0 <= fine < count:
        raise UsageError(
            f"There is no sound {fine + 1} to give the fine structure",
            cause=f"{count} sounds were given",
            way_out=f"name one from 1 to {count}",
        )


def _alone(shares: dict[str, list[float]]) -> int | None:
    """The number of the sound that gives everything; None where several have a part."""
    for number in range(len(shares["shape"])):
        if all(share[number] >= _CLEARLY for share in shares.values()):
            return number
    return None


def _angles(shares: Sequence[float]) -> list[float]:
    """Amounts whose squares add up to 1: for two, cosine and sine of the position."""
    amounts = [math.sin(share * math.pi / 2) for share in shares]
    total = math.sqrt(sum(amount**2 for amount in amounts))
    return [amount / total for amount in amounts]


def _mean(shares: Sequence[float], values: Sequence[float]) -> float:
    return sum(share * value for share, value in zip(shares, values, strict=True))


def _between_stops(value: float, known: Sequence[float]) -> float:
    return min(max(known), max(min(known), value))


def _sum_of_shapes(shapes: Sequence[Shape], envelope: Sequence[float], width: Sequence[float]) -> Shape:
    return Shape(
        torch.stack([share * shape.envelope for share, shape in zip(envelope, shapes, strict=True)]).sum(0),
        torch.stack([share * shape.width for share, shape in zip(width, shapes, strict=True)]).sum(0),
        metal=torch.stack([share * shape.how_metallic for share, shape in zip(envelope, shapes, strict=True)]).sum(0),
    )


def _placed(new: Tensor, start: int, like: Tensor) -> Tensor:
    audio = torch.zeros_like(like)
    room = min(new.shape[-1], audio.shape[-1] - start)
    audio[:, start : start + room] = new[:, :room]
    return audio
