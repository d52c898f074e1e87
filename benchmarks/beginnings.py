"""How new attacks and loops of the starters begin: ``python -m benchmarks.beginnings`` (a minute)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from benchmarks._report import Check, at_least, at_most, run_benchmark
from woodshed.artifacts.model_file import load_model
from woodshed.artifacts.shelf import starters_folder
from woodshed.dsp import amplitude_envelope, turned_to_hit
from woodshed.families.generators._band_flow_striking import most_alike
from woodshed.families.generators.loop_flow import LoopFlow
from woodshed.metrics import grid_fit, seam_of
from woodshed.roles import Fills, NoLenders, Request
from woodshed.sound import Sound, read_sound

RATE = 44100
_CLASSES = {"kick": 3, "snare": 3, "tom": 2, "hat-closed": 2, "hat-open": 1, "clap": 2, "rim": 2, "cymbal-crash": 1}
_SEEDS = 4
_STOP, _BEGUN, _LAG = round(0.05 * RATE), round(0.01 * RATE), round(0.005 * RATE)
_BPM = (90.0, 124.0, 128.0, 132.0, 140.0, 107.5)

Numbers = npt.NDArray[np.floating]


@dataclass(frozen=True)
class _Attack:
    """A new attack beside the old one: levels, peak and time in how far off they are, and likenesses (0 to 1)."""

    begun_db: float
    region_db: float
    peak_db: float
    time_ms: float
    copied: float
    outside: float


def checks(data: Path, full: bool) -> list[Check]:
    """New attacks on real sounds of many kits, then loops of drums."""
    return _attack_checks(data, seeds=2 * _SEEDS if full else _SEEDS) + _loop_checks(96 if full else 48)


def _attack_checks(data: Path, *, seeds: int) -> list[Check]:
    model = load_model(starters_folder() / "starter.safetensors").model.eval()
    assert isinstance(model, Fills)
    found, between = [], []
    for sound in _sounds(data):
        made = [
            model.fill(sound, regions=[(0, _STOP)], seed=seed, lenders=NoLenders()).sound.data for seed in range(seeds)
        ]
        found += [_measured(new, sound.data) for new in made]
        between += [_alike(new, made[0]) for new in made[1:]]
    note = f"first 50 ms of {len(found) // seeds} sounds drawn {seeds} times"
    rows = []
    for name, unit, values, usual, worst in (
        ("level of the first 10 ms", "dB", [one.begun_db for one in found], 1, 6),
        ("level of the region", "dB", [one.region_db for one in found], 1, 3),
        ("peak of the region", "dB", [one.peak_db for one in found], 2, 6),
        ("attack time", "ms", [one.time_ms for one in found], 2, 60),
    ):
        off = np.abs(values)
        rows.append(at_most(f"{note}: {name} off, median", float(np.median(off)), usual, unit=unit))
        rows.append(at_most(f"{note}: {name} off, most", float(off.max()), worst, unit=unit))
    return [
        *rows,
        at_most(f"{note}: likeness to the old one, most", max(one.copied for one in found), 0.9),
        at_most(f"{note}: likeness to each other, median", float(np.median(between)), 0.6),
        at_most(f"{note}: change outside", max(one.outside for one in found), 0),
    ]


def _sounds(data: Path) -> list[Sound]:
    """One sound of each of the first few kits of every class."""
    paths: dict[str, dict[str, str]] = {name: {} for name in _CLASSES}
    with (data / "manifest.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["kind"] == "oneshot" and row["train_ok"] == "yes" and row["class"] in paths:
                kits = paths[row["class"]]
                if len(kits) < _CLASSES[row["class"]]:
                    kits.setdefault(row["group"], row["path"])
    return [read_sound(data / path).resampled(RATE) for kits in paths.values() for path in kits.values()]


def _measured(new: Numbers, old: Numbers) -> _Attack:
    times = [amplitude_envelope(one[:, :_STOP], RATE).attack_time_ms() for one in (new, old)]
    return _Attack(
        _level_db(new[:, :_BEGUN]) - _level_db(old[:, :_BEGUN]),
        _level_db(new[:, :_STOP]) - _level_db(old[:, :_STOP]),
        20 * float(np.log10(np.abs(new[:, :_STOP]).max() / np.abs(old[:, :_STOP]).max())),
        float(times[0] - times[1]),
        _alike(new, old),
        float(np.abs(new[:, _STOP:] - old[:, _STOP:]).max(initial=0.0)),
    )


def _alike(one: Numbers, other: Numbers) -> float:
    first, second = (torch.from_numpy(np.array(some[:, :_STOP])) for some in (one, other))
    return most_alike(first, second, lag_frames=_LAG)


def _level_db(data: Numbers) -> float:
    return 10 * float(np.log10(np.square(data.astype(np.float64)).mean() + 1e-14))


def _loop_checks(count: int) -> list[Check]:
    model = load_model(starters_folder() / "starter-loops.safetensors").model.eval()
    assert isinstance(model, LoopFlow)
    asked = [Request(seed=n, class_name="drums", bpm=_BPM[n % len(_BPM)], bars=1 + n % 2) for n in range(count)]
    made = [one.sound for one in model.generate(asked, lenders=NoLenders())]
    sixteenths = [16 * (request.bars or 1) for request in asked]
    cut = [not np.array_equal(turned_to_hit(loop.data, loop.sample_rate_hz), loop.data) for loop in made]
    jumps = [seam_of(loop, sixteenths=number).jump_percentile for loop, number in zip(made, sixteenths, strict=True)]
    off = [grid_fit(loop, sixteenths=number).offset_ms for loop, number in zip(made, sixteenths, strict=True)]
    return [
        at_most(f"{count} drum loops: share whose first hit the seam cuts", float(np.mean(cut)), 0.03),
        at_least(
            f"{count} drum loops: share with the seam's jump inside the 95th percentile",
            float(np.mean([jump <= 95 for jump in jumps])),
            0.95,
        ),
        at_most(f"{count} drum loops: hits off their sixteenth, median", float(np.nanmedian(off)), 4.5, unit="ms"),
    ]


if __name__ == "__main__":
    run_benchmark("beginnings", checks)
