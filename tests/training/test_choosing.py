from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from tests.training.toy import toy, toy_examples
from woodshed.roles import Trainable
from woodshed.training import Budget, Run, TrainingPlan, train
from woodshed.training.choosing import Candidate, chosen


def test_the_best_on_held_out_sounds_wins_if_it_does_not_copy() -> None:
    found = [Candidate(step, {}, loss) for step, loss in ((6, 1.0), (8, 0.7), (10, 0.9))]
    assert chosen(found, copies_inside=lambda _: True)[0] == 1
    assert chosen(found, copies_inside=lambda one: one.step != 8) == (2, "")
    at, words = chosen(found, copies_inside=lambda _: False)
    assert at == 0
    assert "even they copy" in words


def test_without_held_out_sounds_the_last_is_asked_first() -> None:
    asked: list[int] = []

    def inside(one: Candidate) -> bool:
        asked.append(one.step)
        return True

    assert chosen([Candidate(6, {}, None), Candidate(10, {}, None)], copies_inside=inside) == (1, "")
    assert asked == [10]


def test_the_trainer_takes_the_weights_that_were_chosen(tmp_path: Path) -> None:
    seen: list[Candidate] = []

    def choose(model: Trainable, candidates: Sequence[Candidate]) -> int:
        seen.extend(candidates)
        return 0

    plan = TrainingPlan(Budget(steps=20), seed=1)
    trained = train(toy(), toy_examples, plan=plan, run=Run(tmp_path), held_out=toy_examples, choose=choose)
    assert [one.step for one in seen] == [12, 16, 20]
    assert all(one.loss_held_out is not None for one in seen)
    for name, tensor in trained.model.named_parameters():
        assert torch.equal(tensor, seen[0].weights[name])
        assert not torch.equal(seen[0].weights[name], seen[2].weights[name])
