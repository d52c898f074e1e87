"""What a band flow hears of a sound: the part that sounds, its shape and partials, how it begins, how long it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from woodshed.nn import (
    Partials,
    PrincipalBasis,
    Shape,
    Split,
    attack_of,
    colour_of,
    course_of,
    hiss_of,
    lean_of,
    lines_of,
    metal_of,
    partials_of,
    rise_of,
    sounding_span,
)
from woodshed.sound import Sound

_MOST_SPREAD = 4.0  # standard deviations: few sounds leave directions in which nothing was seen to vary

if TYPE_CHECKING:
    from woodshed.families.generators.band_flow import BandFlow


def sounding_part(model: BandFlow, sound: Sound) -> np.ndarray | None:
    """The sounding part, on one or two channels and no longer than its window; None where nothing sounds."""
    model.check_rate(sound)
    both = model.spec.channels == 2 and sound.channels == 2
    data = np.array(sound.data if both else sound.mono().data)  # one channel has the shape of two alike
    if data.shape[-1] == 0 or not np.isfinite(data).all() or float(np.abs(data).max()) < 1e-5:
        return None
    start, stop = sounding_span(torch.from_numpy(data), sample_rate_hz=sound.sample_rate_hz)
    return np.ascontiguousarray(data[:, start : min(stop, start + model.most_frames)])


def shape_heard(model: BandFlow, split: Split, *, partials: Partials | None = None) -> Shape:
    """All that tokens say of a sound taken apart; beginning, course and colour never lie far beyond the known."""
    return replace(
        bare_shape(model, split, partials=partials or partials_heard(model, split)),
        attack=within(model.attacks, attack_heard(model, split)),
        course=within(model.courses, course_heard(model, split)),
        colour=within(model.colours, colour_heard(model, split)),
    )


def bare_shape(model: BandFlow, split: Split, *, partials: Partials) -> Shape:
    """The same without what is told beside that of other sounds: beginning, course and colour."""
    rate_hz = model.spec.sample_rate_hz
    return Shape(
        split.envelope,
        split.width,
        partials,
        lean_of(split.spectra),
        hiss=hiss_of(split, sample_rate_hz=rate_hz),
        rise=rise_of(split.mid.numpy(), sample_rate_hz=rate_hz),
        metal=metal_of(split.mid.numpy(), sample_rate_hz=rate_hz, partials_hz=partials.heard_lines()[0].numpy()),
    )


def within(basis: PrincipalBasis, points: Tensor) -> Tensor:
    """Points as a basis squeezes them, no number farther out than was usual."""
    most = _MOST_SPREAD * basis.variances.sqrt()
    return torch.maximum(torch.minimum(basis.squeeze(points), most), -most)


def attack_heard(model: BandFlow, split: Split) -> Tensor:
    """How it begins, as points of level."""
    return attack_of(split.mid.numpy(), sample_rate_hz=model.spec.sample_rate_hz)


def course_heard(model: BandFlow, split: Split) -> Tensor:
    """How its level runs, as points of level."""
    return course_of(split.mid.numpy(), sample_rate_hz=model.spec.sample_rate_hz)


def colour_heard(model: BandFlow, split: Split) -> Tensor:
    """What colour it has on the whole, as points of power."""
    return colour_of(split.mid.numpy(), sample_rate_hz=model.spec.sample_rate_hz)


def lines_heard(model: BandFlow, split: Split, partials: Partials | None) -> Tensor:
    """How strong the lines of its fine spectrum are, beside its partials."""
    partials_hz = None if partials is None else partials.heard_lines()[0].numpy()
    return lines_of(split.mid.numpy(), sample_rate_hz=model.spec.sample_rate_hz, partials_hz=partials_hz)


def partials_heard(model: BandFlow, split: Split) -> Partials:
    """What rings in it, with shares on the model's tokens."""
    return partials_of(
        split.mid.numpy(),
        sample_rate_hz=model.spec.sample_rate_hz,
        token_frames=model.token_frames,
        tokens=model.splitter.tokens_of(split.frames),
    )
