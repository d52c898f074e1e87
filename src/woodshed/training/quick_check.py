"""The copying report at the end of a training: quick, bounded, and the judge of which weights are kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from woodshed.base.events import EventSink, Note, ignore
from woodshed.base.units import seconds_to_text
from woodshed.metrics import CopyJudge
from woodshed.roles import Generator, LenderPool, Trainable
from woodshed.training.budget import Budget
from woodshed.training.choosing import Candidate, chosen, take_weights
from woodshed.training.memorisation import Effort, copy_judge, quick_report
from woodshed.training.memorisation_report import MemorisationReport
from woodshed.training.taught import Taught

FEWEST_STEPS = 200
MOST_S = 30.0
SHARE = 0.15
FEWEST_SOUNDS = 8


class QuickCheck:
    """Chooses among candidates by their copies; holds the report of the chosen one.

    A run that is given in steps is judged by the same work every time, so that it can be repeated exactly; one that is
    given in minutes spends at most 15 % of them, 30 s at most, and judges fewer candidates where that is not enough.

    Attributes
    ----------
    report
        That of the chosen weights; None where the training was too short or nothing could be judged.
    sentence
        What the verdict says about it; may be empty.
    """

    def __init__(
        self,
        taught: Callable[[], Taught],
        lenders: LenderPool,
        *,
        name: str,
        budget: Budget,
        seed: int,
        on_event: EventSink = ignore,
    ) -> None:
        self._taught_of, self._lenders, self._name = taught, lenders, name
        self._seconds = allowance_s(budget)
        self._clock = time.monotonic if budget.cpu_seconds is None else time.process_time
        self._seed, self._on_event = seed, on_event
        self._judge: tuple[Taught, CopyJudge] | None = None
        self._reports: dict[int, MemorisationReport] = {}
        self.report: MemorisationReport | None = None
        self.sentence = ""

    def choose(self, model: Trainable, candidates: Sequence[Candidate]) -> int:
        """The number of the candidate to keep; the last one where none can be judged."""
        last = len(candidates) - 1
        if not isinstance(model, Generator) or candidates[last].step < FEWEST_STEPS:
            return last
        self._on_event(Note(text="Looking for copies of training sounds among new ones."))
        began = self._clock()

        def inside(candidate: Candidate) -> bool:
            spent = self._clock() - began
            if self._seconds is not None and spent > 0.6 * self._seconds and self._reports:
                return candidate is candidates[last]  # no time to judge another: what the trainer would have taken
            return self._inside(model, candidate)

        at, words = chosen(candidates, copies_inside=inside)
        self.report = self._reports.get(candidates[at].step)
        verdict = f"Copying: {self.report.verdict}" if self.report else ""
        self.sentence = " ".join(part for part in (words, verdict) if part)
        self._on_event(Note(text=f"Looked for copies for {seconds_to_text(self._clock() - began)}."))
        return at

    def _inside(self, model: Generator, candidate: Candidate) -> bool:
        taught, judge = self._ready()
        if judge is None:
            return True
        take_weights(model, candidate)
        report = quick_report(
            model, taught, judge, lenders=self._lenders, name=self._name, seed=self._seed, on_event=self._on_event
        )
        self._reports[candidate.step] = report
        return report.state != "copying"

    def _ready(self) -> tuple[Taught, CopyJudge | None]:
        if self._judge is None:
            effort = Effort.quick_one()
            taught = self._taught_of().at_most(effort.most_training, seed=self._seed)
            if len(taught.training) < FEWEST_SOUNDS:
                return taught, None
            self._judge = taught, copy_judge(taught, effort, seed=self._seed, on_event=self._on_event)
        return self._judge


def allowance_s(budget: Budget) -> float | None:
    """Seconds of a budget that the report may take; None where the budget is given in steps.

    Examples
    --------
    >>> allowance_s(Budget(seconds=100.0)), allowance_s(Budget(seconds=3600.0)), allowance_s(Budget(steps=10))
    (15.0, 30.0, None)
    """
    return None if budget.steps is not None else min(MOST_S, SHARE * budget.timed_s)


def without_report(budget: Budget) -> Budget:
    """What a budget leaves for training."""
    taken = allowance_s(budget) or 0.0
    if budget.cpu_seconds is not None:
        return Budget(cpu_seconds=budget.cpu_seconds - taken)
    return budget if budget.seconds is None else Budget(seconds=budget.seconds - taken)
