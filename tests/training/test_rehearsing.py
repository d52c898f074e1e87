"""What a base makes itself is learned beside new sounds, as often as asked, and again when a run goes on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
import torch

from tests.training.toy import Toy, toy, toy_examples
from woodshed.roles import Example, Features, Rehearses, Trainable
from woodshed.training import Budget, Run, RunSettings, TrainingPlan, train
from woodshed.training.rehearsing import beside
from woodshed.training.stepping import draw


def test_so_large_a_share_of_what_is_drawn_is_rehearsed() -> None:
    new = Features({"level": torch.ones(5)}, torch.tensor([1.0, 1.0, 1.0, 1.0, 4.0]))
    own = Features({"level": torch.zeros(300), "asked": torch.ones(300, 2)})
    both = beside(new, own, share=0.3)
    assert len(both) == 305
    assert both.tensors["asked"][:5].eq(0).all()
    drawn = both.tensors["level"][draw(both, 20_000, seed=1)]
    assert float(drawn.mean()) == pytest.approx(0.7, abs=0.02)
    heavy = (draw(both, 20_000, seed=2) == 4).double().mean()
    assert float(heavy) == pytest.approx(0.7 * 4 / 8, abs=0.02), "among the new ones weights stay as they were"


class Remembering(Toy, Rehearses):
    """A toy whose base makes sounds of its own level."""

    def rehearse(self, base: Trainable, *, count: int, seed: int) -> Features:
        assert isinstance(base, Toy)
        generator = torch.Generator().manual_seed(seed)
        peaks = float(base.level.detach() + base.offset) + 0.01 * torch.rand(count, generator=generator)
        return Features({"peak": peaks})

    def refit(self, examples: Iterable[Example], *, seed: int) -> None:
        del examples, seed


def remembering(level: float = 0.0) -> Remembering:
    like = toy()
    made = Remembering(like.config, like.spec, seed=0)
    with torch.no_grad():
        made.level.fill_(level)
    return made


def tuned(run: Run, *, rehearsal: float, steps: int = 300) -> float:
    plan = TrainingPlan(Budget(steps=steps), settings=RunSettings(rehearsal=rehearsal))
    model = train(remembering(), toy_examples, plan=plan, run=run, base=remembering(-8.0)).model
    assert isinstance(model, Toy)
    return float(model.level.detach() + model.offset)


def test_a_model_that_rehearses_stays_between_its_base_and_the_new_sounds(tmp_path: Path) -> None:
    new = sum(example.sound.peak for example in toy_examples()) / 8
    forgetful, mindful = (tuned(Run(tmp_path / str(share)), rehearsal=share) for share in (0.0, 0.5))
    assert forgetful == pytest.approx(new, abs=0.3)
    assert mindful == pytest.approx((new - 8.0) / 2, abs=1.0)


def test_a_rehearsing_run_goes_on_exactly(tmp_path: Path) -> None:
    plan, run, base = TrainingPlan(Budget(steps=40), settings=RunSettings(rehearsal=0.5)), Run(tmp_path), remembering()
    stopped = train(
        remembering(), toy_examples, plan=plan, run=run, base=base, on_preview=lambda _model, _step: run.cancel()
    )
    assert stopped.stopped_early
    done = train(remembering(), toy_examples, plan=plan, run=run, base=base, resume=True)
    whole = train(remembering(), toy_examples, plan=plan, run=Run(tmp_path / "whole"), base=base)
    assert all(torch.equal(a, b) for a, b in zip(whole.model.parameters(), done.model.parameters(), strict=True))
