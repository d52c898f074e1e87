"""Sounds with the traits that were asked for: brought about, measured, and brought about again by what was missed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from woodshed.dsp import DESCRIPTORS, descriptors
from woodshed.families.generators._band_flow_lending import Decoder, Target
from woodshed.nn import Traits
from woodshed.roles import Made
from woodshed.sound import Sound

_MEASURED = {"decay_ms": "decay_time_ms", "brightness_hz": "centroid_hz"}
_PLACES = {descriptor.name: place for place, descriptor in enumerate(DESCRIPTORS)}
_ROUNDS = 3
_NEAR = 0.08  # octaves
_MOST = 2.0  # octaves that a wish is corrected by at most


def made_as_wished(decoder: Decoder, target: Target, wishes: Mapping[str, float], *, traits: Traits) -> Made:
    """The sound of a target, with traits wished for.

    A shape only says on the whole what will be heard: modes beat, windows smear. So what decays or shines otherwise
    than asked is asked for more, or less, a few times; the nearest sound is kept.
    """
    asked = dict(wishes)
    best: tuple[float, Made] | None = None
    for _ in range(_ROUNDS):
        made = decoder.make(replace(target, shape=traits.fitted(target.shape, asked)))
        misses = _misses(made.sound, wishes)
        off = max((abs(miss) if math.isfinite(miss) else math.inf for miss in misses.values()), default=0.0)
        if best is None or off < best[0]:
            best = off, made
        if off <= _NEAR:
            break
        for name, miss in misses.items():
            if not math.isfinite(miss):
                continue
            octaves = math.log2(asked[name] / wishes[name]) - miss
            asked[name] = wishes[name] * 2.0 ** max(-_MOST, min(_MOST, octaves))
    assert best is not None
    return best[1]


def _misses(sound: Sound, wishes: Mapping[str, float]) -> dict[str, float]:
    """By how many octaves what is heard lies above what was wished for."""
    names = [name for name in wishes if name in _MEASURED]
    if not names:
        return {}
    heard = descriptors(sound.data, sound.sample_rate_hz)
    values = {name: float(heard[_PLACES[_MEASURED[name]]]) for name in names}
    return {name: math.log2(max(value, 1e-3) / wishes[name]) for name, value in values.items()}
