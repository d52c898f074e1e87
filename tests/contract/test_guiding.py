"""Every generator that can be guided, and every listener whose hearing has a gradient, over the table of families."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.contract.sounds import CLASSES, RATE, made_sound
from tests.contract.test_families import NAMES, ListLenders, fitted
from woodshed.base.errors import UsageError
from woodshed.roles import (
    FAMILIES,
    Generator,
    Guide,
    Guided,
    Hears,
    Listener,
    NoLenders,
    Request,
    Schedule,
    family_class,
)
from woodshed.roles.guides import Brightness, Function, HeardAs

GUIDED = [name for name in NAMES if issubclass(family_class(name), Guided)]
HEARING = [name for name in NAMES if issubclass(family_class(name), Hears)]


@dataclass(frozen=True, kw_only=True)
class Counting(Guide):
    """Counts how often it is asked, and on what."""

    shapes: list[tuple[int, ...]]

    def loss(self, audio: Tensor, *, sample_rate_hz: int) -> Tensor:
        assert sample_rate_hz == RATE
        self.shapes.append(tuple(audio.shape))
        return audio.square().mean((1, 2))

    def told(self) -> str:
        return "counting"


def test_there_are_some() -> None:
    assert GUIDED
    assert HEARING
    assert set(GUIDED) | set(HEARING) <= set(FAMILIES)


@pytest.mark.parametrize("name", GUIDED)
def test_no_pull_is_no_change(name: str) -> None:
    model, sounds = fitted(name)
    assert isinstance(model, Guided)
    assert isinstance(model, Generator)
    pool, requests = ListLenders(sounds), [Request(seed=1, class_name="tone"), Request(seed=2)]
    plain = model.generate(requests, lenders=pool, steps=3)
    for guides in ([], [Brightness(hz=900, weight=0)], [Brightness(hz=900, schedule=Schedule(start=0.99))]):
        same = model.guide(requests, guides=guides, lenders=pool, steps=3)
        assert all(np.array_equal(a.sound.data, b.sound.data) for a, b in zip(plain, same, strict=True))


@pytest.mark.parametrize("name", GUIDED)
@pytest.mark.parametrize("channels", [1, 2])
def test_a_guided_sound_depends_on_its_request_alone(name: str, channels: int) -> None:
    model, sounds = fitted(name, channels=channels)
    assert isinstance(model, Guided)
    pool, mine = ListLenders(sounds), Request(seed=11, class_name="tone")
    others = [Request(seed=50 + i, class_name=CLASSES[i % 2]) for i in range(2)]
    guides = [Brightness(hz=2000)]
    alone = model.guide([mine], guides=guides, lenders=pool, steps=3)[0]
    among = model.guide([*others, mine], guides=guides, lenders=pool, steps=3)[-1]
    assert np.array_equal(alone.sound.data, among.sound.data)
    assert alone.sound.channels == channels
    assert alone.lenders == among.lenders


@pytest.mark.parametrize("name", GUIDED)
def test_a_guide_is_handed_the_generators_own_rate_and_channels(name: str) -> None:
    model, _ = fitted(name, channels=2)
    assert isinstance(model, Guided)
    counting = Counting(shapes=[])
    model.guide([Request(seed=1, duration_s=0.2)], guides=[counting], lenders=NoLenders(), steps=2)
    assert counting.shapes
    assert all(shape[:2] == (1, 2) and abs(shape[2] - 0.2 * RATE) < 600 for shape in counting.shapes)


@pytest.mark.parametrize("name", GUIDED)
def test_a_guide_moves_what_it_names(name: str) -> None:
    model, sounds = fitted(name)
    assert isinstance(model, Guided)
    guide, requests = Brightness(hz=6000), [Request(seed=i, duration_s=0.25) for i in range(8)]
    for pool in (ListLenders(sounds), NoLenders()):
        losses = []
        for guides in ([], [guide]):
            made = model.guide(requests, guides=guides, lenders=pool, steps=6)
            heard = [torch.from_numpy(np.array(one.sound.data))[None] for one in made]
            losses.append(np.median([float(guide.loss(x, sample_rate_hz=RATE)) for x in heard]))
        assert losses[1] < 0.5 * losses[0]


@pytest.mark.parametrize("name", GUIDED)
@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda audio, rate: audio.detach().square().mean((1, 2)), "has no gradient"),
        (lambda audio, rate: audio.mean() * torch.nan, "not finite"),
        (lambda audio, rate: audio.square(), r"gave \(1, 1, \d+\)"),
        (lambda audio: audio, "failed: TypeError"),
        (lambda audio, rate: 0.0, "gave float"),
    ],
    ids=["detached", "not finite", "shape", "arguments", "no tensor"],
)
def test_a_bad_loss_is_named(name: str, function: object, text: str) -> None:
    model, _ = fitted(name)
    assert isinstance(model, Guided)
    bad = Function(function=function, name="mine")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=f"mine.*{text}"):
        model.guide([Request(seed=1, duration_s=0.1)], guides=[bad], lenders=NoLenders(), steps=2)


@pytest.mark.parametrize("name", HEARING)
@pytest.mark.parametrize("rate", [16000, 44100])
def test_hearing_with_a_gradient_hears_the_same(name: str, rate: int) -> None:
    model, _ = fitted(name, rate=rate)
    assert isinstance(model, Hears)
    assert isinstance(model, Listener)
    sounds = [made_sound(class_index=i % 2, seed=i, channels=1 + i % 2, rate=48000) for i in range(4)]
    for sound in sounds:
        audio = torch.from_numpy(np.array(sound.data))[None].requires_grad_()
        said = model.hear_tensor(audio, sample_rate_hz=48000)
        assert said.shape == (1, len(CLASSES))
        assert np.allclose(said.detach().exp().numpy(), model.hear([sound]), atol=0.02)
        (gradient,) = torch.autograd.grad(said[0, 0], audio)
        assert torch.isfinite(gradient).all()
        assert float(gradient.abs().max()) > 0


@pytest.mark.parametrize("name", GUIDED)
def test_a_listener_of_another_rate_and_channel_count_guides(name: str) -> None:
    model, _ = fitted(name, channels=2)
    listener, _ = fitted(HEARING[0], rate=16000)
    assert isinstance(model, Guided)
    assert isinstance(listener, Hears)
    guide = HeardAs(listener=listener, class_name="tone")
    requests, losses = [Request(seed=i, duration_s=0.3) for i in range(3)], []
    for guides in ([], [guide]):
        made = model.guide(requests, guides=guides, lenders=NoLenders(), steps=4)
        heard = [torch.from_numpy(np.array(one.sound.data))[None] for one in made]
        losses.append(np.mean([float(guide.loss(x, sample_rate_hz=RATE).detach()) for x in heard]))
    assert losses[1] < losses[0]
