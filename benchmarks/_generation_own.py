"""Own sounds: a few kits the starter never heard, from the starter, from nothing, and the starter itself.

Called by the benchmark ``generation``; alone: ``python -m benchmarks._generation_own STARTER [--full]``.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks._report import Check, default_data, progress
from benchmarks.judges import HEARD_S, one_shots
from woodshed.artifacts import LoadedModel, load_model
from woodshed.base.seeds import derive_seed
from woodshed.metrics import (
    CopyCheck,
    CopyJudge,
    FeatureSpace,
    KernelDistance,
    SoundSet,
    kernel_distance,
    median_bandwidth,
    raw_features,
)
from woodshed.roles import DataSpec, Example, Generator, NoLenders, Request
from woodshed.training import Budget, Run, RunSettings, TrainingPlan, train
from woodshed.training.settings import settings_from_base

COUNTS = (20, 50, 200)
SECONDS_CPU = 300.0
SPACE = "descriptors"
LEAST_OF_A_KIT = 12


@dataclass(frozen=True)
class OwnFigures:
    """One way of making sounds of one's own kind: how far they are from the kits, and how often they copy."""

    way: str
    sounds: int
    distance: KernelDistance
    copies: CopyCheck
    cpu_seconds: float


class _Bench:
    """The kits, the sounds of them that are taught, and what everything is judged by."""

    def __init__(self, taught: SoundSet, kits: SoundSet, others: SoundSet, *, made_count: int) -> None:
        self.taught, self.kits, self.others, self.made_count = taught, kits, others, made_count
        raw = _raw(kits)
        self.space = FeatureSpace.of(raw)
        self.places = self.space.placed(raw)

    def judged(self, way: str, model: Generator, *, cpu_seconds: float, judge: CopyJudge) -> OwnFigures:
        """Make sounds in the proportions of the kits and measure them."""
        made = _made(model, self.kits.class_names, count=self.made_count)
        places = self.space.placed(_raw(made))
        distance = kernel_distance(places, self.places, bandwidth=median_bandwidth(self.places))
        figures = OwnFigures(way, len(self.taught), distance, judge.check(made), cpu_seconds)
        progress(
            f"{len(self.taught)} sounds, {way}: kernel distance {distance.value:.1f} "
            f"({distance.low:.1f} to {distance.high:.1f}), copies {figures.copies.made.count} of {len(made)}, "
            f"{cpu_seconds:.0f} s of processor time"
        )
        return figures


def own_sounds_checks(data: Path, full: bool, starter: Path, *, seconds_cpu: float = SECONDS_CPU) -> list[Check]:
    """Fine-tuning on few sounds against training from nothing and against the starter.

    Parameters
    ----------
    data
        The corpus.
    full
        Curves over 20, 50, 200 and all sounds of the kits instead of 50 alone.
    starter
        A model file. Groups among its sources are passed over: it must never have heard the kits.
    seconds_cpu
        Processor time of each training.
    """
    loaded = load_model(starter)
    unseen, kits, others = _divided(data, loaded, enough=250 if full else 60)
    counts = [count for count in (*COUNTS, len(kits)) if count <= len(kits)] if full else [50]
    found: list[Check] = []
    for count in sorted(set(counts)):
        taught = kits.taken(np.random.default_rng(5).permutation(len(kits))[:count])
        figures = own_figures(
            _Bench(taught, kits, others, made_count=512 if full else 200), loaded, seconds_cpu=seconds_cpu
        )
        found += _checks(figures, target=count == 50)
    progress(f"{len(kits)} sounds of the kits {', '.join(unseen)}")
    return found


def own_figures(bench: _Bench, starter: LoadedModel, *, seconds_cpu: float) -> list[OwnFigures]:
    """The starter as it is, trained from nothing, trained from the starter in full and at low rank."""
    judge = CopyJudge(bench.taught, bench.others, plants=8)
    base = starter.model
    assert isinstance(base, Generator)
    found = [bench.judged("the starter itself", base, cpu_seconds=0.0, judge=judge)]
    ways: list[tuple[str, Generator | None, dict[str, object]]] = [
        ("from nothing", None, {}),
        ("from the starter", base, settings_from_base(len(bench.taught))),
        ("from the starter, low rank", base, {**settings_from_base(len(bench.taught)), "adapt": "low-rank"}),
    ]
    for way, begin, settings in ways:
        model, cpu_seconds = _trained(bench.taught, like=base, base=begin, settings=settings, seconds_cpu=seconds_cpu)
        found.append(bench.judged(way, model, cpu_seconds=cpu_seconds, judge=judge))
    return found


def _checks(figures: Sequence[OwnFigures], *, target: bool) -> list[Check]:
    by_way = {one.way: one for one in figures}
    tuned = by_way["from the starter"]
    checks = []
    for one in figures:
        words = (
            f"own sounds: kernel distance of {one.sounds}, {one.way} ({one.distance.low:.1f}-{one.distance.high:.1f})"
        )
        checks.append(Check(words, one.distance.value, "told", holds=True))
    for other in ("the starter itself", "from nothing"):
        name = f"own sounds: {tuned.sounds} from the starter, upper end against the lower end, {other}"
        bound = by_way[other].distance.low
        holds = tuned.distance.high < bound
        checks.append(Check(name, tuned.distance.high, f"< {bound:.1f}", holds=holds or not target))
    copies = tuned.copies
    name = f"own sounds: copy rate of {tuned.sounds} from the starter"
    checks.append(
        Check(name, copies.made.share, f"inside the null (<= {copies.expected:.3f})", holds=copies.inside_null)
    )
    return checks


def _divided(data: Path, starter: LoadedModel, *, enough: int) -> tuple[list[str], SoundSet, SoundSet]:
    """The largest kits that the starter never heard, until they hold enough sounds; and other sounds it never heard."""
    real = one_shots(data)
    heard = {source.group for source in starter.card.teachers}
    rate_hz, channels = starter.card.sample_rate_hz, starter.card.channels
    groups = np.asarray(real.groups, dtype=object)
    sizes = {group: int(np.sum(groups == group)) for group in sorted(set(real.groups) - heard)}
    chosen: list[str] = []
    for group in sorted(sizes, key=lambda group: -sizes[group]):
        if sizes[group] >= LEAST_OF_A_KIT and sum(sizes[one] for one in chosen) < enough:
            chosen.append(group)
    real = real.changed(one.resampled(rate_hz) if one.sample_rate_hz != rate_hz else one for one in real.sounds)
    if channels == 1:
        real = real.changed(one.mono() for one in real.sounds)
    inside = np.isin(groups, chosen)
    outside = ~inside & ~np.isin(groups, sorted(heard))
    if outside.sum() < 20:  # too few that it never heard: the null is then taken from those it did
        outside = ~inside
    return chosen, real.taken(np.flatnonzero(inside)), real.taken(np.flatnonzero(outside))


def _trained(
    taught: SoundSet, *, like: Generator, base: Generator | None, settings: dict[str, object], seconds_cpu: float
) -> tuple[Generator, float]:
    known = like.spec.classes if base else ()
    classes = (*known, *sorted(set(taught.class_names) - set(known)))
    model = type(like)(like.config, DataSpec(like.spec.sample_rate_hz, like.spec.channels, classes), seed=3)
    examples = [
        Example(sound, classes.index(name), content_id)
        for sound, name, content_id in zip(taught.sounds, taught.class_names, taught.names, strict=True)
    ]
    plan = TrainingPlan(Budget(cpu_seconds=seconds_cpu), seed=3, settings=RunSettings.model_validate(settings))
    with tempfile.TemporaryDirectory() as folder:
        done = train(model, lambda: examples, plan=plan, run=Run(Path(folder) / "run"), base=base)
    assert isinstance(done.model, Generator)
    return done.model, done.cpu_seconds


def _made(model: Generator, class_names: Sequence[str], *, count: int) -> SoundSet:
    """Sounds in the proportions of the given classes; a class the model does not know is asked for without a class."""
    rng = np.random.default_rng(11)
    drawn = [class_names[place] for place in rng.integers(len(class_names), size=count)]
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
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 and sys.argv[2] != "--full" else SECONDS_CPU
    for check in own_sounds_checks(default_data(), "--full" in sys.argv, Path(sys.argv[1]), seconds_cpu=seconds):
        progress(f"{'holds' if check.holds else 'FAILS'}  {check.name}: {check.value} (target {check.target})")
