from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import torch

from woodshed.dsp import DESCRIPTORS, descriptors
from woodshed.families.generators._band_flow_lending import Target
from woodshed.families.generators._band_flow_wishing import made_as_wished
from woodshed.nn import Shape
from woodshed.roles import Made
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


def test_without_a_wish_a_sound_is_made_once() -> None:
    decoder = LongerThanAsked(2.0)
    made_as_wished(decoder, TARGET, {}, traits=AsAsked())  # pyright: ignore[reportArgumentType]
    made_as_wished(decoder, TARGET, {"pitch_hz": 50.0}, traits=AsAsked())  # pyright: ignore[reportArgumentType]
    assert len(decoder.made) == 2
