"""What must hold of made loops: they close, keep length and tempo, lie on the grid as real ones do, and come fast."""

from __future__ import annotations

import csv
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks._report import Check, at_least, at_most, progress
from woodshed.families.generators.loop_flow import LoopFlow
from woodshed.metrics import CopyFinder, grid_fit, seam_of
from woodshed.roles import DataSpec, Example, LenderPool, NoLenders, Request
from woodshed.sound import Sound, read_sound
from woodshed.tasks.loop import seamless
from woodshed.training import Budget, Run, TrainingPlan, train

RATE = 44100
BAR_SIXTEENTHS = 16
_HELD_OUT = 0.25
_STEPS = 600  # about two minutes of one core
_BPM = (90.0, 124.0, 128.0, 132.0, 140.0, 107.5)
_CLASS = "drums"


@dataclass(frozen=True)
class RealLoop:
    """A loop of the corpus and what its manifest says."""

    sound: Sound
    name: str
    class_name: str
    group: str
    bpm: float | None
    bars: int | None


class _Lenders(LenderPool):
    def __init__(self, loops: list[RealLoop]) -> None:
        self.loops = {loop.name: loop for loop in loops}

    def content_ids(self) -> list[str]:
        return sorted(self.loops)

    def class_name(self, content_id: str) -> str | None:
        return self.loops[content_id].class_name

    def read(self, content_id: str) -> Sound:
        return self.loops[content_id].sound

    def key(self) -> str:
        return f"corpus-{len(self.loops)}"


def loop_checks(data: Path, full: bool) -> list[Check]:
    """Train on loops, split by group, and measure what comes out beside real loops."""
    loops = real_loops(data)
    train_loops, held_out = _split(loops)
    progress(f"loops: {len(train_loops)} to learn from, {len(held_out)} of other groups")
    model = _trained(train_loops, steps=800 if full else _STEPS)
    pool = _Lenders(train_loops)
    model.index(pool)
    checks = [_speed(model, pool, "borrowed"), _speed(model, NoLenders(), "nothing borrowed")]
    count = 36 if full else 24
    for lenders, name in ((pool, "borrowed"), (NoLenders(), "nothing borrowed")):
        checks += _made_checks(model, lenders, name, count=count, real=loops)
    checks += _copy_checks(model, pool, train_loops, held_out, count=count)
    return checks + _recording_checks(loops if full else loops[::3])


def real_loops(data: Path) -> list[RealLoop]:
    """The loops of a corpus that may be learned from, stereo, at one rate."""
    loops = []
    with (data / "manifest.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["kind"] == "loop" and row["train_ok"] == "yes":
                sound = read_sound(data / row["path"]).resampled(RATE).with_channels(2)
                bpm = float(row["bpm"]) if row["bpm"] else None
                bars = int(row["bars"]) if row["bars"] else None
                loops.append(RealLoop(sound, row["path"], row["class"], row["group"], bpm, bars))
    return loops


def _split(loops: list[RealLoop]) -> tuple[list[RealLoop], list[RealLoop]]:
    groups = sorted({loop.group for loop in loops})
    order = np.random.default_rng(3).permutation(len(groups))
    held: set[str] = set()
    for number in order:
        inside = sum(loop.group in held | {groups[number]} for loop in loops)
        if inside <= _HELD_OUT * len(loops):
            held.add(groups[number])
    return [loop for loop in loops if loop.group not in held], [loop for loop in loops if loop.group in held]


def _trained(loops: list[RealLoop], *, steps: int) -> LoopFlow:
    classes = tuple(sorted({loop.class_name for loop in loops}))
    examples = [
        Example(loop.sound, classes.index(loop.class_name), loop.name, bpm=loop.bpm, bars=loop.bars) for loop in loops
    ]
    model = LoopFlow(LoopFlow.PRESETS["laptop"], DataSpec(RATE, 2, classes), seed=1)
    with tempfile.TemporaryDirectory() as folder:
        plan = TrainingPlan(Budget(steps=steps), seed=1)
        trained = train(model, lambda: examples, plan=plan, run=Run(Path(folder) / "run")).model
    assert isinstance(trained, LoopFlow)
    return trained.eval()


def _speed(model: LoopFlow, pool: LenderPool, name: str) -> Check:
    requests = [Request(seed=seed, class_name=_CLASS, bpm=120.0, bars=4) for seed in range(4)]
    model.generate(requests[:1], lenders=pool)
    started = time.process_time()
    made = model.generate(requests[1:], lenders=pool)
    spent = time.process_time() - started
    seconds = sum(one.sound.duration_s for one in made)
    return at_least(f"loops: 8 s stereo, times real time, {name}", seconds / spent, 8.0)


def _made_checks(model: LoopFlow, pool: LenderPool, name: str, *, count: int, real: list[RealLoop]) -> list[Check]:
    asked = [
        Request(seed=seed, class_name=_CLASS, bpm=_BPM[seed % len(_BPM)], bars=2 + 2 * (seed % 2 == 0))
        for seed in range(count)
    ]
    asked = [request for request in asked if (request.bars or 0) * 240 / (request.bpm or 1) <= model.max_duration_s]
    made = [one.sound for one in model.generate(asked, lenders=pool)]
    off = [abs(s.frames - round((r.bars or 0) * 240 * RATE / (r.bpm or 1))) for s, r in zip(made, asked, strict=True)]
    sixteenths = [BAR_SIXTEENTHS * (request.bars or 1) for request in asked]
    seams = [seam_of(sound, sixteenths=number) for sound, number in zip(made, sixteenths, strict=True)]
    bar_lines = [
        seam_of(_turned(sound, bars=request.bars or 1), sixteenths=number)
        for sound, request, number in zip(made, asked, sixteenths, strict=True)
    ]
    fits = [grid_fit(sound, sixteenths=number) for sound, number in zip(made, sixteenths, strict=True)]
    apart = [abs(fit.tempo_ratio - 1) * 100 for fit in fits if np.isfinite(fit.tempo_ratio)]
    played = [
        grid_fit(loop.sound, sixteenths=BAR_SIXTEENTHS * loop.bars).offset_ms
        for loop in real
        if loop.class_name == _CLASS and loop.bars
    ]
    inner = float(np.mean([seam.flux_percentile <= 95 for seam in bar_lines]))
    note = f"{name}, n {len(made)}"
    return [
        at_most(f"loops: frames off the length asked for, {note}", max(off), 0),
        at_least(
            f"loops: share with the seam's jump inside the interior's 95th percentile, {note}",
            float(np.mean([seam.jump_percentile <= 95 for seam in seams])),
            0.9,
        ),
        at_least(
            f"loops: share with the seam's flux inside the 95th percentile (a bar line within: {inner:.2f}), {note}",
            float(np.mean([seam.flux_percentile <= 95 for seam in seams])),
            round(inner - 0.15, 2),
        ),
        at_most(f"loops: tempo off, median, {note}", float(np.median(apart)), 0.5, unit="%"),
        at_most(f"loops: tempo off, nine of ten, {note}", float(np.quantile(apart, 0.9)), 0.5, unit="%"),
        at_most(
            f"loops: hits off the grid, median, {note} (target: nine of ten real loops)",
            float(np.nanmedian([fit.offset_ms for fit in fits])),
            round(float(np.nanquantile(played, 0.9)), 2),
            unit="ms",
        ),
        at_most(
            f"loops: hits off the grid, median, {note} (target: median of {len(played)} real loops + 1 ms)",
            float(np.nanmedian([fit.offset_ms for fit in fits])),
            round(float(np.nanmedian(played)) + 1.0, 2),
            unit="ms",
        ),
    ]


def _turned(loop: Sound, *, bars: int) -> Sound:
    """The loop begun at a bar line inside it."""
    return Sound(np.roll(loop.data, -(loop.frames * (bars // 2) // bars), axis=1), loop.sample_rate_hz)


def _copy_checks(
    model: LoopFlow, pool: _Lenders, learned: list[RealLoop], held_out: list[RealLoop], *, count: int
) -> list[Check]:
    """Starts of beats of made loops against all of every loop learned from, beside held-out real loops'."""
    finder = CopyFinder([loop.sound for loop in learned])
    asked = [Request(seed=500 + seed, class_name=_CLASS, bpm=_BPM[seed % 6], bars=2) for seed in range(count)]
    made = [one.sound for one in model.generate(asked, lenders=pool)]
    real = [loop.sound for loop in held_out if loop.class_name == _CLASS][:count]
    likeness = [
        finder.nearest([_beat(sound, beat) for sound in sounds for beat in (0, 3)], candidates=0).likeness
        for sounds in (made, real)
    ]
    return [
        at_most(
            f"loops: likeness of the nearest training loop, nine of ten of {len(likeness[0])} beats "
            f"(target: {len(likeness[1])} beats of real loops of other groups)",
            float(np.quantile(likeness[0], 0.9)),
            round(float(np.quantile(likeness[1], 0.9)), 3),
        )
    ]


def _beat(loop: Sound, number: int) -> Sound:
    start = loop.frames * number // 8
    return loop.section(start, min(loop.frames, start + RATE // 2))


def _recording_checks(loops: list[RealLoop]) -> list[Check]:
    """The task `loop` on phrases cut anywhere out of real loops."""
    phrases = [loop.sound.section(int(0.05 * loop.sound.frames), int(0.88 * loop.sound.frames)) for loop in loops]
    closed = [seamless(phrase, bpm=None, bars=None) for phrase in phrases]
    before = np.mean([seam_of(phrase).jump_percentile <= 95 for phrase in phrases])
    after = [seam_of(loop, sixteenths=4 * beats) for loop, beats in closed]
    return [
        at_least(
            f"loop task: share with the jump inside the 95th percentile, n {len(after)} (before: {before:.2f})",
            float(np.mean([seam.jump_percentile <= 95 for seam in after])),
            0.9,
        ),
        at_least(
            f"loop task: share with the flux inside the 95th percentile, n {len(after)}",
            float(np.mean([seam.flux_percentile <= 95 for seam in after])),
            0.9,
        ),
    ]
