"""What a band flow finds in all sounds before it learns: principal components, scales, lengths and levels."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import torch

from woodshed.families.generators._band_flow_copies import tone_numbers
from woodshed.families.generators._band_flow_hearing import (
    attack_heard,
    bare_shape,
    colour_heard,
    course_heard,
    partials_heard,
    sounding_part,
)
from woodshed.nn import ATTACK_POINTS, COLOUR_POINTS, COURSE_POINTS, METAL_NUMBERS, PARTIAL_NUMBERS, Moments
from woodshed.roles import Example

if TYPE_CHECKING:
    from woodshed.families.generators.band_flow import BandFlow

QUANTILES = 33
_LEAST_METAL = 0.1  # of its share, that metal is counted to vary by


def fit_to(model: BandFlow, examples: Iterable[Example]) -> None:
    """Principal components of all tokens, beginnings, courses and colours; how long and loud each class is.

    What rings in a sound takes longest to find: the model keeps it until it encodes the sound.
    """
    tokens, rung = Moments(model.splitter.token_width), Moments(len(model.tone_scales))
    begun, run, tinged = Moments(ATTACK_POINTS), Moments(COURSE_POINTS), Moments(COLOUR_POINTS)
    facts: list[tuple[int, float, float]] = []
    for example in examples:
        data = sounding_part(model, example.sound)
        if data is None:
            continue
        split = model.splitter.split(torch.from_numpy(data))
        partials = model.rung[example.sound.content_id] = partials_heard(model, split)
        tokens.add(model.splitter.to_tokens(split.envelope, split.width))
        rung.add(tone_numbers(partials, bare_shape(model, split, partials=partials)))
        begun.add(attack_heard(model, split)[None])
        run.add(course_heard(model, split)[None])
        tinged.add(colour_heard(model, split)[None])
        facts.append(_length_and_level(example, data))
    if not facts:
        return
    model.basis.fit(tokens)
    model.attacks.fit(begun)
    model.courses.fit(run)
    model.colours.fit(tinged)
    _scale_tones(model, rung)
    _tabulate(model, facts)


def refit_to(model: BandFlow, examples: Iterable[Example]) -> None:
    """How long and loud the classes among these sounds are; all else stays."""
    facts: list[tuple[int, float, float]] = []
    for example in examples:
        if (data := sounding_part(model, example.sound)) is not None:
            facts.append(_length_and_level(example, data))
    if facts:
        _tabulate(model, facts)


def _scale_tones(model: BandFlow, moments: Moments) -> None:
    """Fix what `tone_numbers` are brought to: all vary by one; those with a basis of their own as it lets them.

    Metal may be missing in all sounds, and be told in a copy of one of them.
    """
    model.tone_means.copy_(moments.mean)
    model.tone_scales.copy_(moments.covariance.diagonal().clamp(min=1e-4).sqrt())
    model.tone_scales[PARTIAL_NUMBERS : PARTIAL_NUMBERS + METAL_NUMBERS].clamp_(min=_LEAST_METAL)
    own = torch.cat([basis.variances for basis in (model.attacks, model.courses, model.colours)]).sqrt()
    model.tone_scales[-len(own) :] = own
    model.tone_means[-len(own) :] = 0.0


def _length_and_level(example: Example, data: np.ndarray) -> tuple[int, float, float]:
    """Class number, log of seconds and peak in dB of what sounds in an example."""
    peak_db = 20 * math.log10(max(1e-5, float(np.abs(data).max())))
    return example.class_index, math.log(data.shape[-1] / example.sound.sample_rate_hz), peak_db


def _tabulate(model: BandFlow, facts: list[tuple[int, float, float]]) -> None:
    """Counts, lengths and levels of the classes that occur, from (class, log of seconds, peak in dB)."""
    numbers = torch.tensor(facts, dtype=torch.float64)
    for row in range(len(model.class_counts)):
        mine = numbers if row == len(model.class_counts) - 1 else numbers[numbers[:, 0] == row]
        if len(mine):
            model.class_counts[row] = len(mine)
            grid = torch.linspace(0, 1, QUANTILES, dtype=torch.float64)
            model.length_table[row] = torch.quantile(mine[:, 1], grid).float()
            model.level_table[row] = torch.quantile(mine[:, 2], grid).float()
