"""What a family keeps of its features, and on how many threads a training works."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.training.toy import Toy, toy, toy_examples
from woodshed.roles import Features
from woodshed.training import Budget, Run, TrainingPlan, train


def test_features_are_settled_once_before_the_first_step_and_never_on_resuming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled: list[int] = []

    def settle(self: Toy, features: Features, *, seed: int) -> None:
        settled.append(len(features))

    monkeypatch.setattr(Toy, "settle", settle)
    plan, run = TrainingPlan(Budget(steps=40)), Run(tmp_path)
    first = train(toy(), toy_examples, plan=plan, run=run, on_preview=lambda model, step: run.cancel())
    assert first.stopped_early
    assert len(settled) == 1
    assert settled[0] > 0
    train(toy(), toy_examples, plan=plan, run=run, resume=True)
    assert len(settled) == 1


@pytest.mark.parametrize(("budget", "expected"), [(Budget(cpu_seconds=3.0), 1), (Budget(steps=3), 2)])
def test_processor_time_is_spent_on_one_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, budget: Budget, expected: int
) -> None:
    before, seen = torch.get_num_threads(), set[int]()
    plain = Toy.encode

    def encode(self: Toy, *arguments: object, **named: object) -> Features:
        seen.add(torch.get_num_threads())
        return plain(self, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Toy, "encode", encode)
    torch.set_num_threads(2)
    try:
        train(toy(), toy_examples, plan=TrainingPlan(budget), run=Run(tmp_path))
        assert seen == {expected}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
