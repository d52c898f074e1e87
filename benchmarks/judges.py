"""What the judges can tell on real one-shots: degradations in order, classes apart, tricks in place, copies found.

The numbers of ``docs/measuring.md`` come from here: ``python -m benchmarks.judges`` (some minutes on one core;
``--full`` also trains the listener on several divisions of the kits).
"""

from __future__ import annotations

import csv
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import signal

from benchmarks._report import Check, at_least, at_most, progress, run_benchmark
from woodshed.metrics import (
    ALL_AT_ONCE,
    CHANGES,
    REFERENCES,
    SINGLE_CHANGES,
    SPACES,
    CopyGuard,
    CopyIndex,
    CopyJudge,
    FeatureSpace,
    SoundSet,
    cover,
    frechet_distance,
    half_places,
    kernel_distance,
    median_bandwidth,
    plant,
    raw_features,
    respeeded,
)
from woodshed.roles import DataSpec, Example, Listener, family_class
from woodshed.sound import Sound, read_sound
from woodshed.training import Budget, Run, TrainingPlan, train

RATE_HZ = 44100
HEARD_S = 1.5
LEFT_OUT = ("fx", "synth")
TOGETHER = {
    **dict.fromkeys(("cymbal-crash", "cymbal-ride", "cymbal-china", "cymbal-splash"), "cymbal"),
    **dict.fromkeys(("bongo", "conga", "tabla", "body", "clave", "cowbell", "triangle", "tambourine"), "perc"),
    "hat-pedal": "hat-closed",
    "snap": "clap",
}
DIVISIONS = (0, 1, 2, 3)
COPY_DIVISIONS = (1, 2, 3)
PLANTS = 20  # of each change in each division


def _low_passed(sound: Sound, cutoff_hz: float) -> Sound:
    sections = signal.butter(4, cutoff_hz, fs=sound.sample_rate_hz, output="sos")
    return Sound(signal.sosfilt(sections, sound.data), sound.sample_rate_hz)


def _hissing(sound: Sound, level_db: float) -> Sound:
    noise = np.random.default_rng(sound.frames).normal(size=sound.data.shape)
    return Sound(sound.data + sound.peak * 10 ** (level_db / 20) * noise, sound.sample_rate_hz)


def _smeared(sound: Sound, rise_s: float) -> Sound:
    rise = np.minimum(1, np.arange(sound.frames) / (rise_s * sound.sample_rate_hz)) ** 2
    return Sound(sound.data * rise, sound.sample_rate_hz)


def _clipped(sound: Sound, share: float) -> Sound:
    return Sound(np.clip(sound.data, -share * sound.peak, share * sound.peak), sound.sample_rate_hz)


DEGRADATIONS: dict[str, tuple[Callable[[Sound, float], Sound], tuple[float, ...]]] = {
    "low-pass at Hz": (_low_passed, (12000, 8000, 4000, 2000)),
    "hiss at dB": (_hissing, (-60, -50, -40, -30)),
    "clip at share of peak": (_clipped, (0.7, 0.5, 0.25, 0.1)),
    "attack smeared over s": (_smeared, (0.01, 0.025, 0.05, 0.1)),
    "pitch up by cents": (lambda sound, cents: respeeded(sound, cents=cents), (200, 400, 800)),
    "pitch down by cents": (lambda sound, cents: respeeded(sound, cents=-cents), (200, 400, 800)),
    "tail cut to share": (lambda sound, share: sound.section(0, max(64, int(share * sound.frames))), (0.7, 0.5, 0.3)),
}


def checks(data: Path, full: bool) -> list[Check]:
    """All of it, each against what the judges must be able to do."""
    real = one_shots(data)
    progress(f"{len(real)} one-shots of {len(set(real.groups))} groups")
    raw = {space: raw_features(real.alike(duration_s=HEARD_S).sounds, space=space) for space in SPACES}
    found = [check for space in SPACES for check in _space_checks(real, raw[space], space)]
    found += _copy_checks(real)
    return found + (_listener_checks(real) if full else [])


def one_shots(data: Path) -> SoundSet:
    """The labelled one-shots at 44.1 kHz, in super-classes, without the classes that are no instrument."""
    with (data / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "oneshot" and row["class"] not in LEFT_OUT]
    return SoundSet(
        tuple(read_sound(data / row["path"]).resampled(RATE_HZ) for row in rows),
        tuple(TOGETHER.get(row["class"], row["class"]) for row in rows),
        tuple(row["group"] for row in rows),
        tuple(row["path"] for row in rows),
    )


def divided(real: SoundSet, *, held_out: float, seed: int) -> tuple[SoundSet, SoundSet]:
    """Two parts, no group on both sides."""
    names = np.asarray(real.groups, dtype=object)
    chosen: set[str] = set()
    for group in np.random.default_rng(seed).permutation(sorted(set(real.groups))):
        if np.isin(names, [*chosen, group]).mean() <= 1.05 * held_out:
            chosen.add(str(group))
    inside = np.isin(names, sorted(chosen))
    return real.taken(np.flatnonzero(~inside)), real.taken(np.flatnonzero(inside))


def _space_checks(real: SoundSet, raw: np.ndarray, space: str) -> list[Check]:
    fitted = FeatureSpace.of(raw)
    reference = fitted.placed(raw)
    width = median_bandwidth(reference)

    def placed(sounds: SoundSet) -> np.ndarray:
        return fitted.placed(raw_features(sounds.alike(duration_s=HEARD_S).sounds, space=space))

    def apart(points: np.ndarray) -> float:
        return kernel_distance(points, reference, bandwidth=width, permutations=0, bootstraps=0).value

    some = real.taken(np.random.default_rng(3).permutation(len(real))[:250])
    in_order = 0
    for name, (degrade, amounts) in DEGRADATIONS.items():
        values = [apart(placed(some.changed(degrade(sound, amount) for sound in some.sounds))) for amount in amounts]
        in_order += values == sorted(values)
        progress(f"{space}: {name} {amounts}: {[round(value, 1) for value in values]}")
    kernels = {}
    like = tuple(np.random.default_rng(0).permutation(real.class_names)[:400].tolist())
    for name, make in REFERENCES.items():
        points = placed(make(real, like=like, seed=1))
        kernels[name], covers = apart(points), cover(points, reference)
        progress(
            f"{space}: {name}: kernel {kernels[name]:.1f}, Frechet {frechet_distance(points, reference):.1f}, "
            f"precision {covers.precision:.2f}, recall {covers.recall:.2f}, coverage {covers.coverage:.2f}"
        )
    halves = [half_places(real.groups, seed=seed) for seed in range(10)]
    floors = [
        kernel_distance(reference[a], reference[b], bandwidth=width, permutations=0, bootstraps=0).value
        for a, b in halves
    ]
    progress(f"{space}: half the kits against the other: mean {np.mean(floors):.1f}, largest {max(floors):.1f}")
    return [
        at_least(f"{space}: degradations in order, of {len(DEGRADATIONS)}", in_order, len(DEGRADATIONS)),
        at_least(
            f"{space}: class of the nearest sound of another kit is the same", _one_nearest(reference, real), 0.45
        ),
        at_most(f"{space}: real drawn again, kernel distance", kernels["real, drawn again"], 3.0),
        at_least(f"{space}: noise over mean of two", kernels["coloured noise"] / kernels["mean of two"], 3.0),
    ]


def _one_nearest(places: np.ndarray, real: SoundSet) -> float:
    distances = np.linalg.norm(places[:, None] - places[None], axis=-1)
    groups, classes = np.asarray(real.groups, dtype=object), np.asarray(real.class_names, dtype=object)
    distances[groups[:, None] == groups[None]] = np.inf
    return float(np.mean(classes[distances.argmin(axis=1)] == classes))


def _copy_checks(real: SoundSet) -> list[Check]:
    """Planted copies and false alarms over several divisions of the kits, fresh plants in each."""
    found: dict[str, list[int]] = {change: [0, 0] for change in CHANGES}
    alarms, seconds, training = [0, 0], 0.0, real
    for seed in COPY_DIVISIONS:
        training, held_out = divided(real, held_out=0.3, seed=seed)
        first, second = half_places(held_out.groups, seed=seed)
        judge = CopyJudge(training, held_out.taken(first), plants=PLANTS, seed=seed)
        began = time.process_time()
        check = judge.check(held_out.taken(second))
        seconds = (time.process_time() - began) / len(second)
        alarms = [alarms[0] + check.made.count, alarms[1] + check.made.of]
        for change, share in check.control.items():
            found[change] = [found[change][0] + share.count, found[change][1] + share.of]
        shown = {change: f"{share.count} of {share.of}" for change, share in check.control.items()}
        progress(f"division {seed}: threshold {check.threshold:.3f} from {check.null.of}; planted copies {shown}")
        progress(f"division {seed}: false alarms {check.made.count} of {check.made.of}; by measure {check.by_measure}")
    return [
        *(
            at_least(
                f"planted copies, {change}: share of {of} found", count / of, 0.95 if change in SINGLE_CHANGES else 0.8
            )
            for change, (count, of) in found.items()
        ),
        at_most(
            f"real sounds of kits that set no threshold, {alarms[1]}: share called copies", alarms[0] / alarms[1], 0.02
        ),
        at_most(f"512 sounds beside {len(training)}: processor seconds of the copy check", 512 * seconds, 60.0),
        *_guard_checks(real),
    ]


def _found_check(change: str, count: int, of: int) -> Check:
    target = 0.95 if change in SINGLE_CHANGES else 0.8
    return at_least(f"planted copies, {change}: share of {of} found", count / of, target)


def _guard_checks(real: SoundSet) -> list[Check]:
    """The guard of the generator: what it finds, what it refuses in vain, what it costs."""
    training, held_out = divided(real, held_out=0.2, seed=1)
    guard = CopyGuard(CopyIndex(training.sounds), names=training.names)
    began = time.process_time()
    refused = sum(one.refused for one in guard.judge(held_out.sounds))
    cost_ms = 1000 * (time.process_time() - began) / len(held_out)
    places = np.random.default_rng(7).permutation(len(training))[: 2 * PLANTS]
    planted = [plant(training.sounds[at], change=ALL_AT_ONCE, seed=int(at)) for at in places]
    caught = sum(one.refused for one in guard.judge(planted))
    return [
        at_least(f"guard: copies with all changes at once, {len(planted)}: share refused", caught / len(planted), 0.8),
        at_most(f"guard: {len(held_out)} unseen real sounds: share refused", refused / len(held_out), 0.02),
        at_most("guard: milliseconds a sound", cost_ms, 25.0),
    ]


def _listener_checks(real: SoundSet) -> list[Check]:
    shares = [_listener_share(*divided(real, held_out=0.27, seed=seed), seed=seed) for seed in DIVISIONS]
    progress(f"listener, held-out kits: {[round(share, 3) for share in shares]}")
    return [
        at_least(f"listener: right about held-out kits, mean of {len(shares)} divisions", float(np.mean(shares)), 0.46)
    ]


def _listener_share(training: SoundSet, held_out: SoundSet, *, seed: int) -> float:
    kind = family_class("mel-listener")
    classes = tuple(sorted(set(training.class_names)))
    examples = [Example(s, classes.index(name)) for s, name in zip(training.sounds, training.class_names, strict=True)]
    model = kind(kind.PRESETS["laptop"], DataSpec(RATE_HZ, 1, classes), seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        plan = TrainingPlan(Budget(steps=300), seed=seed)
        trained = train(model, lambda: examples, plan=plan, run=Run(Path(folder))).model.eval()
    assert isinstance(trained, Listener)
    judged = held_out.taken(place for place, name in enumerate(held_out.class_names) if name in classes)
    heard = trained.hear(judged.sounds).argmax(axis=1)
    return float(np.mean([classes[best] == name for best, name in zip(heard, judged.class_names, strict=True)]))


if __name__ == "__main__":
    run_benchmark("judges", checks)
