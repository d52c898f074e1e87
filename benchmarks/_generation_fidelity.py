"""Close to the real kits, passing for them, and new: the rows of the table and what must hold of the model's."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from benchmarks._generation_sides import COLUMNS, Figures, Side, cells, faults_text, table_text
from benchmarks._generation_stages import Stage
from benchmarks._report import Check, Table, at_least, at_most, progress
from woodshed.base.seeds import derive_seed
from woodshed.metrics import (
    FeatureSpace,
    KernelDistance,
    PairCheck,
    SoundSet,
    Telling,
    half_places,
    kernel_distance,
    matched_places,
    median_bandwidth,
    pair_check,
)

FEWEST = 8


def row_of(stage: Stage, name: str, sounds: SoundSet) -> Figures:
    """One row of the table, against the training sounds of the same classes at matched counts; worked out once."""

    def work_out() -> Figures:
        return stage.yardstick.figures(name, stage.side(sounds, name=name), sounds=sounds)

    return stage.kept_figures(name, work_out)


def reference_rows(stage: Stage) -> list[Figures]:
    """Real sounds drawn again, the tricks, unseen kits, and one half of the training kits against the other."""
    rows = [row_of(stage, name, sounds) for name, sounds in stage.references.items()]
    yardstick = stage.yardstick
    unseen = yardstick.held_out.of_classes(stage.asked)
    if len(unseen) >= 2 * FEWEST:
        rows.append(stage.kept_figures("real, held out", lambda: yardstick.figures("real, held out", unseen)))
    first, second = half_places(yardstick.training.groups, seed=derive_seed(stage.order.seed, "halves"))
    one, two = (yardstick.training.taken(half) for half in (first, second))
    if len(matched_places(one.classes, two.classes, seed=0)[0]) < 2 * FEWEST:
        return rows
    name = "real, half against half"
    half = stage.kept_figures(name, lambda: yardstick.figures(name, one, against=two))
    return [*rows, dataclasses.replace(half, novelty=math.nan)]


def fidelity_checks(stage: Stage) -> tuple[list[Check], list[Table], Figures]:
    """Every figure of fidelity of the made sounds, with the table of all rows."""
    made = row_of(stage, "generated", stage.made())
    rows = [made, *reference_rows(stage)]
    progress(table_text(rows))
    progress(faults_text(made))
    facts = stage.training_facts
    spent = facts["processor_s"] / 60
    steps = stage.card.training.steps if stage.card.training else 0
    found = [
        at_most(f"training: processor minutes over all threads ({steps} steps)", spent, 1.1 * stage.order.minutes),
        _clean(made),
        _kernel("descriptors", made.kernels["descriptors"], rows),
        _listened(stage),
        *_covers(made),
        *gap_checks(made),
    ]
    tables = [
        Table(
            "Rows beside each other, against the training sounds at matched counts",
            COLUMNS,
            [cells(row) for row in rows],
        ),
        class_table(made),
    ]
    return found, tables, made


def passing_checks(made: Figures) -> list[Check]:
    """Judges that are trained afresh, on other kits than they judge."""
    return [_told("logistic on descriptors", made.logistic, 0.70), _told("CNN on log-mels", made.looking, 0.60)]


def novelty_checks(stage: Stage) -> list[Check]:
    """As new as unseen real kits, and not put together from pairs of training sounds."""
    sounds = stage.made()
    side = stage.side(sounds, name="generated")
    value, low, high = novelty_interval(stage, side)
    found = pair_check(sounds, stage.training, stage.held_out.taken(_known(stage)), plants=stage.order.plants)
    return [
        Check(
            f"new: median distance to the nearest training sound, unseen kits 1 (n {len(side)}, 95 % {low:.2f} to "
            f"{high:.2f})",
            value,
            "0.85 to 1.05",
            0.85 <= value <= 1.05,
        ),
        _pairs("mixed", found),
        _pairs("crossed", found),
    ]


def novelty_interval(stage: Stage, side: Side) -> tuple[float, float, float]:
    """Novelty and its 95 % interval: made sounds one by one, unseen ones by kit."""
    yardstick = stage.yardstick
    unseen = yardstick.held_out.of_classes(side.classes)
    unseen = unseen if len(unseen) >= 8 else yardstick.held_out
    mine, theirs = yardstick.nearest(side), yardstick.nearest(unseen)
    kits = [np.flatnonzero(np.asarray(unseen.groups, object) == kit) for kit in sorted(set(unseen.groups))]
    rng = np.random.default_rng(derive_seed(stage.order.seed, "novelty"))
    drawn = []
    for _ in range(400):
        places = np.concatenate([kits[at] for at in rng.integers(len(kits), size=len(kits))])
        drawn.append(np.median(rng.choice(mine, len(mine))) / np.median(theirs[places]))
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(np.median(mine) / np.median(theirs)), float(low), float(high)


def gap_checks(made: Figures) -> list[Check]:
    """Medians over classes of what differs, and the classes beyond their own kits."""
    classes = len({gap.class_name for gap in made.gaps})
    limits = (
        ("high_band_db", "high band in dB", 1.5),
        ("decay_time_ms", "decay in %", 15.0),
        ("tail_level_db", "tail in dB", 3.0),
        ("attack_time_ms", "attack time in %", 15.0),
        ("pre_onset_energy_db", "energy before the onset over real's in dB", 0.0),
    )
    found = [
        at_most(f"fidelity: {words}, median over {classes} classes", made.typical.get(name, math.nan), limit)
        for name, words, limit in limits
    ]
    beyond = made.beyond
    named = f" ({', '.join(gap.text for gap in beyond[:3])})" if beyond else ""
    found.append(at_most(f"fidelity: gaps beyond the class's own kits, of {len(made.gaps)}{named}", len(beyond), 0))
    return found


def class_table(made: Figures) -> Table:
    """Every gap of every class beside what its own kits show."""
    return Table(
        "What is different, class by class (times in octaves)",
        ("class", "descriptor", "gap", "kits differ by", "made", "real", "beyond"),
        [
            [
                gap.class_name,
                gap.name,
                f"{gap.gap:+.2f}",
                f"{gap.spread:.2f}",
                str(gap.count),
                str(gap.real_count),
                "yes" if gap.beyond else "",
            ]
            for gap in made.gaps
        ],
    )


def _known(stage: Stage) -> list[int]:
    """Held-out sounds of the classes that are made."""
    return [place for place, name in enumerate(stage.held_out.class_names) if name in set(stage.asked)]


def _clean(made: Figures) -> Check:
    share = made.faults["clean"] / max(1, made.faults["of"])
    return at_least(f"hygiene: share that passes before any finishing (n {made.faults['of']})", share, 0.99)


def _kernel(space: str, found: KernelDistance, rows: list[Figures]) -> Check:
    beside = {row.name: row.kernels[space].value for row in rows if space in row.kernels}
    known = ", ".join(
        f"{name} {beside[name]:.1f}" for name in ("real, drawn again", "coloured noise") if name in beside
    )
    tricks = [beside[name] for name in ("mean of two", "envelope x fine structure") if name in beside]
    known += f", better trick {min(tricks):.1f}" if tricks else ""
    words = f"95 % {found.low:.1f} to {found.high:.1f}, p {found.p_value:.3f}; {known}"
    return at_most(f"fidelity: kernel distance by {space} (n {found.count}; {words})", found.value, 3.0)


def _listened(stage: Stage) -> Check:
    """Kernel distance on the features of a listener that learned from held-out kits only."""
    name = "fidelity: kernel distance by the features of a listener"
    if stage.hearing is None:
        return Check(f"{name} (too few held-out sounds to teach one)", None, "<= 3", False)
    listener = stage.hearing.listener
    made, training = stage.made(), stage.training
    mine, theirs = matched_places(made.class_names, training.class_names, seed=stage.order.seed)
    raw = np.asarray(listener.features(training.sounds), dtype=np.float64)
    space = FeatureSpace.of(raw)
    reference = space.placed(raw)
    width = median_bandwidth(reference)

    def apart(sounds: SoundSet, *, bootstraps: int = 0) -> KernelDistance:
        points = space.placed(np.asarray(listener.features(sounds.sounds), dtype=np.float64))
        groups = [training.groups[int(place)] for place in theirs]
        return kernel_distance(
            points,
            reference[theirs],
            bandwidth=width,
            reference_groups=groups,
            permutations=bootstraps,
            bootstraps=bootstraps,
        )

    found = apart(made.taken(mine), bootstraps=200)
    beside = {name: apart(sounds).value for name, sounds in stage.references.items()}
    known = ", ".join(f"{row} {value:.1f}" for row, value in beside.items())
    progress(f"kernel distance by the features of a listener: generated {found.value:.1f}, {known}")
    words = (
        f"n {found.count}, 95 % {found.low:.1f} to {found.high:.1f}; real drawn again {beside['real, drawn again']:.1f}"
    )
    return at_most(f"{name} ({words})", found.value, 3.0)


def _covers(made: Figures) -> list[Check]:
    cover = made.covers["descriptors"]
    return [
        at_least(f"fidelity: {name} (n {cover.count}, k {cover.neighbours})", getattr(cover, name), 0.90)
        for name in ("coverage", "recall")
    ]


def _told(words: str, found: Telling | None, limit: float) -> Check:
    if found is None:
        return Check(f"passing for real: {words}", None, f"<= {limit:g}", False)
    name = f"passing for real: {words}, balanced, folds by kit (n {found.count} each, 95 % {found.low:.2f} to "
    return at_most(f"{name}{found.high:.2f})", found.share, limit)


def _pairs(kind: str, found: PairCheck) -> Check:
    share = found.mixed if kind == "mixed" else found.crossed
    control = found.control[kind]
    inside = share.low <= found.expected and control.share >= 0.8
    name = f"new: share explained by a pair of training sounds {kind} beyond 1 % of unseen real ones (n {share.of}, "
    name += f"95 % {share.low:.3f} to {share.high:.3f}; planted found {control.count} of {control.of})"
    return Check(name, share.share, f"inside the null: interval from at most {found.expected:.3f}", bool(inside))
