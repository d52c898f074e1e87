"""What is measured of a set of sounds, kept on disk, and the figures of one set beside the training sounds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from woodshed.dsp import DESCRIPTORS
from woodshed.metrics import (
    FEATURES_VERSION,
    SPACES,
    ClassGap,
    Cover,
    FeatureSpace,
    KernelDistance,
    SoundSet,
    Telling,
    class_gaps,
    compressed,
    cover,
    described,
    energy_before_onset_db,
    fault_counts,
    hygiene,
    kernel_distance,
    matched_places,
    median_bandwidth,
    nearest_groups,
    pictured,
    told_apart,
    typical_gaps,
)
from woodshed.tasks.evaluate.looking import looking_teller, picture_of

HEARD_S = 1.5
NAMES = tuple(descriptor.name for descriptor in DESCRIPTORS)


@dataclass(frozen=True)
class Side:
    """Features of a set of sounds that were cut and levelled alike; nothing of the audio itself.

    ``table`` (sounds, descriptors) in their own units, ``spectral`` (sounds, 400), ``pictures`` (sounds, bands, hops);
    ``lead_db`` (sounds,) is the energy before the onset of the sounds as they came.
    """

    classes: tuple[str, ...]
    groups: tuple[str, ...]
    table: np.ndarray
    spectral: np.ndarray
    pictures: np.ndarray
    lead_db: np.ndarray

    def __len__(self) -> int:
        return len(self.classes)

    def raw(self, space: str) -> np.ndarray:
        """Unscaled features of a space."""
        return compressed(self.table) if space == "descriptors" else self.spectral

    def columns(self) -> dict[str, np.ndarray]:
        """Descriptor values by name; what comes before the onset is that of the sounds before any trimming."""
        found = {name: self.table[:, place] for place, name in enumerate(NAMES)}
        return found | {"pre_onset_energy_db": self.lead_db}

    def taken(self, places: Sequence[int] | np.ndarray) -> Side:
        """The sounds at these places."""
        chosen = np.asarray(places, dtype=int)
        return Side(
            tuple(self.classes[place] for place in chosen),
            tuple(self.groups[place] for place in chosen),
            self.table[chosen],
            self.spectral[chosen],
            self.pictures[chosen],
            self.lead_db[chosen],
        )

    def of_classes(self, names: Sequence[str]) -> Side:
        """Only the sounds of these classes."""
        return self.taken([place for place, name in enumerate(self.classes) if name in set(names)])


def side_of(sounds: SoundSet, *, heard_s: float = HEARD_S) -> Side:
    """Cut and level every sound alike, and measure it."""
    table, spectral, pictures = [], [], []
    for sound in sounds.alike(duration_s=heard_s).sounds:
        table.append(described(sound))
        spectral.append(pictured(sound))
        pictures.append(picture_of(sound))
    return Side(
        sounds.class_names,
        sounds.groups,
        np.array(table),
        np.array(spectral),
        np.array(pictures),
        np.array([energy_before_onset_db(sound) for sound in sounds.sounds]),
    )


def kept_side(sounds: SoundSet, folder: Path, *, name: str, heard_s: float = HEARD_S) -> Side:
    """As ``side_of``, read back from the folder if it was measured before."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(repr((FEATURES_VERSION, heard_s, sounds.class_names, sounds.groups, sounds.names, NAMES)).encode())
    for sound in sounds.sounds:
        digest.update(np.ascontiguousarray(sound.data))
    path = folder / f"side-{name}-{digest.hexdigest()}.npz"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        made = side_of(sounds, heard_s=heard_s)
        np.savez(path, table=made.table, spectral=made.spectral, pictures=made.pictures, lead_db=made.lead_db)
    with np.load(path) as kept:
        return Side(
            sounds.class_names, sounds.groups, *(kept[one] for one in ("table", "spectral", "pictures", "lead_db"))
        )


@dataclass(frozen=True)
class Figures:
    """One row of the table: how a set of sounds lies to the training sounds of its classes, at matched counts."""

    name: str
    count: int
    kernels: Mapping[str, KernelDistance]
    covers: Mapping[str, Cover]
    novelty: float
    logistic: Telling | None
    looking: Telling | None
    gaps: tuple[ClassGap, ...]
    faults: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def typical(self) -> dict[str, float]:
        """Median over classes of the gaps; times in percent."""
        found = typical_gaps(self.gaps)
        return {name: 100 * (2**gap - 1) if name.endswith("_ms") else gap for name, gap in found.items()}

    @cached_property
    def beyond(self) -> list[ClassGap]:
        """Gaps larger than the class's own kits show."""
        return [gap for gap in self.gaps if gap.beyond]


class Yardstick:
    """The real sounds that all rows are measured against.

    Parameters
    ----------
    training, held_out
        What the model learned from, and unseen kits, which set the unit of novelty.
    """

    def __init__(self, training: Side, held_out: Side, *, seed: int = 0) -> None:
        self.training, self.held_out, self.seed = training, held_out, seed
        self.spaces = {space: FeatureSpace.of(training.raw(space)) for space in SPACES}
        self.widths = {space: median_bandwidth(self.placed(training, space)) for space in SPACES}

    def placed(self, side: Side, space: str) -> np.ndarray:
        """Places of sounds in a space."""
        return self.spaces[space].placed(side.raw(space))

    def nearest(self, side: Side, *, other_groups: bool = False) -> np.ndarray:
        """Distance of each sound to the nearest training sound (of another group), by descriptors."""
        here, there = self.placed(side, "descriptors"), self.placed(self.training, "descriptors")
        apart = np.linalg.norm(here[:, None] - there[None], axis=-1)
        if other_groups:
            same = np.asarray(side.groups, object)[:, None] == np.asarray(self.training.groups, object)[None]
            apart[same] = np.inf
        return apart.min(axis=1)

    def novelty(self, side: Side) -> float:
        """Median distance to the nearest training sound, unseen real kits of the same classes being 1."""
        unseen = self.held_out.of_classes(side.classes)
        if len(unseen) < 8:
            unseen = self.held_out
        return float(np.median(self.nearest(side)) / np.median(self.nearest(unseen))) if len(unseen) else float("nan")

    def figures(
        self,
        name: str,
        side: Side,
        *,
        sounds: SoundSet | None = None,
        against: Side | None = None,
        judges: bool = True,
        statistics: int = 200,
    ) -> Figures:
        """Measure one row; ``sounds`` before any finishing for hygiene, ``against`` other real sounds than all."""
        real = against or self.training
        mine, theirs = matched_places(side.classes, real.classes, seed=self.seed)
        made, beside = side.taken(mine), real.taken(theirs)
        kernels = self.kernels(side, against=against, statistics=statistics)
        covers = {
            space: cover(self.placed(made, space), self.placed(beside, space), seed=self.seed) for space in SPACES
        }
        findings = [hygiene(sound) for sound in sounds.sounds] if sounds else []
        return Figures(
            name=name,
            count=len(made),
            kernels=kernels,
            covers=covers,
            novelty=self.novelty(side),
            logistic=self.told(made, beside) if judges else None,
            looking=self.told(made, beside, looks=True) if judges else None,
            gaps=tuple(self.gaps(side, real)),
            faults={fault: count for fault, count in fault_counts(findings).items() if count}
            | {"clean": sum(one.clean for one in findings), "of": len(findings)},
        )

    def kernels(self, side: Side, *, against: Side | None = None, statistics: int = 200) -> dict[str, KernelDistance]:
        """Kernel distances to the real sounds of the same classes, at matched counts, by space."""
        real = against or self.training
        mine, theirs = matched_places(side.classes, real.classes, seed=self.seed)
        made, beside = side.taken(mine), real.taken(theirs)
        return {
            space: kernel_distance(
                self.placed(made, space),
                self.placed(beside, space),
                bandwidth=self.widths[space],
                groups=made.groups,
                reference_groups=beside.groups,
                permutations=statistics,
                bootstraps=statistics,
                seed=self.seed,
            )
            for space in SPACES
        }

    def told(self, made: Side, real: Side, *, looks: bool = False) -> Telling:
        """Made and real sounds told apart by a judge trained afresh."""
        known = [side.pictures if looks else side.raw("descriptors") for side in (made, real)]
        here, there = (self.placed(side, "descriptors") for side in (made, real))
        kits = nearest_groups(
            here, there, real_groups=real.groups, real_classes=real.classes, made_classes=made.classes
        )
        return told_apart(
            known[0],
            known[1],
            made_groups=kits,
            real_groups=real.groups,
            teller=looking_teller if looks else None,
            seed=self.seed,
        )

    def gaps(self, side: Side, real: Side) -> list[ClassGap]:
        """What is different, class by class."""
        return class_gaps(
            side.columns(),
            real.columns(),
            made_classes=side.classes,
            real_classes=real.classes,
            real_groups=real.groups,
            seed=self.seed,
        )


COLUMNS = (
    "row", "n", "kd desc", "kd spec", "recall", "cover", "rec sp", "cov sp", "novel", "logist", "CNN",
    "high dB", "decay %", "tail dB", "attack %", "lead dB", "beyond", "clean",
)  # fmt: skip


def table_text(rows: Sequence[Figures]) -> str:
    """Rows as a plain table."""
    lines = ["  ".join(f"{column:>7}" if place else f"{column:<26}" for place, column in enumerate(COLUMNS))]
    for row in rows:
        lines.append("  ".join(f"{cell:>7}" if place else f"{cell:<26}" for place, cell in enumerate(cells(row))))
    return "\n".join(lines)


def cells(row: Figures) -> list[str]:
    """The cells of a row, as text."""
    covers, typical = row.covers, row.typical
    told = [f"{one.share:.3f}" if one else "-" for one in (row.logistic, row.looking)]
    judged = len({(gap.class_name, gap.name) for gap in row.gaps})
    clean = f"{row.faults['clean']}/{row.faults['of']}" if row.faults.get("of") else "-"
    return [
        row.name,
        str(row.count),
        *(f"{row.kernels[space].value:.2f}" for space in ("descriptors", "spectral")),
        *(f"{covers['descriptors'].recall:.3f} {covers['descriptors'].coverage:.3f}".split()),
        *(f"{covers['spectral'].recall:.3f} {covers['spectral'].coverage:.3f}".split()),
        f"{row.novelty:.3f}",
        *told,
        f"{typical.get('high_band_db', float('nan')):.2f}",
        f"{typical.get('decay_time_ms', float('nan')):.1f}",
        f"{typical.get('tail_level_db', float('nan')):.2f}",
        f"{typical.get('attack_time_ms', float('nan')):.1f}",
        f"{typical.get('pre_onset_energy_db', float('nan')):+.1f}",
        f"{len(row.beyond)}/{judged}",
        clean,
    ]


def faults_text(row: Figures) -> str:
    """The gaps beyond the kits' own spread, in words, worst first, and the hygiene faults."""
    worst = sorted(row.beyond, key=lambda gap: -abs(gap.gap) / gap.spread)
    lines = [f"  {gap.text} (kits differ by {gap.spread:.2g}, n {gap.count} and {gap.real_count})" for gap in worst]
    broken = {name: count for name, count in row.faults.items() if name not in ("clean", "of")}
    return "\n".join([*lines, f"  hygiene faults: {broken or 'none'}"])
