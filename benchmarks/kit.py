# ruff: noqa: E402  (threads are counted before NumPy is loaded)
"""Does the starter kit sound like drums? Against real one-shots, by two listeners and by descriptors.

    python -m benchmarks.kit --data DIR --json   # about two minutes

* naming: listeners taught on real kits name the starter kit's sounds at least 0.9 times as often as sounds of real kits
  they never heard. Real sounds are held out by kit, in several divisions; all classes weigh alike; the interval draws
  real and made kits anew.
* ranges: the middle of each class lies in the 5 to 95 % range of the real sounds of that class, for at least 90 % of
  (class, descriptor) pairs; real held-out kits stand beside it.
* never two alike; same seed, same sound, at both rates.
"""

from __future__ import annotations

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks._kit_listeners import LISTENERS
from benchmarks._kit_naming import Naming, naming
from benchmarks._kit_ranges import held_out_share, measured, nearest_db, placed
from benchmarks._kit_sounds import Heard, made_hits, real_hits
from benchmarks._report import Check, at_least, at_most, progress, run_benchmark
from woodshed.kit import KIT_CLASSES, make_hit, make_kit

FOLDS = 4
MADE_SEED = 2024
COUNT = 24
COUNT_FULL = 40
SAME_FLOOR_DB = 0.5


def checks(data: Path, full: bool) -> list[Check]:
    """All checks; ``full`` asks more sounds and more divisions."""
    real = real_hits(data, classes=KIT_CLASSES)
    made = made_hits(seed=MADE_SEED, count_per_class=COUNT_FULL if full else COUNT)
    progress(f"{len(real)} real sounds, {len(made)} made ones")
    return [
        *_naming_checks(real, made, seeds=3 if full else 1),
        *_range_checks(real, made),
        *_sameness_checks(real, made),
        _speed_check(),
    ]


def _naming_checks(real: Sequence[Heard], made: Sequence[Heard], *, seeds: int) -> list[Check]:
    found = []
    for name, teach in LISTENERS.items():
        heard = naming(teach, real=real, made=made, folds=FOLDS, seeds=seeds)
        progress(_told(name, heard))
        interval = f"95 % {heard.low:.2f} to {heard.high:.2f}; real {heard.real:.3f}, made {heard.made:.3f}"
        found.append(at_least(f"kit: named as often as real held-out, {name} ({interval})", heard.ratio, 0.9))
    return found


def _told(name: str, heard: Naming) -> str:
    rows = [f"  {label:<11} real {real:.2f}  made {made:.2f}" for label, (real, made) in heard.by_class.items()]
    return "\n".join([f"{name}: real {heard.real:.3f}, made {heard.made:.3f}, ratio {heard.ratio:.2f}", *rows])


def _range_checks(real: Sequence[Heard], made: Sequence[Heard]) -> list[Check]:
    places = placed(measured(real), measured(made))
    for place in places:
        if not place.inside:
            real_range = f"{place.real_low:.4g} to {place.real_high:.4g}"
            progress(f"  outside: {place.class_name} {place.descriptor} {place.made_middle:.4g}, real {real_range}")
    share = float(np.mean([place.inside for place in places]))
    reference = held_out_share(real, folds=FOLDS)
    name = f"kit: class middles inside the real 5 to 95 % ({len(places)} pairs; real held-out kits {reference:.3f})"
    return [at_least(name, share, 0.9)]


def _sameness_checks(real: Sequence[Heard], made: Sequence[Heard]) -> list[Check]:
    nearest = nearest_db(made)
    real_nearest = nearest_db(real)
    progress(
        "nearest pair, dB (real): "
        + ", ".join(f"{name} {db:.1f} ({real_nearest.get(name, np.nan):.1f})" for name, db in nearest.items())
    )
    ids = {hit.sound.content_id for hit in made}
    same = sum(
        make_hit(name, seed=seed).sound.content_id != make_hit(name, seed=seed).sound.content_id
        for name in KIT_CLASSES
        for seed in range(2)
    )
    worst_db = max(_rate_error_db(name, seed=3) for name in KIT_CLASSES)
    return [
        at_least("kit: nearest two sounds of a class, dB of log-mel level", min(nearest.values()), SAME_FLOOR_DB),
        at_least("kit: share of sounds with a content of their own", len(ids) / len(made), 1.0),
        at_most("kit: sounds that a second run makes differently", float(same), 0.0),
        at_most("kit: difference between 44.1 and 48 kHz below 18 kHz, dB", worst_db, -60.0),
    ]


def _rate_error_db(name: str, *, seed: int) -> float:
    """Energy below 18 kHz of the difference of a sound made at 44.1 and at 48 kHz (brought back), over the sound's."""
    low = make_hit(name, seed=seed).sound
    back = make_hit(name, seed=seed, sample_rate_hz=48000).sound.resampled(44100)
    frames = min(low.frames, back.frames)
    difference = low.data[:, :frames].astype(np.float64) - back.data[:, :frames]
    heard = np.fft.rfftfreq(frames, 1 / 44100) < 18000
    energies = [np.sum(np.abs(np.fft.rfft(wave)[..., heard]) ** 2) for wave in (difference, low.data[:, :frames])]
    return float(10 * np.log10(energies[0] / energies[1]))


def _speed_check() -> Check:
    """Processor time of the default kit on one thread, halved: what two free cores need."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        make_kit(folder, seed=5)
        spent_s = time.process_time() - start
    return at_most(
        "kit: seconds for the default kit on two cores (half its processor time)", spent_s / 2, 20.0, unit="s"
    )


if __name__ == "__main__":
    run_benchmark("kit", checks)
