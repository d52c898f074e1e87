"""Evaluate: how good, how varied and how new the sounds of a model are, beside rows that need no model."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from woodshed.base.errors import UsageError
from woodshed.base.events import EventSink, Progress, ignore
from woodshed.base.seeds import derive_seed
from woodshed.metrics import (
    FEATURES_VERSION,
    HELD_OUT,
    REFERENCES,
    CopyCheck,
    Gap,
    SoundSet,
    closeness_of,
    gaps,
    novelty_of,
    verdict,
)
from woodshed.roles import Generator, LenderPool, Request
from woodshed.sound import Sound
from woodshed.tasks.evaluate.beside import frontier_points, gaps_by_class, pairs_behind
from woodshed.tasks.evaluate.examples import More, write_examples
from woodshed.tasks.evaluate.judging import Judges, Measured, measured
from woodshed.tasks.evaluate.listening import Hearing, trained_listener
from woodshed.tasks.evaluate.pairs import write_pairs
from woodshed.tasks.evaluate.report import (
    CopyReport,
    CountedShare,
    EvaluationReport,
    Floor,
    GapReport,
    ListenerReport,
    Row,
)

GENERATED = "generated"
LOGISTIC = ("descriptors",)
BOTH = ("descriptors", "pictures")
FLOOR_OF_JUDGES = "augmented copies"
_BATCH = 16
_LONGEST_S = 1.5


@dataclass(frozen=True)
class Effort:
    """How much work an evaluation does; the report names it."""

    count: int = 512
    reference_count: int = 512
    copies_per_reference: int = 64
    permutations: int = 200
    plants: int = 12
    most_unseen: int = 500
    listener_steps: int = 300
    frontier_count: int = 160
    pairs_planted: int = 24
    quick: bool = False

    @classmethod
    def of(cls, count: int, *, quick: bool) -> Effort:
        """The usual effort for so many sounds, or the quick one of at most 96."""
        if quick:
            few = min(count, 96)
            return cls(few, few, 8, 100, 4, 160, 100, 0, 0, quick=True)
        return cls(count, count, min(64, count))


def evaluate(
    model: Generator,
    training: SoundSet,
    held_out: SoundSet,
    *,
    lenders: LenderPool,
    name: str = "model",
    count: int = 512,
    quick: bool = False,
    seed: int = 0,
    steps: int | None = None,
    guidance: float | None = None,
    may_teach: Collection[str] | None = None,
    folder: Path | None = None,
    on_event: EventSink = ignore,
) -> EvaluationReport:
    """Make sounds as the model would and measure them against the sounds it learned from and those it never heard.

    Parameters
    ----------
    model
        A trained generator.
    training, held_out
        The real sounds at the model's rate and channels. Nothing may stand in both; groups decide the split.
    lenders
        Where the model may borrow, as when it generates.
    count
        How many sounds are made; the classes come in the proportions of the training sounds.
    quick
        At most 96 sounds and shorter statistics: the intervals are wider, and the report says so.
    steps, guidance
        Solver settings, the family's own if None.
    may_teach
        Names of the sounds that may train a listener; None for all.
    folder
        Where sounds to play are written, some of every class and pairs; None writes none.

    Raises
    ------
    UsageError
        If there are fewer than 8 training sounds or the count is below 8.

    References
    ----------
    See ``metrics`` for each measure.
    """
    began = time.monotonic()
    if len(training) < 8 or count < 8:
        raise UsageError(
            f"{count} sounds beside {len(training)} training sounds are too few to measure",
            cause="distances between sets need some sounds on each side",
            way_out="evaluate with at least 8 sounds, better 512, on a model of at least 8, better 100",
        )
    effort = Effort.of(count, quick=quick)
    work = _Work(model, training, held_out, lenders, effort, seed, on_event)
    made = work.generate(steps=steps, guidance=guidance)
    hearing = trained_listener(
        training, held_out, allowed=may_teach, steps=effort.listener_steps, seed=seed, on_event=on_event
    )
    rows, floors, copying, worst = work.rows(made, hearing)
    pairs = write_pairs(made, training, copying, folder=folder, seed=seed) if folder else ()
    beside = work.beside(made, judges=worst[1])
    if folder:
        more = work.more(steps=steps, guidance=guidance)
        beside["examples"] = write_examples(made, training, more=more, folder=folder, seed=seed)
    return _report(work, name, rows, floors, copying, worst, hearing).model_copy(
        update={**beside, "pairs": tuple(pairs), "seconds": round(time.monotonic() - began, 1)}
    )


@dataclass
class _Work:
    model: Generator
    training: SoundSet
    held_out: SoundSet
    lenders: LenderPool
    effort: Effort
    seed: int
    on_event: EventSink

    def __post_init__(self) -> None:
        known = set(self.model.spec.classes)
        classes = [name if name in known else "" for name in self.training.class_names]
        self.like = _in_proportion(classes, self.effort.count, seed=self.seed)
        self.heard_s = min(_LONGEST_S, self.model.max_duration_s)
        self.lent: list[tuple[str, ...]] = []
        self.seen: Measured

    def generate(self, *, steps: int | None, guidance: float | None) -> SoundSet:
        first = derive_seed(self.seed, "evaluation") % 2**62
        requests = [Request(seed=first + place, class_name=name or None) for place, name in enumerate(self.like)]
        sounds = []
        for start in range(0, len(requests), _BATCH):
            batch = requests[start : start + _BATCH]
            found = self.model.generate(batch, lenders=self.lenders, steps=steps, guidance=guidance)
            sounds += [one.sound for one in found]
            self.lent += [one.lenders for one in found]
            self.on_event(Progress(stage="generating", done=len(sounds), total=len(requests), unit="sounds"))
        return SoundSet(tuple(sounds), self.like, names=tuple(f"{GENERATED} {place}" for place in range(len(sounds))))

    def more(self, *, steps: int | None, guidance: float | None) -> More:
        """What makes further sounds of a class, for those that are rare."""

        def of(class_name: str, count: int) -> list[Sound]:
            known = class_name if class_name in self.model.spec.classes else None
            first = derive_seed(self.seed, "more", class_name) % 2**62
            requests = [Request(seed=first + place, class_name=known) for place in range(count)]
            found = self.model.generate(requests, lenders=self.lenders, steps=steps, guidance=guidance)
            return [one.sound for one in found]

        return of

    def rows(
        self, made: SoundSet, hearing: Hearing | None
    ) -> tuple[list[Row], list[Floor], CopyCheck, tuple[list[Gap], Judges]]:
        effort = self.effort
        judges = Judges(
            self.training,
            self.held_out,
            heard_s=self.heard_s,
            permutations=effort.permutations,
            plants=effort.plants,
            most_unseen=effort.most_unseen,
            seed=self.seed,
            on_event=self.on_event,
        )
        if hearing:
            judges.listener, judges.classes = hearing.listener, hearing.classes
            judges.real_agreement = judges.agreement(self.training)
        copying = judges.copies.check(made, lenders=self.lent)
        seen = measured(made, heard_s=self.heard_s)
        asked = LOGISTIC if effort.quick else BOTH
        self.seen = seen
        rows = [judges.row(GENERATED, "made", made, copies=copying, seen=seen, judges=asked)]
        if len(self.held_out):
            rows.append(self._held_out_row(judges, copying, hearing))
        rows.append(
            judges.row(
                "real, all training sounds", "real", self.training, references=("held-out",), seen=judges.training
            )
        )
        half, floors = judges.half_row()
        rows += [half] if half else []
        rows += self._reference_rows(judges)
        return rows, floors, copying, (self._gaps(seen, judges), judges)

    def beside(self, made: SoundSet, *, judges: Judges) -> dict[str, object]:
        """What the report shows beside its rows."""
        effort, on_event = self.effort, self.on_event
        like = tuple(np.random.default_rng(derive_seed(self.seed, "frontier")).permutation(self.like))
        like = tuple(str(name) for name in like[: effort.frontier_count])
        return {
            "class_gaps": gaps_by_class(self.seen, judges),
            "explained": pairs_behind(
                made, self.training, self.held_out, plants=effort.pairs_planted, seed=self.seed, on_event=on_event
            ),
            "frontier": frontier_points(judges, self.training, like=like, seed=self.seed, on_event=on_event)
            if like
            else (),
        }

    def _held_out_row(self, judges: Judges, copying: CopyCheck, hearing: Hearing | None) -> Row:
        """Unseen real sounds; a listener that learned from them has nothing to say about them."""
        row = judges.row("real, held out", "real", self.held_out, references=("training",), seen=judges.held_out)
        known: dict[str, object] = {}
        if hearing and not hearing.heard_training_sounds:
            known |= {"agreement": None, "relative_agreement": None}
        if copying.null_kind == HELD_OUT:
            known |= {
                "copies": CountedShare.of_share(copying.null),
                "likeness": float(np.median(copying.null_likeness)),
            }
        return row.model_copy(update=known)

    def _reference_rows(self, judges: Judges) -> list[Row]:
        """The tricks; classes as in the generated row, except that sounds without a class are drawn from all."""
        rows = []
        for place, (name, make) in enumerate(REFERENCES.items()):
            self.on_event(Progress(stage="reference rows", done=place, total=len(REFERENCES), unit="rows"))
            like = self.like[: self.effort.reference_count]
            sounds = make(self.training, like=like, seed=derive_seed(self.seed, "reference", name))
            few = sounds.taken(range(min(len(sounds), self.effort.copies_per_reference)))
            kind = "real" if name.startswith("real") else "no model"
            asked = BOTH if name == FLOOR_OF_JUDGES and not self.effort.quick else LOGISTIC
            rows.append(judges.row(name, kind, sounds, copies=judges.copies.check(few), judges=asked))
        self.on_event(Progress(stage="reference rows", done=len(REFERENCES), total=len(REFERENCES), unit="rows"))
        return rows

    def _gaps(self, seen: Measured, judges: Judges) -> list[Gap]:
        return gaps(
            seen.column(),
            judges.training.column(),
            made_classes=seen.sounds.class_names,
            real_classes=self.training.class_names,
            real_groups=self.training.groups,
            seed=self.seed,
        )


def _in_proportion(classes: list[str], count: int, *, seed: int) -> tuple[str, ...]:
    """So many class names in the proportions of the given ones, in random order."""
    rng = np.random.default_rng(derive_seed(seed, "classes"))
    rounds = -(-count // len(classes))
    return tuple(classes[place] for turn in range(rounds) for place in rng.permutation(len(classes)))[:count]


def _report(
    work: _Work,
    name: str,
    rows: list[Row],
    floors: list[Floor],
    copying: CopyCheck,
    found: tuple[list[Gap], Judges],
    hearing: Hearing | None,
) -> EvaluationReport:
    worst_gaps, judges = found
    generated = rows[0]
    novelty = novelty_of(can_tell=copying.can_tell, low=copying.made.low, inside_null=copying.inside_null)
    distances = [generated.overlap(floor.space, "training") for floor in floors]
    closeness = closeness_of(
        [one.kernel for one in distances if one and one.kernel is not None],
        [floor.kernel for floor in floors if floor.kernel is not None],
    )
    faults = generated.faults
    words = verdict(
        novelty=novelty,
        closeness=closeness,
        gaps=worst_gaps,
        clean_share=generated.clean.share or 0.0,
        commonest_fault=max(faults, key=lambda fault: faults[fault]) if faults else "",
        class_agreement=generated.relative_agreement,
        beside=copying.beside,
        any_held_out=len(work.held_out) > 0,
    )
    return EvaluationReport(
        features_version=FEATURES_VERSION,
        model=name,
        seed=work.seed,
        quick=work.effort.quick,
        count=generated.count,
        training_count=len(work.training),
        training_groups=len(set(work.training.groups)),
        held_out_count=len(work.held_out),
        held_out_groups=len(set(work.held_out.groups)),
        heard_s=work.heard_s,
        rows=tuple(rows),
        floors=tuple(floors),
        copying=_copy_report(copying),
        listener=_listener_report(hearing, judges, work) if hearing else None,
        gaps=tuple(
            GapReport(name=gap.name, text=gap.text, gap=gap.gap, floor=gap.floor, severity=gap.severity)
            for gap in worst_gaps
        ),
        novelty=words.novelty,
        closeness=words.closeness,
        worst=words.worst,
        verdict=words.text,
        advice=words.advice,
        notes=tuple(_notes(work, copying, hearing, floors)),
        seconds=0.0,
    )


def _copy_report(check: CopyCheck) -> CopyReport:
    return CopyReport(
        threshold=check.threshold,
        made=CountedShare.of_share(check.made),
        null=CountedShare.of_share(check.null),
        null_kind=check.null_kind,
        expected=check.expected,
        resolved=check.resolved,
        control={change: CountedShare.of_share(share) for change, share in check.control.items()},
        control_found=CountedShare.of_share(check.control_found),
        can_tell=check.can_tell,
        inside_null=check.inside_null,
    )


def _listener_report(hearing: Hearing, judges: Judges, work: _Work) -> ListenerReport:
    unheard = work.held_out if hearing.heard_training_sounds else work.training
    return ListenerReport(
        trained_on=hearing.trained_on,
        classes=hearing.classes,
        steps=hearing.steps,
        heard_training_sounds=hearing.heard_training_sounds,
        right_on_unheard=judges.agreement(unheard),
        unheard=sum(name in hearing.classes for name in unheard.class_names),
    )


def _notes(work: _Work, copying: CopyCheck, hearing: Hearing | None, floors: list[Floor]) -> list[str]:
    notes = []
    if work.effort.quick:
        notes.append(f"Quick evaluation of {work.effort.count} sounds: intervals are wide; 512 sounds tell more.")
    if not copying.resolved:
        notes.append(
            f"The copy threshold comes from {copying.null.of} {copying.beside}; fewer than 100 cannot show 1 %, so up "
            f"to {100 * copying.expected:.1f} % of new sounds may lie above it by chance."
        )
    if hearing is None:
        notes.append("No listener: there are not two classes of at least 4 sounds that may teach one.")
    elif hearing.heard_training_sounds:
        notes.append("The listener had to learn from the training sounds themselves, so it flatters the made ones.")
    if not floors:
        notes.append("Too few kits were learned from to compare their halves, so there is no floor for the distances.")
    small = [name for name, count in Counter(work.training.class_names).items() if name and count < 16]
    if small:
        notes.append(f"Fewer than 16 training sounds: {', '.join(sorted(small))}. Their figures are vague.")
    return notes
