import math
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import torch

from woodshed.base.errors import KnobOutOfRange
from woodshed.dsp import DESCRIPTORS, descriptors
from woodshed.families.generators._band_flow_lending import Target
from woodshed.families.generators._band_flow_wishing import made_as_wished
from woodshed.nn import Shape
from woodshed.roles import DataSpec, Example, Generator, Made, NoLenders, Request, family_class
from woodshed.sound import Sound

RATE = 44100
DECAY = [one.name for one in DESCRIPTORS].index("decay_time_ms")


@dataclass
class LongerThanAsked:
    """Stands for a decoder whose sounds decay more slowly than their shape says."""

    factor: float
    made: list[float] = field(default_factory=list)

    def make(self, target: Target) -> Made:
        decay_s = float(target.shape.lean) * self.factor / 1000
        self.made.append(decay_s)
        noise = np.random.default_rng(0).normal(size=(1, RATE)) * np.exp(-np.arange(RATE) / RATE / decay_s * np.log(10))
        return Made(Sound(noise, RATE), lenders=(), class_name=None)


class AsAsked:
    """Stands for traits: what was asked for is kept as the lean of the shape."""

    def fitted(self, shape: Shape, wishes: dict[str, float]) -> Shape:
        return replace(shape, lean=wishes.get("decay_ms", 100.0))


TARGET = Target(Shape(torch.zeros(4, 8), torch.zeros(4, 8)), frames=RATE, peak=1.0, class_name=None, seed=1)


@pytest.mark.parametrize("factor", [0.5, 2.0, 2.8])
def test_what_is_missed_is_asked_for_again(factor: float) -> None:
    decoder = LongerThanAsked(factor)
    made = made_as_wished(decoder, TARGET, {"decay_ms": 200.0}, traits=AsAsked())  # pyright: ignore[reportArgumentType]
    assert descriptors(made.sound.data, RATE)[DECAY] == pytest.approx(200, rel=0.15)
    assert 2 <= len(decoder.made) <= 3


@pytest.mark.parametrize("name", ["decay_ms", "brightness_hz", "pitch_hz"])
@pytest.mark.parametrize("value", [0.0, -5.0, math.nan, math.inf])
def test_a_wish_that_is_no_number_is_refused_by_name(name: str, value: float) -> None:
    kind = family_class("band-flow")
    model = kind(kind.PRESETS["debug"], DataSpec(RATE, 1, ("hit",)), seed=1)
    assert isinstance(model, Generator)
    with pytest.raises(KnobOutOfRange, match=name):
        model.generate([Request(seed=1, wishes={name: value})], lenders=NoLenders())


@pytest.mark.parametrize("rate", [8000, 48000])
def test_three_sounds_are_enough_to_learn_beginnings_from(rate: int) -> None:
    kind = family_class("band-flow")
    model = kind(kind.PRESETS["debug"], DataSpec(rate, 1, ("hit",)), seed=1)
    rng = np.random.default_rng(0)
    seconds = np.arange(rate // 4) / rate
    sounds = [Sound(rng.normal(size=(1, seconds.size)) * np.exp(-seconds / fall), rate) for fall in (0.01, 0.03, 0.1)]
    examples = [Example(sound, 0, str(number)) for number, sound in enumerate(sounds)]
    model.fit(examples, seed=0)
    features = model.encode(examples, seed=0, augment=True)
    assert float(features.tensors["tokens"].abs().max()) < 30.0


def test_without_a_wish_a_sound_is_made_once() -> None:
    decoder = LongerThanAsked(2.0)
    made_as_wished(decoder, TARGET, {}, traits=AsAsked())  # pyright: ignore[reportArgumentType]
    made_as_wished(decoder, TARGET, {"pitch_hz": 50.0}, traits=AsAsked())  # pyright: ignore[reportArgumentType]
    assert len(decoder.made) == 2
