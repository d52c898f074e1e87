"""What stands beside the table: gaps class by class, pairs behind made sounds, and the tricks from little to much."""

from __future__ import annotations

from woodshed.base.events import EventSink, Progress, ignore
from woodshed.base.seeds import derive_seed
from woodshed.metrics import STRENGTHS, SoundSet, class_gaps, pair_check
from woodshed.tasks.evaluate.judging import Judges, Measured, measured
from woodshed.tasks.evaluate.report import ClassGapReport, CountedShare, FrontierPoint, PairsReport


def gaps_by_class(seen: Measured, judges: Judges) -> tuple[ClassGapReport, ...]:
    """Every judged descriptor in every class with enough sounds."""
    training = judges.training.sounds
    found = class_gaps(
        seen.column(),
        judges.training.column(),
        made_classes=seen.sounds.class_names,
        real_classes=training.class_names,
        real_groups=training.groups,
        seed=judges.seed,
    )
    return tuple(
        ClassGapReport(
            class_name=gap.class_name,
            name=gap.name,
            text=gap.text,
            gap=gap.gap,
            spread=gap.spread,
            beyond=gap.beyond,
            count=gap.count,
            real_count=gap.real_count,
        )
        for gap in found
    )


def pairs_behind(
    made: SoundSet, training: SoundSet, held_out: SoundSet, *, plants: int, seed: int, on_event: EventSink = ignore
) -> PairsReport | None:
    """Whether pairs of training sounds explain made sounds; None without plants or without unseen ones."""
    if plants < 1 or len(training) < 2 or not len(held_out):
        return None
    check = pair_check(made, training, held_out, plants=plants, seed=derive_seed(seed, "pairs"), on_event=on_event)
    return PairsReport(
        mixed=CountedShare.of_share(check.mixed),
        crossed=CountedShare.of_share(check.crossed),
        control={kind: CountedShare.of_share(share) for kind, share in check.control.items()},
        expected=check.expected,
        can_tell=check.can_tell,
        inside_null=check.inside_null,
    )


def frontier_points(
    judges: Judges, training: SoundSet, *, like: tuple[str, ...], seed: int, on_event: EventSink = ignore
) -> tuple[FrontierPoint, ...]:
    """Novelty and kernel distance of every trick at every strength; all draw the same sounds."""
    found = []
    for place, (name, (make, strengths)) in enumerate(STRENGTHS.items()):
        on_event(Progress(stage="tricks by strength", done=place, total=len(STRENGTHS), unit="tricks"))
        for strength in strengths:
            sounds = make(training, like=like, seed=derive_seed(seed, "frontier", name), strength=strength)
            kernel, novelty = judges.nearness(measured(sounds, heard_s=judges.heard_s))
            found.append(FrontierPoint(series=name, strength=strength, kernel=kernel, novelty=novelty))
    on_event(Progress(stage="tricks by strength", done=len(STRENGTHS), total=len(STRENGTHS), unit="tricks"))
    return tuple(found)
