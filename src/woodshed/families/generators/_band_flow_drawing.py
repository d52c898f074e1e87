"""What every kind of editing needs: tokens drawn anew, shapes stretched to one length, sounds checked and laid out."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from woodshed.base.errors import RateMismatch, UsageError
from woodshed.nn import Reshaped, Shape, Shaper, Split
from woodshed.sampling import flow_times, noised, request_noise, seeded_generator
from woodshed.sound import Sound

if TYPE_CHECKING:
    from woodshed.families.generators.band_flow import BandFlow

STEADY_S = 0.06  # time after the start that is never stretched
SETTLE = 0.7  # how far along the flow mixed tokens are put before the model settles them
_NEARLY_CLEAN = 0.98  # where the way back to the noise sets out
_MOST_SPREAD = 3.0  # standard deviations beyond which no token number is believed


def checked_audio(model: BandFlow, sounds: Sequence[Sound], *, longest: int | None = None) -> list[Tensor]:
    """Sounds as tensors of one shape ``(channels, frames)``: mono ones copied to two channels, short ones padded.

    Raises
    ------
    RateMismatch
        If one has another rate than the model.
    UnusableSound
        If one is silent, empty or not finite.
    UsageError
        If one has more than two channels.
    """
    for number, sound in enumerate(sounds, start=1):
        name = "the sound" if len(sounds) == 1 else f"sound {number}"
        if sound.sample_rate_hz != model.spec.sample_rate_hz:
            raise RateMismatch(name.capitalize(), got_hz=sound.sample_rate_hz, expected_hz=model.spec.sample_rate_hz)
        sound.checked(name=name)
        if sound.channels > 2:
            raise UsageError(
                f"{name} has {sound.channels} channels",
                cause="a surround or multi-microphone file; only one and two channels can be worked on here",
                way_out="mix it down to stereo, or work on its channels one by one",
            )
    channels = max(sound.channels for sound in sounds)
    frames = longest or max(sound.frames for sound in sounds)
    laid = [torch.from_numpy(np.array(sound.with_channels(channels).data)) for sound in sounds]
    return [torch.nn.functional.pad(one, (0, frames - one.shape[-1])) for one in laid]


def redrawn(
    model: BandFlow,
    tokens: Tensor,
    *,
    time: float,
    seed: int,
    class_name: str | None = None,
    place: Tensor | None = None,
    guidance: float = 1.0,
    steps: int,
) -> Tensor:
    """Tokens put back along the flow to a time (1 keeps everything) and drawn anew from there, ``(tokens, dims)``.

    They are drawn at a place among the sounds heard; where they lie themselves if none is given.
    """
    clean = _padded(model, tokens)
    noise = request_noise([seed], shape=tuple(clean.shape[1:]), name="envelope")
    place = model.neighbourhood.place_of(tokens) if place is None else place
    drawn = [model.drawn(seed=seed, class_name=class_name, tokens=len(tokens), place=place)]
    times = flow_times(max(2, round(steps * (1 - time))), start=time)
    return model.solve(noised(clean, noise, time=time), drawn, times=times, guidance=guidance)[0, : len(tokens)]


def noise_of(model: BandFlow, tokens: Tensor, *, steps: int) -> Tensor:
    """The noise tokens could have been drawn from: the flow followed backwards, ``(tokens, dims)``."""
    drawn = [model.drawn(seed=0, class_name=None, tokens=len(tokens))]
    point = _padded(model, tokens) * _NEARLY_CLEAN
    times = [_NEARLY_CLEAN * time for time in reversed(flow_times(steps))]
    for now, then in itertools.pairwise(times):
        clean = model.solve(point, drawn, times=[now, 1.0], guidance=1.0)
        point = point + (then - now) * (clean - point) / (1.0 - now)
    return point[0, : len(tokens)]


def drawn_from(model: BandFlow, noise: Tensor, *, steps: int) -> Tensor:
    """Tokens drawn from a noise of their own, ``(tokens, dims)``."""
    drawn = [model.drawn(seed=0, class_name=None, tokens=len(noise))]
    return model.solve(_padded(model, noise), drawn, times=flow_times(steps), guidance=1.0)[0, : len(noise)]


def fitted(
    model: BandFlow,
    keep: Callable[[Tensor], Tensor],
    *,
    tokens: int,
    dims: int,
    seed: int,
    class_name: str | None,
    steps: int,
    rounds: int,
) -> Tensor:
    """Tokens drawn so that they fit what is kept.

    At each step ``keep`` puts what is known back into the guessed clean tokens ``(tokens, dims)``; each step is gone
    over ``rounds`` times, with noise put back in between, so that known and new come to agree.

    References
    ----------
    Lugmayr et al. 2022, "RePaint", arXiv:2201.09865 (going back and forth); Wang et al. 2023, "DDNM",
    arXiv:2212.00490 (the known part put into the clean guess).
    """
    length = model.padded(tokens)
    drawn = [model.drawn(seed=seed, class_name=class_name, tokens=tokens)]
    generator = seeded_generator(seed, "rounds")
    point = request_noise([seed], shape=(length, dims), name="envelope")
    clean = point
    for now, then in itertools.pairwise(flow_times(steps)):
        for turn in range(rounds):
            clean = model.solve(point, drawn, times=[now, 1.0], guidance=1.0).clone()
            clean[0, :tokens] = keep(clean[0, :tokens])
            if then >= 1.0:
                break
            ahead = point + (then - now) * (clean - point) / (1.0 - now)
            again = turn < rounds - 1
            point = _put_back(ahead, now=now, then=then, generator=generator) if again else ahead
    return clean[0, :tokens]


def _put_back(point: Tensor, *, now: float, then: float, generator: torch.Generator) -> Tensor:
    """A point of the path at ``then`` made one of ``now`` again by fresh noise."""
    share = now / then
    kept = share * (1.0 - then)
    fresh = torch.randn(point.shape, generator=generator)
    return share * point + math.sqrt(max(0.0, (1.0 - now) ** 2 - kept**2)) * fresh


def _padded(model: BandFlow, tokens: Tensor) -> Tensor:
    whole = torch.zeros(1, model.padded(len(tokens)), tokens.shape[-1])
    whole[0, : len(tokens)] = tokens
    return whole


# -- shapes


def steps_over(model: BandFlow, frames: int) -> int:
    """Steps of a sound of so many frames."""
    return -(-frames // model.splitter.hop_frames) + 1


def within_reason(model: BandFlow, tokens: Tensor) -> Tensor:
    """Tokens with no number farther out than a model's sounds ever are."""
    most = tokens.new_full((tokens.shape[-1],), _MOST_SPREAD)
    most[: len(model.basis.variances)] *= model.basis.variances.sqrt()
    return torch.maximum(torch.minimum(tokens, most), -most)


def stretched(model: BandFlow, shapes: Sequence[Shape], *, frames: int) -> list[Shape]:
    """Shapes brought to one length; their first moments are not stretched."""
    steps = steps_over(model, frames)
    steady = round(STEADY_S * model.splitter.sample_rate_hz / model.splitter.hop_frames)
    places = [_stretched_places(steps, shape.steps, steady=steady) for shape in shapes]
    return [
        replace(shape, envelope=_at_places(shape.envelope, at), width=_at_places(shape.width, at), lean=0.0)
        for shape, at in zip(shapes, places, strict=True)
    ]


def layer(shaper: Shaper, split: Split, own: Shape, target: Shape, *, seed: int) -> Tensor:
    """A sound's fine structure under another shape, with noise where it has none, ``(sides, steps, bins)``."""
    reshaped: Reshaped = shaper.reshape(split, own, target)
    noise = shaper.noise(target, sides=len(reshaped.spectra), generator=seeded_generator(seed, "absent"))
    return reshaped.spectra + noise * (1 - reshaped.presence**2).clamp(min=0).sqrt()


def held_down(audio: Tensor, source: Tensor) -> Tensor:
    """Turned down only where it would rise above both full scale and the loudest source."""
    most = max(1.0, float(source.abs().max()))
    peak = float(audio.abs().max())
    return audio * (most / peak) if peak > most else audio


def brought_to_energy(audio: Tensor, *, log_energy: float) -> Tensor:
    """Brought to an energy (natural log of the sum of squares), by at most 24 dB."""
    own = math.log(max(1e-12, float(audio.square().sum())))
    return audio * min(16.0, max(0.06, math.exp((log_energy - own) / 2)))


def log_energy(audio: Tensor) -> float:
    """Natural log of the sum of squares."""
    return math.log(max(1e-12, float(audio.square().sum())))


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
