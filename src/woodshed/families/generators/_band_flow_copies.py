"""Sounds and their augmented copies, as training sees them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from string import hexdigits
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from woodshed.families.generators._band_flow_hearing import lines_heard, within
from woodshed.nn import (
    ATTACK_NUMBERS,
    BAND_COURSE_BANDS,
    BAND_COURSE_POINTS,
    COLOUR_NUMBERS,
    COURSE_NUMBERS,
    GLIDE_PLACES,
    LINE_POINTS,
    METAL_NUMBERS,
    MODES,
    MOST_DECAY_DB,
    MOST_SEMITONES,
    MOST_TILT_DB,
    PARTIAL_NUMBERS,
    TRAITS,
    Neighbourhood,
    Partials,
    Shape,
    Split,
    colour_points_hz,
    faded_course,
    leaned,
    leaned_colour,
)
from woodshed.roles import Example, Features

if TYPE_CHECKING:
    from woodshed.families.generators.band_flow import BandFlow

WHOLE_PARTS = (METAL_NUMBERS, 3, ATTACK_NUMBERS, COURSE_NUMBERS, COLOUR_NUMBERS)  # the three: lean, hiss, rise
WHOLE_NUMBERS = sum(WHOLE_PARTS)
CONSTANT_NUMBERS = PARTIAL_NUMBERS - MODES  # of the partials, the first
# where, among what all tokens repeat, a sound says to which side it leans, how it begins and how it runs, beside its
# glide: lean, hiss, rise, attack, course
_OF_ONE = range(CONSTANT_NUMBERS + METAL_NUMBERS, CONSTANT_NUMBERS + WHOLE_NUMBERS - COLOUR_NUMBERS)
_TINTS = range(_OF_ONE.stop, _OF_ONE.stop + COLOUR_NUMBERS)  # its colour; the first says how bright it is on the whole
_DIGITS = 15  # hex digits of a content id: 60 bits
_PITCH_WEIGHT, _ATTACK_WEIGHT = 0.7, 0.7  # beside colour and course, in how unlike two sounds are
_PLAIN_WEIGHT = 4.0  # how much more often a sound is learned as it is than each of its changed copies


@dataclass(frozen=True)
class Heard:
    """What holds for all leanings of a sound."""

    class_index: int
    name: int  # of the sound: `numbered`
    lines: Tensor  # (LINE_POINTS,)
    bands: Tensor  # (BAND_COURSE_BANDS, BAND_COURSE_POINTS)
    log_length: float  # of seconds
    semitones: float = 0.0  # by which it was tuned


@dataclass(frozen=True)
class Copy:
    """One augmented copy of a sound as training sees it."""

    heard: Heard
    tokens: Tensor  # (tokens, numbers), half precision
    changes: tuple[float, float, float]
    traits: Tensor  # (2 * TRAITS,)


def copies_of(known: int, limit: int) -> tuple[int, int]:
    """Speeds and leanings per sound, so that time and memory stay bounded."""
    speeds = 4 if known <= 1500 else 2 if known <= 4000 else 1
    return speeds, max(1, min(3, limit // (known * speeds)))


def heard_of(model: BandFlow, example: Example, split: Split, partials: Partials) -> Heard:
    """What is told of a sound besides its tokens, as it is."""
    return Heard(
        example.class_index,
        numbered(example.content_id),
        lines_heard(model, split, partials),
        model.band_courses.of(split.envelope),
        log_length=math.log(split.frames / model.spec.sample_rate_hz),
    )


def numbered(content_id: str) -> int:
    """The first digits of a content id as a number that a tensor holds; 0 for what is none.

    Examples
    --------
    >>> named_by(numbered("00c0ffee" * 4))
    '00c0ffee00c0ffe'
    """
    digits = content_id[:_DIGITS]
    return int(digits, 16) if len(digits) == _DIGITS and set(digits) <= set(hexdigits) else 0


def named_by(number: int) -> str | None:
    """The first digits of the content id behind a number, or None."""
    return f"{number:0{_DIGITS}x}" if number else None


def leanings_of(model: BandFlow, shape: Shape, heard: Heard, *, count: int, rng: np.random.Generator) -> list[Copy]:
    """A sound as it is, then with the tilts and decays of so many less one."""
    rows = []
    for number in range(count):
        tilt, decay = (0.0, 0.0) if number == 0 else rng.uniform(-1, 1, 2).tolist()
        copy = shape
        if number:
            envelope = leaned(
                shape.envelope,
                tilt_db=tilt * MOST_TILT_DB,
                decay_db=decay * MOST_DECAY_DB,
                centres_hz=model.splitter.bands.centres_hz,
                floor=model.splitter.floor,
            )
            course = _leaned_course(model, shape, decay * MOST_DECAY_DB)
            copy = replace(shape, envelope=envelope, course=course, colour=leaned_colour_of(model, shape, envelope))
        traits = model.traits.to_numbers(model.traits.of(copy))
        changes = (heard.semitones / MOST_SEMITONES, tilt, decay)
        tokens = model.tokens_of_shape(copy).half()
        rows.append(Copy(heard, tokens, changes, traits))
    return rows


def features_of(model: BandFlow, rows: Sequence[Copy]) -> Features:
    """Copies as training takes them; a sound as it is, and one of a rare class, is drawn more often."""
    tokens = torch.zeros(len(rows), model.splitter.most_tokens, model.numbers, dtype=torch.float16)
    for number, row in enumerate(rows):
        tokens[number, : len(row.tokens)] = row.tokens
    classes = torch.tensor([row.heard.class_index for row in rows], dtype=torch.long)
    classes = torch.where(classes < 0, len(model.spec.classes), classes)
    rarity = model.class_counts[classes].clamp(min=1).rsqrt()
    no_bands = (0, BAND_COURSE_BANDS, BAND_COURSE_POINTS)
    plain = torch.tensor([not any(row.changes) for row in rows])
    return Features(
        {
            "tokens": tokens,
            "counts": torch.tensor([len(row.tokens) for row in rows], dtype=torch.long),
            "classes": classes,
            "lengths": torch.tensor([row.heard.log_length for row in rows]),
            "lines": torch.stack([row.heard.lines for row in rows]).half() if rows else torch.zeros(0, LINE_POINTS),
            "bands": torch.stack([row.heard.bands for row in rows]).half() if rows else torch.zeros(no_bands),
            "names": torch.tensor([row.heard.name for row in rows], dtype=torch.long),
            "changes": torch.tensor([row.changes for row in rows]).reshape(-1, 3),
            "traits": torch.stack([row.traits for row in rows]) if rows else torch.zeros(0, 2 * len(TRAITS)),
        },
        weights=torch.where(plain, _PLAIN_WEIGHT * rarity, rarity),
    )


def neighbourhood_of(numbers: int, *, dims: int) -> Neighbourhood:
    """Places for sounds of so many numbers per token, of which the first ``dims`` are those of the envelope."""
    repeated = [*range(dims, dims + CONSTANT_NUMBERS), *range(numbers - WHOLE_NUMBERS, numbers)]
    return Neighbourhood(
        numbers=numbers,
        dims=dims,
        repeated=repeated,
        traits=len(TRAITS),
        of_one=(*range(CONSTANT_NUMBERS)[GLIDE_PLACES], *_OF_ONE),
        tinged=_TINTS[:1],
        tints=_TINTS,
        modes=[place for place in range(CONSTANT_NUMBERS) if place not in range(CONSTANT_NUMBERS)[GLIDE_PLACES]],
    )


def heard_weights(model: BandFlow) -> Tensor:
    """How much each number that all tokens repeat counts in how unlike two sounds are; see `Neighbourhood.draw`.

    How a sound begins and runs, and its colour, in their own units; its lowest partial; nothing else.
    """
    weights = torch.zeros(CONSTANT_NUMBERS + WHOLE_NUMBERS)
    weights[0] = _PITCH_WEIGHT * model.tone_scales[0]
    told = ATTACK_NUMBERS + COURSE_NUMBERS + COLOUR_NUMBERS
    weights[-told:] = model.tone_scales[-told:]
    weights[-told : -told + ATTACK_NUMBERS] *= _ATTACK_WEIGHT
    return weights


def _leaned_course(model: BandFlow, shape: Shape, decay_db: float) -> Tensor | None:
    """The course of a shape whose envelope was leaned by a decay."""
    if shape.course is None:
        return None
    points = faded_course(model.courses.unsqueeze(shape.course), decay_db=decay_db)
    return within(model.courses, points)


def leaned_colour_of(model: BandFlow, shape: Shape, envelope: Tensor) -> Tensor | None:
    """The colour of a shape under another envelope."""
    if shape.colour is None:
        return None
    floor = math.exp(model.splitter.floor)
    before, after = ((one.exp() - floor).clamp(min=0).sum(0) + floor for one in (shape.envelope, envelope))
    change = (after / before).log10().numpy()
    centres = model.splitter.bands.centres_hz.clamp(min=1.0).log2().numpy()
    drawn = torch.from_numpy(np.interp(np.log2(colour_points_hz()), centres, change)).float()
    return within(model.colours, leaned_colour(model.colours.unsqueeze(shape.colour), drawn))


def tone_numbers(partials: Partials, shape: Shape) -> Tensor:
    """Partials, metal, lean, hiss, rise, attack, course and colour of a shape as numbers, ``(tokens, numbers)``."""
    numbers = partials.to_numbers()
    attack = torch.zeros(ATTACK_NUMBERS) if shape.attack is None else shape.attack
    course = torch.zeros(COURSE_NUMBERS) if shape.course is None else shape.course
    colour = torch.zeros(COLOUR_NUMBERS) if shape.colour is None else shape.colour
    whole = torch.cat([shape.how_metallic, torch.tensor([shape.lean, shape.hiss, shape.rise]), attack, course, colour])
    return torch.cat([numbers, whole.expand(len(numbers), -1)], dim=-1)
