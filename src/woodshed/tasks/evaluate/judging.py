"""The judges of an evaluation: feature spaces, the copy check and the listener, made once, used on every row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from woodshed.base.events import EventSink, ignore
from woodshed.base.seeds import derive_seed
from woodshed.dsp import DESCRIPTORS
from woodshed.metrics import (
    SPACES,
    CopyCheck,
    CopyJudge,
    FeatureSpace,
    Hygiene,
    Share,
    SoundSet,
    compressed,
    cover,
    described,
    energy_before_onset_db,
    fault_counts,
    frechet_distance,
    half_places,
    hygiene,
    kernel_distance,
    matched_places,
    median_bandwidth,
    nearest_groups,
    pictured,
    places_by_class,
    told_apart,
)
from woodshed.roles import Listener
from woodshed.tasks.evaluate.looking import looking_teller, picture_of
from woodshed.tasks.evaluate.report import CountedShare, Floor, Overlap, Row, Told

Features = dict[str, npt.NDArray[np.floating]]

_FEWEST = 8
_HALVES = 5


@dataclass(frozen=True)
class Measured:
    """Raw features of a set by space, the descriptors in their own units, and what was measured on."""

    sounds: SoundSet
    raw: Features
    table: npt.NDArray[np.floating]
    pictures: npt.NDArray[np.float32]
    lead_db: npt.NDArray[np.floating]

    def column(self) -> dict[str, npt.NDArray[np.floating]]:
        """Descriptor values by name; what comes before the onset is that of the sounds before any trimming."""
        found = {descriptor.name: self.table[:, place] for place, descriptor in enumerate(DESCRIPTORS)}
        return found | {"pre_onset_energy_db": self.lead_db}

    def taken(self, places: npt.NDArray[np.int64]) -> Measured:
        """The sounds at these places."""
        raw = {space: values[places] for space, values in self.raw.items()}
        return Measured(self.sounds.taken(places), raw, self.table[places], self.pictures[places], self.lead_db[places])


def measured(sounds: SoundSet, *, heard_s: float) -> Measured:
    """Cut and level every sound alike and measure it."""
    table, spectral, pictures = [], [], []
    for sound in sounds.alike(duration_s=heard_s).sounds:
        table.append(described(sound))
        spectral.append(pictured(sound))
        pictures.append(picture_of(sound))
    values = np.array(table, dtype=np.float64).reshape(len(table), len(DESCRIPTORS))
    lead_db = np.array([energy_before_onset_db(sound) for sound in sounds.sounds])
    raw = {"descriptors": compressed(values), "spectral": np.array(spectral)}
    return Measured(sounds, raw, values, np.array(pictures), lead_db)


class Judges:
    """Judge rows against the training sounds and the held-out ones.

    Parameters
    ----------
    training, held_out
        The real sounds; the training sounds set the scale of the feature spaces.
    heard_s
        Length at which sounds are compared.
    permutations, copies_judged
        Of each row; 0 copies judged leaves that column out.
    """

    def __init__(
        self,
        training: SoundSet,
        held_out: SoundSet,
        *,
        heard_s: float,
        permutations: int,
        plants: int,
        most_unseen: int,
        seed: int,
        on_event: EventSink = ignore,
    ) -> None:
        self.training = measured(training, heard_s=heard_s)
        self.held_out = measured(held_out, heard_s=heard_s)
        self.heard_s, self.permutations, self.seed = heard_s, permutations, seed
        self.spaces = {space: FeatureSpace.of(self.training.raw[space]) for space in SPACES}
        self.widths = {space: median_bandwidth(self._placed(self.training, space)) for space in SPACES}
        self.copies = CopyJudge(
            training,
            held_out,
            plants=plants,
            most_unseen=most_unseen,
            seed=derive_seed(seed, "copies"),
            on_event=on_event,
        )
        self.listener: Listener | None = None
        self.classes: tuple[str, ...] = ()
        self.real_agreement = float("nan")
        self.unit = self._nearest(self.held_out) if len(held_out) else self._nearest_of_others()

    def row(
        self,
        name: str,
        kind: str,
        sounds: SoundSet,
        *,
        copies: CopyCheck | None = None,
        references: Sequence[str] = ("training", "held-out"),
        seen: Measured | None = None,
        judges: Sequence[str] = (),
    ) -> Row:
        """Measure one row; ``judges`` tell it."""
        seen = seen or measured(sounds, heard_s=self.heard_s)
        findings = [hygiene(sound) for sound in sounds.sounds]
        agreement = self.agreement(sounds)
        return Row(
            name=name,
            kind=kind,  # type: ignore[arg-type]
            count=len(sounds),
            overlaps=tuple(self._overlaps(seen, references)),
            clean=CountedShare.of_share(clean_share(findings)),
            faults={fault: count for fault, count in fault_counts(findings).items() if count},
            copies=CountedShare.of_share(copies.made) if copies else None,
            likeness=float(np.median(copies.nearest.likeness)) if copies else None,
            novelty=self._nearest(seen) / self.unit if self.unit else None,
            agreement=agreement,
            relative_agreement=agreement / self.real_agreement,
            told=tuple(self.told(seen, judge=judge) for judge in judges),
        )

    def told(self, seen: Measured, *, judge: str) -> Told:
        """How well a judge that is trained afresh tells a row from the training sounds, at matched counts."""
        classes = (seen.sounds.class_names, self.training.sounds.class_names)
        mine, theirs = matched_places(*classes, seed=self.seed)
        if len(mine) < _FEWEST:
            return Told(judge=judge, share=None, low=None, high=None, count=len(mine))
        made, real = seen.taken(mine), self.training.taken(theirs)
        kits = nearest_groups(
            self._placed(made, "descriptors"),
            self._placed(real, "descriptors"),
            real_groups=real.sounds.groups,
            real_classes=real.sounds.class_names,
            made_classes=made.sounds.class_names,
        )
        looks = judge == "pictures"
        features = [side.pictures if looks else side.raw["descriptors"] for side in (made, real)]
        found = told_apart(
            features[0],
            features[1],
            made_groups=kits,
            real_groups=real.sounds.groups,
            teller=looking_teller if looks else None,
            seed=self.seed,
        )
        return Told(judge=judge, share=found.share, low=found.low, high=found.high, count=found.count)

    def nearness(self, seen: Measured, *, space: str = "descriptors") -> tuple[float, float]:
        """Kernel distance of a row to the training sounds, and its novelty."""
        here, there = self._placed(seen, space), self._placed(self.training, space)
        width = self.widths[space]
        distance = kernel_distance(here, there, bandwidth=width, permutations=0, bootstraps=0).value
        return distance, self._nearest(seen) / self.unit if self.unit else float("nan")

    def half_row(self) -> tuple[Row | None, list[Floor]]:
        """One half of the real kits against the other: the row of one draw, and the floors over several."""
        groups = self.training.sounds.groups
        if len(set(groups)) < 4:
            return None, []
        halves = [half_places(groups, seed=derive_seed(self.seed, "halves", turn)) for turn in range(_HALVES)]
        floors, overlaps = [], []
        for space in SPACES:
            placed = self._placed(self.training, space)
            names = np.asarray(groups, dtype=object)
            width = self.widths[space]
            values = [
                kernel_distance(placed[a], placed[b], bandwidth=width, permutations=0, bootstraps=0).value
                for a, b in halves
                if min(len(a), len(b)) >= _FEWEST
            ]
            if not values:
                return None, []
            floors.append(Floor(space=space, kernel=float(np.mean(values)), kernel_high=max(values), draws=len(values)))
            a, b = halves[0]
            overlaps.append(
                self._overlap(space, "other half", placed[a], placed[b], names[a].tolist(), names[b].tolist())
            )
        half = self.training.sounds.taken(halves[0][0])
        row = self.row("real, half against half", "real", half, references=(), seen=self._part(halves))
        return row.model_copy(update={"overlaps": tuple(overlaps), "novelty": None}), floors

    def agreement(self, sounds: SoundSet) -> float:
        """Share of sounds heard as the class they were asked for, all classes weighted alike; NaN if nobody listens."""
        if self.listener is None:
            return float("nan")
        chosen = [place for place, name in enumerate(sounds.class_names) if name in self.classes]
        if not chosen:
            return float("nan")
        heard = self.listener.hear([sounds.sounds[place] for place in chosen])
        names = np.asarray([self.listener.spec.classes[best] for best in heard.argmax(axis=1)], dtype=object)
        wanted = [sounds.class_names[place] for place in chosen]
        return float(np.mean([np.mean(names[places] == name) for name, places in places_by_class(wanted).items()]))

    # -- inside

    def _part(self, halves: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]) -> Measured:
        return self.training.taken(halves[0][0])

    def _placed(self, seen: Measured, space: str) -> npt.NDArray[np.float64]:
        return self.spaces[space].placed(seen.raw[space])

    def _overlaps(self, seen: Measured, references: Sequence[str]) -> list[Overlap]:
        found = []
        for reference in references:
            real = self.training if reference == "training" else self.held_out
            if min(len(seen.sounds), len(real.sounds)) < _FEWEST:
                continue
            for space in SPACES:
                here, there = self._placed(seen, space), self._placed(real, space)
                found.append(self._overlap(space, reference, here, there, seen.sounds.groups, real.sounds.groups))
        return found

    def _overlap(
        self,
        space: str,
        reference: str,
        here: npt.NDArray[np.float64],
        there: npt.NDArray[np.float64],
        groups: Sequence[str],
        reference_groups: Sequence[str],
    ) -> Overlap:
        distance = kernel_distance(
            here,
            there,
            bandwidth=self.widths[space],
            groups=groups,
            reference_groups=reference_groups,
            permutations=self.permutations,
            bootstraps=self.permutations,
            seed=self.seed,
        )
        covers = cover(here, there, seed=self.seed)
        return Overlap(
            space=space,
            reference=reference,  # type: ignore[arg-type]
            kernel=distance.value,
            kernel_low=distance.low,
            kernel_high=distance.high,
            p_value=distance.p_value,
            frechet=frechet_distance(here, there),
            precision=covers.precision,
            recall=covers.recall,
            density=covers.density,
            coverage=covers.coverage,
            count=len(here),
            reference_count=len(there),
        )

    def _nearest(self, seen: Measured) -> float:
        """Median distance to the nearest training sound, in the space of descriptors."""
        here, there = self._placed(seen, "descriptors"), self._placed(self.training, "descriptors")
        return float(np.median(_distances(here, there).min(axis=1))) if len(here) else float("nan")

    def _nearest_of_others(self) -> float:
        """The same for training sounds and those of other groups, where nothing was held out."""
        placed = self._placed(self.training, "descriptors")
        groups = np.asarray(self.training.sounds.groups, dtype=object)
        distances = np.where(groups[:, None] == groups[None], np.inf, _distances(placed, placed)).min(axis=1)
        finite = distances[np.isfinite(distances)]
        return float(np.median(finite)) if finite.size else 0.0


def _distances(here: npt.NDArray[np.float64], there: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    squares = (here**2).sum(axis=1)[:, None] + (there**2).sum(axis=1)[None] - 2 * here @ there.T
    return np.sqrt(np.maximum(squares, 0.0))


def clean_share(findings: Sequence[Hygiene]) -> Share:
    """How many of the sounds have no fault."""
    return Share(sum(finding.clean for finding in findings), len(findings))
