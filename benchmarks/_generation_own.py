"""Own sounds: a few kits the starter never heard, from the starter, from nothing, and the starter itself.

Nearness is measured to the taught sounds, beside how often these are copied: whoever learns them by heart lies on top
of them. And it is measured to the half of the sounds of each kit that are never taught, beside how near the 50 taught
ones are to these: where not even they would be told by so few sounds, what a model does is shown beside. Called by the
benchmark ``generation``; alone:
``python -m benchmarks._generation_own STARTER [--full]``.

By default two trainings of at most five processor minutes, and three times 512 sounds: about seven minutes. ``--full``:
20, 50, 200 and all sounds, low rank beside, from a model that heard about half of the corpus: some forty minutes.
"""

from __future__ import annotations

import pickle
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from benchmarks._corpus import cache_folder
from benchmarks._report import Check, Findings, Table, default_data, progress
from benchmarks.judges import HEARD_S, one_shots
from woodshed.artifacts import LoadedModel, load_model
from woodshed.base.files import file_word
from woodshed.base.seeds import derive_seed
from woodshed.metrics import (
    CopyCheck,
    CopyJudge,
    FeatureSpace,
    KernelDistance,
    SoundSet,
    kernel_distance,
    kernel_gap,
    median_bandwidth,
    raw_features,
)
from woodshed.roles import FEW_SOUNDS, DataSpec, Example, Generator, NoLenders, Request
from woodshed.training import Budget, Run, RunSettings, TrainingPlan, train
from woodshed.training.settings import settings_from_base

COUNTS = (20, 50, 200)
TARGET = 50
SECONDS_CPU = 300.0
SPACE = "descriptors"
LEAST_OF_A_KIT = 4
MADE = 1024
HELD_OUT_EACH = 6  # from a starter, one taught sound in so many only says when to stop, unless they are few
ITSELF, NOTHING, TUNED, LOW_RANK = (
    "the starter itself",
    "from nothing",
    "from the starter",
    "from the starter, low rank",
)

Places = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Kits:
    """Sounds of kits that the starter never heard: those that may be taught, those that never are, and other sounds."""

    names: tuple[str, ...]
    pool: SoundSet
    untaught: SoundSet
    others: SoundSet

    def taught(self, count: int) -> SoundSet:
        """So many of the pool, spread evenly over kits and classes."""
        return self.pool.taken(np.linspace(0, len(self.pool) - 1, count).round().astype(int))


@dataclass(frozen=True)
class OwnFigures:
    """One way of making sounds of one's own kind: how far they are from the kits, and how often they copy.

    ``novelty`` is the median distance to the nearest taught sound, that of the untaught sounds of the kits being 1.
    """

    way: str
    sounds: int
    places: Places
    untaught: KernelDistance
    taught: KernelDistance
    novelty: float
    copies: CopyCheck
    cpu_seconds: float


class _Bench:
    """What the ways with so many taught sounds are judged by; each is worked out once and kept in a folder."""

    def __init__(self, kits: Kits, taught: SoundSet, *, folder: Path) -> None:
        self.kits, self.taught, self.folder = kits, taught, folder
        raw = [_raw(side) for side in (kits.untaught, kits.pool, taught)]
        self.space = FeatureSpace.of(np.concatenate(raw[:2]))
        self.untaught_places, pool, self.taught_places = (self.space.placed(side) for side in raw)
        self.width = median_bandwidth(np.concatenate([self.untaught_places, pool]))
        self.judge = CopyJudge(taught, kits.others, plants=8)

    def figures(
        self, way: str, base: Generator, settings: Mapping[str, object] | None, *, seconds_cpu: float
    ) -> OwnFigures:
        """Train in this way, make sounds in the proportions of the untaught ones and measure them."""
        kept = self.folder / f"own-{len(self.taught)}-{file_word(way)}.pickle"
        if not kept.is_file():
            model, spent = base, 0.0
            if settings is not None:
                begin = None if way == NOTHING else base
                model, spent = _trained(self.taught, like=base, base=begin, settings=settings, seconds_cpu=seconds_cpu)
            kept.write_bytes(pickle.dumps(self._judged(way, model, cpu_seconds=spent)))
        found: OwnFigures = pickle.loads(kept.read_bytes())
        progress("; ".join(_cells(found)))
        return found

    def _judged(self, way: str, model: Generator, *, cpu_seconds: float) -> OwnFigures:
        made = _made(model, self.kits.untaught.class_names, count=MADE)
        places = self.space.placed(_raw(made))
        untaught, taught = (
            kernel_distance(places, side, bandwidth=self.width) for side in (self.untaught_places, self.taught_places)
        )
        novelty = self._nearest(places) / self._nearest(self.untaught_places)
        copies = self.judge.check(made)
        return OwnFigures(way, len(self.taught), places, untaught, taught, novelty, copies, cpu_seconds)

    def _at_best(self, other: OwnFigures) -> float:
        """By how much the taught sounds themselves lie nearer to the untaught ones than another way's sounds do."""
        return kernel_gap(self.taught_places, other.places, self.untaught_places, bandwidth=self.width).value

    def _nearest(self, places: Places) -> float:
        return float(np.median(cdist(places, self.taught_places).min(axis=1)))

    def checks(self, figures: Sequence[OwnFigures], *, target: bool) -> list[Check]:
        """Whether the tuned one is nearest, and whether it copies; other counts than the target are only told."""
        by_way = {one.way: one for one in figures}
        tuned = by_way[TUNED]
        words, real = f"own sounds: {len(self.taught)} taught, {TUNED}", len(self.untaught_places)
        checks = []
        for other in (by_way[ITSELF], by_way[NOTHING]):
            near = kernel_gap(tuned.places, other.places, self.taught_places, bandwidth=self.width)
            name = f"{words}: kernel distance to the taught sounds, less that of {other.way}; other sounds made"
            between = f"95 % below 0 (it is {near.low_here:.1f} to {near.high_here:.1f})"
            checks.append(Check(name, near.value, between, holds=near.high_here < 0 or not target))
            gap = kernel_gap(tuned.places, other.places, self.untaught_places, bandwidth=self.width)
            less = f"{words}: kernel distance to {real} untaught sounds of the same kits, less that of {other.way}"
            best = self._at_best(other)
            for name, interval in (
                (f"{less}; other sounds made", (gap.low_here, gap.high_here)),
                (f"{less}; other sounds made, and other sounds of the kits untaught", (gap.low, gap.high)),
            ):
                checks.append(_against_untaught(name, gap.value, interval, best, target=target))
        rate = tuned.copies.made.share
        inside = f"inside the null (<= {tuned.copies.expected:.3f})"
        return [*checks, Check(f"{words}: copy rate", rate, inside, holds=tuned.copies.inside_null)]


def _against_untaught(name: str, value: float, interval: tuple[float, float], best: float, *, target: bool) -> Check:
    """Whether sounds lie nearer to the untaught ones than others do: by how much, and where 95 % of it ends.

    Shown beside where not even the taught sounds themselves, so much nearer than the others as ``best`` says, would be
    told by an interval as wide as this one; and if it is no farther, as far as can be told.
    """
    low, high = interval
    told = best + (high - value) < 0
    asked = "95 % below 0" if told else "shown beside: so few sounds of the kits cannot tell"
    between = f"{asked} (it is {low:.1f} to {high:.1f}; the taught ones themselves {best:.1f})"
    return Check(name, value, between, holds=high < 0 or (not told and low <= 0) or not target)


def own_sounds(data: Path, full: bool, starter: Path, *, folder: Path, seconds_cpu: float = SECONDS_CPU) -> Findings:
    """Fine-tuning on few sounds against training from nothing and against the starter.

    Parameters
    ----------
    data
        The corpus.
    full
        Curves over 20, 50, 200 and all sounds of the kits instead of 50 alone, and low rank beside.
    starter
        A model file. Groups among its sources are passed over: it must never have heard the kits.
    folder
        Where what was worked out is kept.
    seconds_cpu
        Processor time of each training.
    """
    loaded = load_model(starter)
    kits = _unheard(data, loaded, enough=2 * (250 if full else TARGET))
    progress(f"kits {', '.join(kits.names)}: {len(kits.pool)} to be taught, {len(kits.untaught)} never taught")
    counts = {min(count, len(kits.pool)) for count in ((*COUNTS, len(kits.pool)) if full else (TARGET,))}
    checks, rows = [], []
    for count in sorted(counts):
        bench = _Bench(kits, kits.taught(count), folder=folder)
        figures = own_figures(bench, loaded, full=full, seconds_cpu=seconds_cpu)
        checks += bench.checks(figures, target=count <= TARGET or not full)
        rows += [_cells(one) for one in figures]
    caption = f"Own sounds: {len(kits.names)} kits the starter never heard, {MADE} made of each; kernel distance, 95 %"
    return Findings(checks, [Table(caption, COLUMNS, rows)])


def own_figures(bench: _Bench, starter: LoadedModel, *, full: bool, seconds_cpu: float) -> list[OwnFigures]:
    """The starter as it is, trained from nothing, trained from the starter in full, and if asked at low rank."""
    base = starter.model
    assert isinstance(base, Generator)
    mild = settings_from_base(len(bench.taught), rehearses=True)
    ways: dict[str, Mapping[str, object] | None] = {ITSELF: None, NOTHING: {}, TUNED: mild}
    if full:
        ways[LOW_RANK] = {**mild, "adapt": "low-rank"}
    return [bench.figures(way, base, settings, seconds_cpu=seconds_cpu) for way, settings in ways.items()]


COLUMNS = (
    "taught",
    "way",
    "to untaught sounds of the kits",
    "to the taught ones",
    "novelty",
    "likenesses",
    "CPU seconds",
)


def _cells(one: OwnFigures) -> tuple[str, ...]:
    distances = [f"{found.value:.1f} ({found.low:.1f} to {found.high:.1f})" for found in (one.untaught, one.taught)]
    return (
        str(one.sounds),
        one.way,
        *distances,
        f"{one.novelty:.2f}",
        f"{one.copies.made.count} of {one.copies.made.of}",
        f"{one.cpu_seconds:.0f}",
    )


def _unheard(data: Path, starter: LoadedModel, *, enough: int) -> Kits:
    """The largest kits that the starter never heard, until they hold enough sounds; every other one may be taught."""
    real = one_shots(data)
    heard = {source.group for source in starter.card.teachers}
    rate_hz, channels = starter.card.sample_rate_hz, starter.card.channels
    sizes = Counter(group for group in real.groups if group not in heard)
    chosen: list[str] = []
    for group in sorted(sizes, key=lambda group: (-sizes[group], group)):
        if sizes[group] >= LEAST_OF_A_KIT and sum(sizes[one] for one in chosen) < enough:
            chosen.append(group)
    real = real.changed(one.resampled(rate_hz) if one.sample_rate_hz != rate_hz else one for one in real.sounds)
    if channels == 1:
        real = real.changed(one.mono() for one in real.sounds)
    groups = np.asarray(real.groups, dtype=object)
    inside = np.isin(groups, chosen)
    outside = ~inside & ~np.isin(groups, sorted(heard))
    if outside.sum() < 20:  # too few that it never heard: the null is then taken from those it did
        outside = ~inside
    kits = real.taken(np.flatnonzero(inside))
    luck = np.random.default_rng(5).random(len(kits))
    order = sorted(range(len(kits)), key=lambda place: (kits.groups[place], kits.class_names[place], luck[place]))
    return Kits(tuple(chosen), kits.taken(order[::2]), kits.taken(order[1::2]), real.taken(np.flatnonzero(outside)))


def _trained(
    taught: SoundSet, *, like: Generator, base: Generator | None, settings: Mapping[str, object], seconds_cpu: float
) -> tuple[Generator, float]:
    known = like.spec.classes if base else ()
    classes = (*known, *sorted(set(taught.class_names) - set(known)))
    config = like.config.model_copy(update=dict(like.settings_for(len(taught), base=base.config if base else None)))
    model = type(like)(config, DataSpec(like.spec.sample_rate_hz, like.spec.channels, classes), seed=3)
    examples = [
        Example(sound, classes.index(name), content_id)
        for sound, name, content_id in zip(taught.sounds, taught.class_names, taught.names, strict=True)
    ]
    held_out = examples[::HELD_OUT_EACH] if base and len(taught) >= FEW_SOUNDS else None
    learned = [one for place, one in enumerate(examples) if place % HELD_OUT_EACH] if held_out else examples
    plan = TrainingPlan(Budget(cpu_seconds=seconds_cpu), seed=3, settings=RunSettings.model_validate(settings))
    with tempfile.TemporaryDirectory() as folder:
        judged = (lambda: held_out) if held_out else None
        done = train(model, lambda: learned, plan=plan, run=Run(Path(folder) / "run"), base=base, held_out=judged)
    progress(f"{done.verdict} Chosen: {done.chosen}.")
    assert isinstance(done.model, Generator)
    return done.model, done.cpu_seconds


def _made(model: Generator, class_names: Sequence[str], *, count: int) -> SoundSet:
    """Sounds in the proportions of the given classes; a class the model does not know is asked for without a class."""
    rng = np.random.default_rng(11)
    drawn = [class_names[int(place)] for place in rng.integers(len(class_names), size=count)]
    requests = [
        Request(seed=derive_seed(7, "own", number) % 2**62, class_name=name if name in model.spec.classes else None)
        for number, name in enumerate(drawn)
    ]
    sounds = []
    for start in range(0, count, 64):
        sounds += [one.sound for one in model.generate(requests[start : start + 64], lenders=NoLenders())]
    return SoundSet(tuple(sounds), tuple(drawn))


def _raw(sounds: SoundSet) -> np.ndarray:
    return raw_features(sounds.alike(duration_s=HEARD_S).sounds, space=SPACE)


if __name__ == "__main__":
    model_file = Path(sys.argv[1])
    kept = cache_folder("own", default_data(), model_file.read_bytes())
    found = own_sounds(default_data(), "--full" in sys.argv, model_file, folder=kept)
    for check in found.checks:
        progress(f"{'holds' if check.holds else 'FAILS'}  {check.name}: {check.value} (target {check.target})")
