from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.metrics.sounds import RATE_HZ, mixed_set
from woodshed.base.errors import UsageError
from woodshed.metrics import SoundSet
from woodshed.roles import DataSpec, Features, Generator, LenderPool, Made, NoLenders, OptimiserPlan, Request
from woodshed.roles.trainable import FamilyConfig
from woodshed.tasks.memorisation import memorisation_page
from woodshed.tasks.memorisation.order import _of_all, _written_pairs
from woodshed.training import Budget, MemorisationReport
from woodshed.training.averaging import MIDDLE
from woodshed.training.choosing import Candidate
from woodshed.training.memorisation import Effort, Found, memorisation
from woodshed.training.quick_check import QuickCheck, allowance_s
from woodshed.training.taught import Taught, twins_of

TRAINING, HELD_OUT, FRESH = mixed_set(24), mixed_set(22, seed=1), mixed_set(24, seed=2)
SMALL = Effort(12, plants=1, most_unseen=22)


class Player(Generator):
    """No network: plays what it is given, in turn."""

    def __init__(self, sounds: SoundSet, *, lenders: tuple[str, ...] = ()) -> None:
        super().__init__(FamilyConfig(batch_size=4), DataSpec(RATE_HZ, 1, ("kick", "snare")))
        self.sounds, self.lenders, self.asked = sounds, lenders, 0

    @property
    def max_duration_s(self) -> float:
        return 0.25

    def generate(
        self,
        requests: Sequence[Request],
        *,
        lenders: LenderPool,
        steps: int | None = None,
        guidance: float | None = None,
    ) -> list[Made]:
        made = []
        for request in requests:
            at = self.asked % len(self.sounds)
            made.append(Made(self.sounds.sounds[at], lenders=self.lenders, class_name=request.class_name))
            self.asked += 1
        return made

    def fit(self, examples: object, *, seed: int) -> None:
        raise NotImplementedError

    def encode(self, examples: list, *, seed: int, augment: bool) -> Features:
        return Features({"peak": torch.tensor([example.sound.peak for example in examples])})

    def training_step(self, batch: dict, *, seed: int) -> dict:
        return {"level": batch["peak"].mean()}

    def optimisers(self) -> list[OptimiserPlan]:
        raise NotImplementedError


def judged(sounds: SoundSet, *, held_out: SoundSet = HELD_OUT, lenders: tuple[str, ...] = ()) -> Found:
    names = [f"s{place}" for place in range(len(TRAINING))]
    training = SoundSet(TRAINING.sounds, TRAINING.class_names, TRAINING.groups, tuple(names))
    taught = Taught(training, held_out, owners=dict.fromkeys(names, "Ada"), titles={"s3": "clap.wav"})
    return memorisation(Player(sounds, lenders=lenders), taught, lenders=NoLenders(), effort=SMALL, seed=3)


@pytest.fixture(scope="module")
def copying() -> Found:
    copies = SoundSet(tuple(TRAINING.sounds[3].scaled(-0.3) for _ in range(4)))
    return judged(SoundSet(FRESH.sounds[:4] + copies.sounds))


def test_new_sounds_are_clean() -> None:
    report = judged(FRESH).report
    assert report.state == "clean"
    assert report.control_found.share is not None
    assert report.control_found.share > 0.9
    assert report.diversity is not None
    assert 0.3 < report.diversity < 3
    assert report.loss is not None
    assert report.repeats.count == 0


def test_a_clean_report_of_a_few_teachers_says_nothing_of_the_others() -> None:
    report = judged(mixed_set(24, seed=9)).report
    card = SimpleNamespace(sources=[SimpleNamespace(content_id=str(number)) for number in range(100)])
    some, most = ({str(number) for number in range(count)} for count in (6, 95))
    assert report.state == "clean"
    assert _of_all(report, card, there=most) is report  # type: ignore[arg-type]
    told = _of_all(report, card, there=some)  # type: ignore[arg-type]
    assert told.state == "cannot tell"
    assert "only 6 of the 100 sounds" in told.verdict


def test_copies_are_named_with_their_owner_and_what_to_do(copying: Found) -> None:
    report = copying.report
    assert report.state == "copying"
    assert report.copies.count >= 4
    assert report.verdict.startswith("It copies: ")
    assert "--copies refuse" in report.advice
    assert (report.most_copied[0].name, report.most_copied[0].owner) == ("clap.wav", "Ada")
    assert report.most_copied[0].count == report.copies.count
    assert report.repeats.count >= 4
    assert MemorisationReport.model_validate_json(report.model_dump_json()) == report


def test_the_page_plays_the_worst_pairs(copying: Found, tmp_path: Path) -> None:
    report = copying.report.model_copy(update={"pairs": _written_pairs(copying, tmp_path)})
    assert report.pairs[0].is_copy
    assert report.pairs[0].likeness >= report.pairs[-1].likeness
    html = memorisation_page(report, folder=tmp_path).html(folder=tmp_path)
    assert html.count("<audio") == 2 * len(report.pairs)
    assert "clap.wav" in html
    assert "It copies" in html


def test_what_is_openly_borrowed_is_counted_apart() -> None:
    report = judged(SoundSet((TRAINING.sounds[5],)), lenders=("s5",)).report
    assert report.borrowed.count == 12
    assert report.copies.count == 0
    assert "openly borrowed" in report.notes[0]


def test_sounds_that_are_all_alike_cannot_be_told_apart() -> None:
    time_s = np.arange(4000) / RATE_HZ
    sine = TRAINING.sounds[0].__class__(0.5 * np.sin(2 * np.pi * 1000 * time_s), RATE_HZ)
    kits = SoundSet((sine,) * 24, groups=tuple(f"kit {place}" for place in range(24)))
    report = memorisation(Player(kits), Taught(kits, kits), lenders=NoLenders(), effort=SMALL, seed=1).report
    assert report.state == "cannot tell"


def test_too_few_sounds_are_refused() -> None:
    with pytest.raises(UsageError, match="too few"):
        memorisation(Player(FRESH), Taught(TRAINING.taken([0, 1]), HELD_OUT), lenders=NoLenders())


def test_twins_are_joined_across_pairs() -> None:
    assert twins_of(["a", "b", "c", "d", "e"], [("a", "c"), ("e", "c"), ("x", "b")]) == (0, 1, 0, 3, 0)


class Weighted(Player):
    """Copies once its one weight is above 1."""

    def __init__(self) -> None:
        super().__init__(FRESH)
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def generate(self, requests: Sequence[Request], **settings: object) -> list[Made]:
        self.sounds = TRAINING if float(self.weight.detach()) > 1 else FRESH
        return super().generate(requests, lenders=NoLenders())


def test_training_keeps_the_best_weights_that_do_not_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Effort, "quick_one", lambda: SMALL)
    model, kept, short = Weighted(), _candidates(((1000, 2.0, 0.7), (600, 0.2, 0.9), (800, 0.5, 0.8))), (100, 0.5, None)
    check = _check(model)
    assert check.choose(kept) == 2
    assert check.report is not None
    assert check.report.state == "clean"
    assert "weights of step 800 were taken" in check.sentence
    brief = _check(model)
    assert brief.choose(_candidates((short,))) is None
    assert "fewer than 200 steps; woodshed memorisation drums looks" in brief.sentence


def test_where_time_runs_out_nothing_is_said_of_too_few_sounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Effort, "quick_one", lambda: SMALL)
    monkeypatch.setattr(QuickCheck, "_has_time", lambda self, began: not self._reports)
    check = _check(Weighted())
    assert check.choose(_candidates(((1000, 2.0, 0.7), (600, 2.0, 0.9)))) == 1
    assert "no time to look at these" in check.sentence
    assert "sounds taught it" not in check.sentence


def test_a_handful_of_sounds_is_not_looked_through_and_that_is_said() -> None:
    few = Taught(TRAINING.taken(range(4)), HELD_OUT)
    check = QuickCheck(Weighted(), lambda: few, NoLenders(), name="drums", budget=Budget(steps=1000), seed=1)
    assert check.choose(_candidates(((1000, 0.2, 0.7),))) == 0
    assert "fewer than 8 sounds taught it" in check.sentence


@pytest.mark.parametrize("early", [False, True])
def test_a_short_training_is_looked_through_only_where_it_began_from_a_base(
    monkeypatch: pytest.MonkeyPatch, early: bool
) -> None:
    monkeypatch.setattr(Effort, "quick_one", lambda: SMALL)
    short = _candidates(((150, 0.2, None),))
    from_nothing = _check(Weighted(), early=early)
    assert from_nothing.choose(short) is None
    assert "fewer than 200 steps" in from_nothing.sentence
    on_a_base = _check(Weighted(), early=early, based=True)
    assert on_a_base.choose(short) == 0
    assert on_a_base.report is not None
    assert "Copying: " in on_a_base.sentence


def test_where_all_copy_training_keeps_the_earliest_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Effort, "quick_one", lambda: SMALL)
    check = _check(Weighted())
    assert check.choose(_candidates(((1000, 2.0, 0.7), (600, 2.0, 0.9)))) == 1
    assert "even they copy" in check.sentence
    assert check.report is not None
    assert check.report.state == "copying"


def _check(model: Generator, *, early: bool = False, based: bool = False) -> QuickCheck:
    return QuickCheck(
        model,
        lambda: Taught(TRAINING, HELD_OUT),
        NoLenders(),
        name="drums",
        budget=Budget(steps=1000),
        seed=1,
        early=early,
        based=based,
    )


def _candidates(moments: Sequence[tuple[int, float, float | None]]) -> list[Candidate]:
    """Of step, weight and held-out loss, the last step first."""
    return [
        Candidate(f"step {step}", step, MIDDLE, loss, at == 0, lambda value=value: {"weight": torch.full((1,), value)})
        for at, (step, value, loss) in enumerate(moments)
    ]


def test_the_report_takes_a_small_share_of_a_timed_budget() -> None:
    assert [allowance_s(Budget(seconds=seconds)) for seconds in (60.0, 180.0)] == pytest.approx([9.0, 27.0])
    assert allowance_s(Budget(cpu_seconds=600.0)) == 30.0
    assert allowance_s(Budget(steps=50)) is None
