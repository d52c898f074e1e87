"""What families that can teach a faster model promise, for every line of the table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.contract.test_families import NAMES, trained
from woodshed.roles import Distils, Features, Generator, NoLenders, Request
from woodshed.training import Budget, Run, TrainingPlan, train


@pytest.fixture(scope="module", params=NAMES)
def teacher(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Distils:
    from woodshed.roles import family_class

    if not issubclass(family_class(request.param), Distils):
        pytest.skip(f"{request.param} teaches no other model")
    model = trained(request.param, tmp_path_factory.mktemp("teacher"), channels=2)[0]
    assert isinstance(model, Distils)
    return model


def as_generator(model: object) -> Generator:
    assert isinstance(model, Generator)
    return model


def test_pairs_follow_from_the_seed_and_lead_where_generating_leads(teacher: Distils) -> None:
    one, again, other = (teacher.own_pairs(9, seed=seed) for seed in (1, 1, 2))
    assert len(one) == len(again) == 9
    for name, tensor in one.tensors.items():
        assert torch.equal(tensor, again.tensors[name])
        assert tensor.isfinite().all()
        assert len(tensor) == 9
    assert "noise" in one.tensors
    assert not torch.equal(one.tensors["noise"][:, :1], other.tensors["noise"][:, :1])
    ends = [name for name, tensor in one.tensors.items() if tensor.shape == one.tensors["noise"].shape]
    assert len(ends) == 2, "an end for every start"


def test_a_student_begins_as_its_teacher_and_needs_few_steps(teacher: Distils) -> None:
    student = teacher.student(steps=3)
    known = as_generator(teacher)
    assert student.config.steps == 3  # type: ignore[attr-defined]
    assert student.config.guidance == 1.0  # type: ignore[attr-defined]
    assert type(student) is type(teacher)
    assert all(torch.equal(a, b) for a, b in zip(student.parameters(), known.parameters(), strict=True))
    assert all(a.data_ptr() != b.data_ptr() for a, b in zip(student.parameters(), known.parameters(), strict=True))
    requests = [Request(seed=4, class_name=known.spec.classes[0], duration_s=0.2)]  # never a further take
    mine = as_generator(student.eval()).generate(requests, lenders=NoLenders())
    asked = known.generate(requests, lenders=NoLenders(), steps=3, guidance=1.0)
    assert np.array_equal(mine[0].sound.data, asked[0].sound.data)


def missed(student: Generator, pairs: Features) -> float:
    """The loss over all pairs, not over the few of a step, among which single ones weigh most."""
    with torch.no_grad():
        return sum(float(sum(student.training_step(pairs.tensors, seed=seed).values())) for seed in range(8))


def test_a_student_learns_from_ready_pairs_alone(teacher: Distils, tmp_path: Path) -> None:
    before = {name: tensor.clone() for name, tensor in as_generator(teacher).state_dict().items()}
    pairs, judged = teacher.own_pairs(32, seed=1), teacher.own_pairs(8, seed=2)
    student = teacher.student(steps=2)
    shaping = {name: tensor.clone() for name, tensor in student.named_buffers()}
    plan = TrainingPlan(Budget(steps=60), seed=1)
    found = train(student, pairs, plan=plan, run=Run(tmp_path / "run"), held_out=judged)
    assert missed(student, pairs) < missed(teacher.student(steps=2), pairs)
    assert found.loss_held_out is not None
    assert all(torch.equal(tensor, shaping[name]) for name, tensor in student.named_buffers()), "no sound was heard"
    assert all(torch.equal(tensor, before[name]) for name, tensor in as_generator(teacher).state_dict().items())
    again = teacher.student(steps=2)
    train(again, pairs, plan=plan, run=Run(tmp_path / "again"), held_out=judged)
    assert all(torch.equal(a, b) for a, b in zip(student.parameters(), again.parameters(), strict=True))
