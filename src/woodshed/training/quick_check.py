"""The copying report at the end of a training: quick, bounded, and the judge of which weights are kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

from woodshed.base.events import EventSink, Note, ignore
from woodshed.base.files import printable
from woodshed.base.units import seconds_to_text
from woodshed.metrics import CopyJudge
from woodshed.roles import Generator, LenderPool
from woodshed.training.budget import Budget
from woodshed.training.choosing import Candidate, usual
from woodshed.training.memorisation import Effort, copy_judge, quick_report
from woodshed.training.memorisation_report import MemorisationReport
from woodshed.training.taught import Taught

FEWEST_STEPS = 200
MOST_S = 30.0
SHARE = 0.15
FEWEST_SOUNDS = 8
MOST_LOOKED_AT = 3


class QuickCheck:
    """Chooses among candidates by their copies; holds the report of the chosen one.

    A run that is given in steps is judged by the same work every time, so that it can be repeated exactly; one that is
    given in minutes spends at most 15 % of them, 30 s at most, and judges fewer candidates where that is not enough.

    Parameters
    ----------
    early
        Whether training ends by itself once the held-out sounds gain nothing more.
    based
        Whether it began from a base.

    Attributes
    ----------
    report
        That of the chosen weights; None where the training was too short or nothing could be judged.
    sentence
        What the verdict says about it; may be empty.
    """

    def __init__(
        self,
        model: Generator,
        taught: Callable[[], Taught],
        lenders: LenderPool,
        *,
        name: str,
        budget: Budget,
        seed: int,
        early: bool = False,
        based: bool = False,
        on_event: EventSink = ignore,
    ) -> None:
        self._model, self._taught_of, self._lenders, self._name = model, taught, lenders, name
        self._seconds = allowance_s(budget)
        self._clock = time.monotonic if budget.cpu_seconds is None else time.process_time
        self._seed, self._early, self._based, self._on_event = seed, early, based, on_event
        self._judge: tuple[Taught, CopyJudge] | None = None
        self._reports: dict[str, MemorisationReport] = {}
        self._too_few = False
        self.report: MemorisationReport | None = None
        self.sentence = ""

    @property
    def reserve_s(self) -> float:
        """Seconds of the budget that it may take; 0 where the budget is given in steps."""
        return self._seconds or 0.0

    def choose(self, candidates: Sequence[Candidate]) -> int | None:
        """The number of the candidate to keep; None, which leaves it to the trainer, after a very short training.

        One that began from a base is looked at however short it was, for what it begins with was learned for long.
        """
        if max(one.step for one in candidates) < FEWEST_STEPS and not self._based:
            self.sentence = (
                f"Copies were not looked for, as it learned for fewer than {FEWEST_STEPS} steps; "
                f"woodshed memorisation {printable(self._name)} looks."
            )
            return None
        self._on_event(Note(text="Looking for copies of training sounds among new ones."))
        began = self._clock()
        listed = worth_a_look(candidates, early=self._early)
        at = next((n for n in listed if self._has_time(began) and self._inside(candidates[n])), None)
        inside = at is not None
        if at is None:
            at = min(listed, key=lambda number: candidates[number].step)
        self.report = self._reports.get(candidates[at].name)
        words = _why(candidates[at], as_usual=at == listed[0], inside=inside, heard=self.report is not None)
        verdict = f"Copying: {self.report.verdict}" if self.report else ""
        if self._too_few:
            verdict = f"Copies were not looked for, as fewer than {FEWEST_SOUNDS} sounds taught it: it will copy them."
        self.sentence = " ".join(part for part in (words, verdict) if part)
        self._on_event(Note(text=f"Looked for copies for {seconds_to_text(self._clock() - began)}."))
        return at

    def _has_time(self, began: float) -> bool:
        """Whether another look fits; the first one always does."""
        return self._seconds is None or not self._reports or self._clock() - began <= 0.6 * self._seconds

    def _inside(self, candidate: Candidate) -> bool:
        taught, judge = self._ready()
        if judge is None:
            return True
        candidate.into(self._model)
        report = quick_report(
            self._model, taught, judge, lenders=self._lenders, name=self._name, seed=self._seed, on_event=self._on_event
        )
        self._reports[candidate.name] = report
        return report.state != "copying"

    def _ready(self) -> tuple[Taught, CopyJudge | None]:
        if self._judge is None:
            effort = Effort.quick_one()
            taught = self._taught_of().at_most(effort.most_training, seed=self._seed)
            if len(taught.training) < FEWEST_SOUNDS:
                self._too_few = True
                return taught, None
            self._judge = taught, copy_judge(taught, effort, seed=self._seed, on_event=self._on_event)
        return self._judge


def worth_a_look(candidates: Sequence[Candidate], *, early: bool = False) -> list[int]:
    """Numbers of the candidates to look at for copies, one of each step: first the one that would be taken anyway.

    Then come the best of the others on held-out sounds, and the earliest, which had the least time to learn by heart.

    Examples
    --------
    >>> steps_and_losses = ((9, 4.0), (3, 3.0), (5, 1.0), (7, 2.0))
    >>> worth_a_look([Candidate("", step, 0.1, loss, step == 9, dict) for step, loss in steps_and_losses])
    [0, 2, 3, 1]
    """
    first = usual(candidates, early=early)
    of_steps: dict[int, int] = {}
    for at in sorted(range(len(candidates)), key=lambda at: (at != first, _loss(candidates[at]))):
        of_steps.setdefault(candidates[at].step, at)
    listed, earliest = list(of_steps.values())[:MOST_LOOKED_AT], of_steps[min(of_steps)]
    return listed if earliest in listed else [*listed, earliest]


def _loss(candidate: Candidate) -> float:
    return math.inf if candidate.held_out is None else candidate.held_out


def _why(taken: Candidate, *, as_usual: bool, inside: bool, heard: bool) -> str:
    """A sentence about the choice; none where the last weights were taken as usual."""
    if taken.final and as_usual and inside:
        return ""
    what = "The last weights were taken" if taken.final else f"The weights of step {taken.step} were taken"
    if inside:
        return f"{what}: {'they do best on sounds it never heard' if as_usual else 'others copy more than chance'}."
    if heard:
        return f"{what}, but even they copy more than chance."
    return f"{what}: others copy more than chance, and there was no time to look at these."


def allowance_s(budget: Budget) -> float | None:
    """Seconds of a budget that the report may take; None where the budget is given in steps.

    Examples
    --------
    >>> allowance_s(Budget(seconds=100.0)), allowance_s(Budget(seconds=3600.0)), allowance_s(Budget(steps=10))
    (15.0, 30.0, None)
    """
    return None if budget.steps is not None else min(MOST_S, SHARE * budget.timed_s)
