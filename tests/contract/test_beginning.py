"""Every family begins from a base: the same tensors, new classes, and both ways of adapting."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.contract.sounds import CLASSES, RATE, examples
from woodshed.roles import FAMILIES, DataSpec, Trainable, family_class
from woodshed.training import Budget, Run, RunSettings, TrainingPlan, train


def build(name: str, classes: tuple[str, ...], seed: int) -> Trainable:
    kind = family_class(name)
    return kind(kind.PRESETS["debug"], DataSpec(RATE, 1, classes), seed=seed)


@pytest.mark.parametrize("name", sorted(FAMILIES))
@pytest.mark.parametrize("settings", [RunSettings(pull=1.0), RunSettings(adapt="low-rank", rank=2, precision="bf16")])
def test_it_begins_from_a_base_with_another_class(name: str, settings: RunSettings, tmp_path: Path) -> None:
    base = build(name, CLASSES, 1)
    base.fit(examples(), seed=0)
    own = [*examples(6)]
    model = build(name, (*CLASSES, "tone-2"), 2)
    adopted = model.adopt(base)
    for tensor in adopted.whole:
        assert torch.equal(model.state_dict()[tensor], base.state_dict()[tensor]), tensor
    plan = TrainingPlan(Budget(steps=3), settings=settings)
    done = train(build(name, (*CLASSES, "tone-2"), 2), lambda: own, plan=plan, run=Run(tmp_path), base=base)
    assert done.model.state_dict().keys() == model.state_dict().keys()
    assert all(torch.isfinite(tensor).all() for tensor in done.model.state_dict().values())
