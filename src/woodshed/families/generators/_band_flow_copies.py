"""Sounds and their augmented copies, as training sees them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from woodshed.nn import (
    ATTACK_NUMBERS,
    COURSE_NUMBERS,
    MOST_DECAY_DB,
    MOST_SEMITONES,
    MOST_TILT_DB,
    Partials,
    Shape,
    faded_course,
    leaned,
)

if TYPE_CHECKING:
    from woodshed.families.generators.band_flow import BandFlow


@dataclass(frozen=True)
class Copy:
    """One augmented copy of a sound as training sees it."""

    tokens: Tensor  # (tokens, dims + PARTIAL_NUMBERS), half precision
    class_index: int
    changes: tuple[float, float, float]
    traits: Tensor  # (2 * TRAITS,)
    log_length: float  # of seconds


def copies_of(known: int, limit: int) -> tuple[int, int]:
    """Speeds and leanings per sound, so that time and memory stay bounded."""
    speeds = 4 if known <= 1500 else 2 if known <= 4000 else 1
    return speeds, max(1, min(3, limit // (known * speeds)))


@dataclass(frozen=True)
class Heard:
    """What holds for all leanings of a sound: its class, by how much it was tuned, the log of its seconds."""

    class_index: int
    semitones: float
    log_length: float


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
            copy = replace(shape, envelope=envelope, course=_leaned_course(model, shape, decay * MOST_DECAY_DB))
        traits = model.traits.to_numbers(model.traits.of(copy))
        changes = (heard.semitones / MOST_SEMITONES, tilt, decay)
        rows.append(Copy(model.tokens_of_shape(copy).half(), heard.class_index, changes, traits, heard.log_length))
    return rows


def _leaned_course(model: BandFlow, shape: Shape, decay_db: float) -> Tensor | None:
    """The course of a shape whose envelope was leaned by a decay."""
    if shape.course is None:
        return None
    points = faded_course(model.courses.unsqueeze(shape.course), decay_db=decay_db)
    return model.courses.squeeze(points)


def tone_numbers(partials: Partials, shape: Shape) -> Tensor:
    """Partials, lean, hiss, rise, attack and course of a shape as numbers, ``(tokens, numbers)``."""
    numbers = partials.to_numbers()
    attack = torch.zeros(ATTACK_NUMBERS) if shape.attack is None else shape.attack
    course = torch.zeros(COURSE_NUMBERS) if shape.course is None else shape.course
    whole = torch.cat([torch.tensor([shape.lean, shape.hiss, shape.rise]), attack, course])
    return torch.cat([numbers, whole.expand(len(numbers), -1)], dim=-1)
