"""A band flow that learns few sounds: it stays near them, and rehearses what its base can make."""

from __future__ import annotations

import pytest
import torch

from tests.families.test_band_flow import CLASSES, RATE, hit
from woodshed.families.generators._band_flow_few import place_asked
from woodshed.families.generators.band_flow import BandFlow
from woodshed.nn import TOLD_NUMBERS
from woodshed.roles import FEW_SOUNDS, DataSpec, Example, Features
from woodshed.training.rehearsing import beside

OWN_CLASSES = ("clap", *CLASSES)  # the base's classes have other numbers here


@pytest.fixture(scope="module")
def base() -> BandFlow:
    made = BandFlow(BandFlow.PRESETS["debug"], DataSpec(RATE, 2, CLASSES), seed=1)
    examples = [Example(hit(class_index=i % 2, seed=i), i % 2) for i in range(12)]
    made.fit(examples, seed=0)
    made.settle(made.encode(examples, seed=0, augment=False), seed=0)
    return made.eval()


@pytest.fixture(scope="module")
def model(base: BandFlow) -> BandFlow:
    made = BandFlow(base.config, DataSpec(RATE, 2, OWN_CLASSES), seed=2)
    made.adopt(base)
    return made


def new_features(model: BandFlow) -> Features:
    return model.encode([Example(hit(class_index=0, seed=i), 0) for i in range(20, 24)], seed=0, augment=False)


def test_few_sounds_are_not_left_far_behind() -> None:
    usual = BandFlow.PRESETS["laptop"].roam  # type: ignore[attr-defined]
    assert BandFlow.settings_for(FEW_SOUNDS) == {}
    of_few = BandFlow.PRESETS["debug"].model_copy(update=dict(BandFlow.settings_for(20)))
    defaults = BandFlow.PRESETS["laptop"].model_dump()
    changed = ("close", "apart", "roam")
    assert BandFlow.settings_for(400, base=of_few) == {name: defaults[name] for name in changed}
    of_few_on_a_base = of_few.model_copy(update=dict(BandFlow.settings_for(20, base=BandFlow.PRESETS["debug"])))
    assert BandFlow.settings_for(400, base=of_few_on_a_base) == {name: defaults[name] for name in changed}
    assert of_few.close < of_few_on_a_base.close < defaults["close"]  # type: ignore[attr-defined]
    few = BandFlow.settings_for(FEW_SOUNDS - 1)
    assert 0 < few["roam"] < usual  # type: ignore[operator]
    assert 0 < few["close"] < defaults["close"], "fewer further takes of so few"  # type: ignore[operator]


def test_rehearsed_sounds_follow_from_the_seed_and_bear_the_names_of_the_base(base: BandFlow, model: BandFlow) -> None:
    one, again, other = (model.rehearse(base, count=9, seed=seed) for seed in (1, 1, 2))
    assert one is not None
    assert again is not None
    assert other is not None
    assert len(one) == 9
    for name, tensor in one.tensors.items():
        assert tensor.isfinite().all(), name
        assert torch.equal(tensor, again.tensors[name]), name
    assert not torch.equal(one.tensors["tokens"], other.tensors["tokens"])
    assert base.config.close > 0, "the base itself stays as it was"
    assert 0 not in one.tensors["classes"], "a clap is nothing the base can make"
    assert (one.tensors["classes"] <= len(OWN_CLASSES)).all()
    assert one.tensors["asked"].shape == (9, TOLD_NUMBERS)
    assert (one.tensors["asked"][:, -2] == 1).all(), "the base was told a place for each"
    apart = torch.cdist(one.tensors["asked"][:, :-2].float(), base.neighbourhood.places)
    assert (apart.min(1).values > 1e-3).all(), "none is a further take"
    seconds = one.tensors["lengths"].exp()
    assert (seconds > 0).all()
    assert (seconds <= base.max_duration_s + base.token_frames / RATE).all()


def test_new_and_rehearsed_sounds_are_learned_together(base: BandFlow, model: BandFlow) -> None:
    new, own = new_features(model), model.rehearse(base, count=6, seed=1)
    assert own is not None
    both = beside(new, own, share=0.5)
    assert set(both.tensors) == set(new.tensors) | {"asked"}
    loss = model.training_step(both.tensors, seed=3)["flow"]
    loss.backward()
    assert loss.isfinite()
    assert any(tensor.grad is not None and tensor.grad.norm() > 0 for tensor in model.parameters())
    model.zero_grad()


def test_a_rehearsed_sound_is_told_where_it_was_asked_for_unless_nothing_is_told() -> None:
    asked = torch.zeros(3, TOLD_NUMBERS)
    asked[1:] = torch.arange(TOLD_NUMBERS) + 2.0
    asked[1:, -2], asked[1:, -1] = 1.0, 0.0
    told = torch.full((3, TOLD_NUMBERS), 0.5)
    told[:, -2] = torch.tensor([1.0, 1.0, 0.0])
    found = place_asked({"asked": asked}, told)
    assert torch.equal(found[0], told[0]), "a new sound as its own tokens say"
    assert torch.equal(found[1], asked[1])
    assert found[2].eq(0).all(), "now and then the network is told nothing"
    assert place_asked({}, told) is told
