"""Fine-tuning, accumulation, averages and the choice in the end, on a family that is hardly there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar

import pytest
import torch

from tests.training.toy import Toy, ToyConfig, toy, toy_examples
from woodshed.base.errors import HandshakeError
from woodshed.roles import DataSpec, Example, FamilyConfig, OptimiserPlan
from woodshed.roles.adopting import take_over
from woodshed.training import Budget, Candidate, Run, RunSettings, TrainingPlan, train
from woodshed.training.adapting import add_low_rank, merge_low_rank
from woodshed.training.averaging import WeightAverages, learning
from woodshed.training.choosing import OnTheWay, least_held_out
from woodshed.training.optimising import planned


class Wide(Toy):
    """A toy with a row per class and a block of layers; free of noise."""

    PRESETS: ClassVar[Mapping[str, FamilyConfig]] = {"debug": ToyConfig()}

    def __init__(self, config: FamilyConfig, spec: DataSpec, *, seed: int = 0) -> None:
        super().__init__(config, spec, seed=seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.blocks = torch.nn.ModuleList([torch.nn.Linear(16, 16)])
            self.names = torch.nn.Embedding(len(spec.classes) + 1, 16)

    def refit(self, examples: Iterable[Example], *, seed: int) -> None:
        self.offset += 10.0

    def training_step(self, batch: Mapping[str, torch.Tensor], *, seed: int) -> dict[str, torch.Tensor]:
        made = self.blocks[0](self.names.weight.mean(0)).mean()
        return {"level": ((self.level + made - batch["peak"]) ** 2).mean()}

    def optimisers(self) -> list[OptimiserPlan]:
        return [OptimiserPlan(torch.optim.AdamW(self.parameters(), lr=0.02), rise=1)]


def wide(*classes: str, seed: int = 0, batch: int = 4) -> Wide:
    return Wide(ToyConfig(batch_size=batch), DataSpec(44100, 1, classes), seed=seed)


def plan(steps: int = 20, **settings: object) -> TrainingPlan:
    return TrainingPlan(Budget(steps=steps), settings=RunSettings.model_validate(settings))


def moved(model: Wide, base: Wide) -> float:
    return float(sum((a - b).square().sum() for a, b in zip(learning_of(model), learning_of(base), strict=True)))


def learning_of(model: Wide) -> list[torch.Tensor]:
    return [model.level.detach(), model.blocks[0].weight.detach()]  # type: ignore[list-item]


def test_new_classes_begin_near_those_that_are_known() -> None:
    base, model = wide("kick", "snare", seed=1), wide("kick", "snare", "snare-2", "gong")
    adopted = model.adopt(base)
    rows, known = model.names.weight, base.names.weight
    assert adopted.grown == ("names.weight",)
    assert "blocks.0.weight" in adopted.whole
    assert torch.equal(rows[2], known[1]), "the nearest name"
    assert torch.allclose(rows[3], known[:2].mean(0)), "the mean of all classes"
    assert torch.equal(rows[4], known[2]), "the last row still means any class"


def test_a_base_of_another_shape_is_refused() -> None:
    with pytest.raises(HandshakeError, match=r"level has another shape"):
        take_over({"level": torch.zeros(2)}, {"level": torch.zeros(3)}, classes=(), known=())


def test_a_pull_keeps_weights_near_the_base_and_bases_are_kept(tmp_path: Path) -> None:
    base = wide("kick", seed=1)
    far, near = (
        train(wide("kick"), toy_examples, plan=plan(pull=pull), run=Run(tmp_path / str(pull)), base=base).model
        for pull in (0.0, 20.0)
    )
    assert isinstance(far, Wide)
    assert isinstance(near, Wide)
    assert moved(near, base) < 0.5 * moved(far, base)
    assert float(near.offset) == 10.0, "refit, not fit"


def test_low_rank_changes_are_of_low_rank_and_leave_no_trace(tmp_path: Path) -> None:
    base = wide("kick", seed=1)
    run = Run(tmp_path / "parts")
    settings = plan(adapt="low-rank", rank=2)
    stopped = train(
        wide("kick"), toy_examples, plan=settings, run=run, base=base, on_preview=lambda _m, _s: run.cancel()
    )
    assert stopped.stopped_early
    done = train(wide("kick"), toy_examples, plan=settings, run=run, base=base, resume=True)
    whole = train(wide("kick"), toy_examples, plan=settings, run=Run(tmp_path / "whole"), base=base)
    assert whole.model.state_dict().keys() == base.state_dict().keys()
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, done.model.state_dict()[name]), name
    change = whole.model.blocks[0].weight - base.blocks[0].weight  # type: ignore[union-attr, operator]
    assert int(torch.linalg.matrix_rank(change.detach(), atol=1e-5)) in (1, 2)
    assert all(tensor.requires_grad for tensor in whole.model.parameters())


def test_merging_gives_the_same_weights() -> None:
    model = wide("kick")
    add_low_rank(model, rank=2, seed=0)
    assert {name.rsplit(".", 1)[-1] for name in learning(model)} == {"level", "bias", "weight", "down", "up"}
    with torch.no_grad():
        for name, tensor in learning(model).items():
            if name.endswith("up"):
                tensor.fill_(0.5)
    before = model.blocks[0].weight.detach().clone()  # type: ignore[operator, union-attr]
    merge_low_rank(model)
    assert torch.allclose(before, model.blocks[0].weight.detach())  # type: ignore[arg-type, union-attr]


def test_two_small_batches_are_one_large_one(tmp_path: Path) -> None:
    large = train(wide(batch=8), toy_examples, plan=plan(), run=Run(tmp_path / "large")).model
    small = train(wide(batch=4), toy_examples, plan=plan(accumulate=2), run=Run(tmp_path / "small")).model
    for name, tensor in large.state_dict().items():
        assert torch.allclose(tensor, small.state_dict()[name], atol=1e-5), name


def test_bfloat16_still_learns(tmp_path: Path) -> None:
    done = train(wide(), toy_examples, plan=plan(60, precision="bf16"), run=Run(tmp_path))
    assert done.loss_last < done.loss_first
    assert all(tensor.dtype == torch.float32 for tensor in done.model.parameters())


def test_muon_takes_inner_matrices_only(tmp_path: Path) -> None:
    model = wide("kick")
    plans = planned(model, RunSettings(optimiser="muon"))
    sizes = {type(plan.optimiser).__name__: len(plan.optimiser.param_groups[0]["params"]) for plan in plans}
    assert sizes == {"AdamW": 3, "Muon": 1}
    run = Run(tmp_path / "parts")
    settings = plan(optimiser="muon")
    train(wide("kick"), toy_examples, plan=settings, run=run, on_preview=lambda _m, _s: run.cancel())
    done = train(wide("kick"), toy_examples, plan=settings, run=run, resume=True).model
    whole = train(wide("kick"), toy_examples, plan=settings, run=Run(tmp_path / "whole")).model
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), done.parameters(), strict=True))


def test_patience_ends_a_training_that_gains_nothing(tmp_path: Path) -> None:
    model = toy()
    settings = plan(400, patience=2, judgings=100, learning_rate_factor=1e-6)
    done = train(model, toy_examples, plan=settings, run=Run(tmp_path), held_out=lambda: toy_examples(4))
    assert done.steps < 400 or "gained nothing" not in done.verdict
    assert not done.stopped_early


def test_averages_of_several_lengths_forget_the_beginning() -> None:
    model = toy()
    averages = WeightAverages(model)
    for step in range(200):
        with torch.no_grad():
            model.level.fill_(float(step))
        averages.update(model, step=step)
    short, middle, long = (float(averages.tensors[length]["level"]) for length in (0.05, 0.1, 0.2))
    assert 199 > short > middle > long > 100


def test_the_caller_may_choose_among_candidates(tmp_path: Path) -> None:
    seen: list[Candidate] = []

    def choose(candidates: object) -> int:
        seen.extend(candidates)  # type: ignore[arg-type]
        return len(seen) - 1

    model = toy()
    done = train(model, toy_examples, plan=plan(40), run=Run(tmp_path), held_out=toy_examples, choose=choose)
    assert [one.final for one in seen[:3]] == [True] * 3
    assert all(not one.final and one.step < 40 for one in seen[3:])
    assert len(seen) == 3 + 4, "the best few on the way are kept"
    assert done.chosen == seen[-1].name
    assert done.loss_held_out == seen[-1].held_out
    assert torch.equal(seen[-1].tensors()["level"], model.level)


def test_the_least_held_out_loss_is_the_choice_and_the_way_counts_only_if_asked(tmp_path: Path) -> None:
    kept = OnTheWay(tmp_path)
    for step, loss in ((10, 0.3), (20, 0.2), (30, 0.4)):
        kept.keep({"level": torch.tensor([float(step)])}, step=step, held_out=loss)
    way = kept.candidates(length=0.1, before=30)
    assert [one.step for one in way] == [10, 20]
    last = Candidate("last", 40, 0.1, 0.25, final=True, tensors=dict)
    assert least_held_out([last, *way]) == 0
    assert least_held_out([last, *way], early=True) == 2
    assert least_held_out([Candidate("deaf", 40, 0.1, None, final=True, tensors=dict)]) is None
    kept.clear()
    assert kept.candidates(length=0.1, before=99) == []
