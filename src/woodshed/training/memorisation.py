"""The copying report: does a model give back what it was taught? Shared by training and by the task of that name."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt
import torch

from woodshed.base.errors import UsageError
from woodshed.base.events import EventSink, Progress, ignore
from woodshed.base.seeds import derive_seed
from woodshed.metrics import (
    COPY_EXCESS,
    CopyCheck,
    CopyIndex,
    CopyJudge,
    FeatureSpace,
    Share,
    SoundSet,
    raw_features,
)
from woodshed.roles import Example, Features, Generator, LenderPool, Made, Request
from woodshed.training.memorisation_report import (
    CopiedSound,
    Counted,
    LossGap,
    MemorisationReport,
    State,
    verdict_text,
)
from woodshed.training.taught import Taught

QUICK_COUNT = 48
_BATCH = 16
_LOSS_EXAMPLES = 128
_LOSS_BATCHES = 4
_MOST_COPIED = 12
_DIVERSITY_SOUNDS = 256
_HEARD_S = 1.5


@dataclass(frozen=True)
class Effort:
    """How much work a report does."""

    count: int = 512
    plants: int = 20
    most_unseen: int = 500
    most_training: int = 20_000
    everywhere: bool = True
    extras: bool = True
    quick: bool = False

    @classmethod
    def quick_one(cls, count: int = QUICK_COUNT) -> Effort:
        """Few sounds, attacks only, no loss gap and no diversity: seconds instead of a minute."""
        return cls(min(count, QUICK_COUNT), 4, 120, 1500, everywhere=False, extras=False, quick=True)


@dataclass(frozen=True)
class Found:
    """A report with the sounds behind it."""

    report: MemorisationReport
    taught: Taught
    made: SoundSet
    check: CopyCheck


def memorisation(
    model: Generator,
    taught: Taught,
    *,
    lenders: LenderPool,
    name: str = "model",
    effort: Effort | None = None,
    seed: int = 0,
    steps: int | None = None,
    guidance: float | None = None,
    on_event: EventSink = ignore,
) -> Found:
    """Make sounds as the model would, and look for them among the sounds that taught it.

    Parameters
    ----------
    model
        A trained generator.
    taught
        Its training sounds, duplicates named, and the held-out ones.
    lenders
        Where it may borrow, as when it generates.
    steps, guidance
        Solver settings, the family's own if None.

    Raises
    ------
    UsageError
        If there are fewer than 4 training sounds.
    """
    began = time.monotonic()
    effort = effort or Effort()
    if len(taught.training) < 4:
        raise UsageError(
            f"{len(taught.training)} training sounds are too few to look for copies of",
            cause="most were removed from the library, or the model learned from hardly any",
            way_out="add them to the library again; a model of so few sounds will copy",
        )
    taught = taught.at_most(effort.most_training, seed=seed)
    judge = copy_judge(taught, effort, seed=seed, on_event=on_event)
    made, lent = made_sounds(model, taught.training, lenders, effort.count, seed, steps, guidance, on_event)
    check = judge.check(made, lenders=lent)
    report = _report(name, model, taught, effort, seed, made, check)
    return Found(report.model_copy(update={"seconds": round(time.monotonic() - began, 1)}), taught, made, check)


def quick_report(
    model: Generator,
    taught: Taught,
    judge: CopyJudge,
    *,
    lenders: LenderPool,
    name: str,
    seed: int,
    on_event: EventSink = ignore,
) -> MemorisationReport:
    """A report on few sounds by a judge that was made before."""
    began = time.monotonic()
    effort = Effort.quick_one()
    made, lent = made_sounds(model, taught.training, lenders, effort.count, seed, on_event=on_event)
    report = _report(name, model, taught, effort, seed, made, judge.check(made, lenders=lent))
    return report.model_copy(update={"seconds": round(time.monotonic() - began, 1)})


def copy_judge(taught: Taught, effort: Effort, *, seed: int, on_event: EventSink = ignore) -> CopyJudge:
    """The judge of a report, made once for any number of models taught the same."""
    return CopyJudge(
        taught.training,
        taught.held_out,
        plants=effort.plants,
        most_unseen=effort.most_unseen,
        twins=taught.twins,
        everywhere=effort.everywhere,
        seed=derive_seed(seed, "copies"),
        on_event=on_event,
    )


def made_sounds(
    model: Generator,
    training: SoundSet,
    lenders: LenderPool,
    count: int,
    seed: int,
    steps: int | None = None,
    guidance: float | None = None,
    on_event: EventSink = ignore,
) -> tuple[SoundSet, list[tuple[str, ...]]]:
    """New sounds in the class proportions of the training sounds, and the lenders of each."""
    requests = _requests(model, training, count, seed=seed)
    made: list[Made] = []
    for start in range(0, count, _BATCH):
        made += model.generate(requests[start : start + _BATCH], lenders=lenders, steps=steps, guidance=guidance)
        on_event(Progress(stage="generating", done=len(made), total=count, unit="sounds"))
    classes = tuple(request.class_name or "" for request in requests)
    return SoundSet(tuple(one.sound for one in made), classes), [one.lenders for one in made]


def _requests(model: Generator, training: SoundSet, count: int, *, seed: int) -> list[Request]:
    known = set(model.spec.classes)
    rng = np.random.default_rng(derive_seed(seed, "classes"))
    rounds = -(-count // len(training))
    places = [place for _ in range(rounds) for place in rng.permutation(len(training))][:count]
    names = [training.class_names[place] for place in places]
    first = derive_seed(seed, "memorisation") % 2**62
    return [Request(seed=first + at, class_name=name if name in known else None) for at, name in enumerate(names)]


def _report(
    name: str, model: Generator, taught: Taught, effort: Effort, seed: int, made: SoundSet, check: CopyCheck
) -> MemorisationReport:
    state: State = "cannot tell" if not check.can_tell else ("clean" if check.inside_null else "copying")
    copies, null, found = (Counted.of_share(share) for share in (check.made, check.null, check.control_found))
    verdict, advice = verdict_text(
        state, copies=copies, null=null, beside=check.beside, expected=check.expected, found=found
    )
    twins = taught.twins or range(len(taught.training))
    return MemorisationReport(
        model=name,
        seed=seed,
        quick=effort.quick,
        count=len(made),
        training_count=len(taught.training),
        training_groups=len(set(taught.training.groups)),
        duplicates=len(taught.training) - len(set(twins)),
        held_out_count=len(taught.held_out),
        copies=copies,
        borrowed=Counted.of_share(check.borrowed),
        null=null,
        null_kind=check.null_kind,
        expected=check.expected,
        resolved=check.resolved,
        threshold=check.threshold,
        likeness_median=float(np.median(check.nearest.likeness)),
        null_likeness_median=float(np.median(check.null_likeness)) if check.null_likeness.size else None,
        control={change: Counted.of_share(share) for change, share in check.control.items()},
        control_found=found,
        by_measure=dict(check.by_measure),
        most_copied=_most_copied(taught, check),
        loss=loss_gap(model, taught, seed=seed) if effort.extras else None,
        repeats=Counted.of_share(_repeats(made)),
        diversity=_diversity(made, taught.training, seed=seed) if effort.extras else None,
        state=state,
        verdict=verdict,
        advice=advice,
        notes=tuple(_notes(check, effort)),
    )


def _most_copied(taught: Taught, check: CopyCheck) -> tuple[CopiedSound, ...]:
    """The sounds that were copied, those copied most first; twins count as one."""
    twins = taught.twins or tuple(range(len(taught.training)))
    flagged = np.flatnonzero(check.copied)
    counts = Counter(twins[int(check.nearest.index[place])] for place in flagged)
    found = []
    for at, count in counts.most_common(_MOST_COPIED):
        places = [place for place in flagged if twins[int(check.nearest.index[place])] == at]
        content_id = taught.training.names[at]
        found.append(
            CopiedSound(
                content_id=content_id,
                name=(taught.titles or {}).get(content_id, content_id),
                owner=(taught.owners or {}).get(content_id, ""),
                group=taught.training.groups[at],
                count=count,
                likeness=float(check.nearest.likeness[places].max()),
            )
        )
    return tuple(found)


@torch.no_grad()
def loss_gap(model: Generator, taught: Taught, *, seed: int) -> LossGap | None:
    """Losses on some training and some held-out sounds with the same draws; None where nothing was held out."""
    if len(taught.held_out) < 4:
        return None
    losses = [
        mean_loss(model, lambda part=part: _examples(model, part, seed=seed), seed=seed)
        for part in (taught.training, taught.held_out)
    ]
    ratio = losses[1] / losses[0] if losses[0] > 0 else float("nan")
    return LossGap(training=losses[0], held_out=losses[1], ratio=ratio)


def mean_loss(model: Generator, examples: Callable[[], list[Example]], *, seed: int) -> float:
    """Mean weighted loss over a fixed draw; NaN where a family cannot learn from any of the examples."""
    features = model.encode(examples(), seed=derive_seed(seed, "loss"), augment=False)
    if len(features) == 0:
        return float("nan")
    weights, values = model.loss_weights(), []
    for number in range(_LOSS_BATCHES):
        generator = torch.Generator().manual_seed(derive_seed(seed, "loss-draw", number))
        chosen = torch.randint(len(features), (model.config.batch_size,), generator=generator)
        losses = model.training_step(Features(features.tensors).batch(chosen), seed=derive_seed(seed, "step", number))
        values.append(sum(weights.get(name, 1.0) * float(loss) for name, loss in losses.items()))
    return sum(values) / len(values)


def _examples(model: Generator, sounds: SoundSet, *, seed: int) -> list[Example]:
    numbers = {name: number for number, name in enumerate(model.spec.classes)}
    order = np.random.default_rng(derive_seed(seed, "loss")).permutation(len(sounds))
    chosen = islice(order, _LOSS_EXAMPLES)
    return [Example(sounds.sounds[at], numbers.get(sounds.class_names[at], -1), sounds.names[at]) for at in chosen]


def _repeats(made: SoundSet) -> Share:
    """Made sounds that are the same as another made one."""
    if len(made) < 8:
        return Share(0, len(made))
    found = CopyIndex(made.sounds).matches(made.sounds, left_out=np.eye(len(made), dtype=bool), everywhere=False)
    return Share(int(np.sum(found.excess[:, 0] > COPY_EXCESS)), len(made))


def _diversity(made: SoundSet, training: SoundSet, *, seed: int) -> float:
    """Median distance to the nearest other made sound in units of that of as many real ones, by spectral features."""
    rng = np.random.default_rng(derive_seed(seed, "diversity"))
    count = min(len(made), len(training), _DIVERSITY_SOUNDS)
    if count < 4:
        return float("nan")
    parts = [part.taken(rng.permutation(len(part))[:count]).alike(duration_s=_HEARD_S) for part in (training, made)]
    raw = [raw_features(part.sounds, space="spectral") for part in parts]
    space = FeatureSpace.of(raw[0])
    real, new = (_nearest_other(space.placed(values)) for values in raw)
    return new / real if real > 0 else float("nan")


def _nearest_other(places: npt.NDArray[np.float64]) -> float:
    distances = np.linalg.norm(places[:, None] - places[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    return float(np.median(distances.min(axis=1)))


def _notes(check: CopyCheck, effort: Effort) -> list[str]:
    notes = []
    if effort.quick:
        notes.append(f"Quick report of {check.made.of} sounds, attacks only; woodshed memorisation tells more.")
    if check.borrowed.count:
        share = Counted.of_share(check.borrowed)
        notes.append(f"{share.text} are like a sound they openly borrowed from; --borrow none borrows nothing.")
    if not check.resolved and check.null.of:
        notes.append(
            f"The threshold comes from {check.null.of} real sounds; fewer than 100 cannot show 1 %, so up to "
            f"{100 * check.expected:.1f} % of new sounds may lie above it by chance."
        )
    return notes
