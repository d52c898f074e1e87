# ruff: noqa: E402  (threads are counted before NumPy is loaded)
"""Speed of describing sounds: decoding plus the whole descriptor vector, against a librosa pipeline in the same run.

    python -m benchmarks.describe --data DIR --json   # about a minute

Every figure is processor time of one thread, so that a busy machine does not blur it. The sounds are the one-shots and
notes of the corpus cut to one second, mono and stereo as they are, written as 16-bit FLAC like the corpus. Each round
measures all rivals one after the other on the same sounds; the figures are medians of the rounds.
"""

from __future__ import annotations

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_variable] = "1"

import csv
import importlib.util
import math
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import soundfile

from benchmarks._report import Check, at_least, at_most, progress, run_benchmark
from woodshed.dsp import DESCRIPTORS, descriptors

SOUNDS = 48
SOUNDS_FULL = 300
ROUNDS = 7
ROUNDS_FULL = 15
SPEED_TARGET = 3.0
DECODE_TARGET = 1.3

Reader = Callable[[Path], object]


def checks(data: Path, full: bool) -> list[Check]:
    """Measure describing and decoding."""
    with tempfile.TemporaryDirectory() as folder:
        paths = one_second_sounds(data, Path(folder), count=SOUNDS_FULL if full else SOUNDS)
        return [check for measure in MEASUREMENTS for check in measure(paths, full)]


def one_second_sounds(data: Path, folder: Path, *, count: int) -> list[Path]:
    """Cut sounds of the corpus to their first second and write them; evenly drawn from the manifest."""
    with open(data / "manifest.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["path"].startswith(("oneshots/", "notes/"))]
    long_enough = [row for row in rows if float(row["duration_s"]) >= 1.0]
    chosen = long_enough[:: max(1, len(long_enough) // count)][:count]
    paths = []
    for index, row in enumerate(chosen):
        rate = soundfile.info(data / row["path"]).samplerate
        audio, _ = soundfile.read(data / row["path"], frames=rate, dtype="int16", always_2d=True)
        path = folder / f"{index:04d}.flac"
        soundfile.write(path, audio, rate, subtype="PCM_16")
        paths.append(path)
    return paths


def _describing(paths: Sequence[Path], full: bool) -> list[Check]:
    """Compare the whole descriptor vector, decoding included, with librosa."""
    rounds = ROUNDS_FULL if full else ROUNDS
    rivals: dict[str, Reader] = {"woodshed": _describe_ours, "librosa": _describe_librosa}
    if importlib.util.find_spec("librosa") is None:
        progress("librosa is not here: make bench brings it, or pip install -c constraints.txt --group bench")
        del rivals["librosa"]
    seconds = _interleaved(rivals, paths, rounds=rounds)
    ours, theirs = seconds["woodshed"], seconds.get("librosa", math.nan)
    progress(f"{len(DESCRIPTORS)} descriptors; {len(paths)} sounds of one second; {rounds} rounds")
    return [
        at_least("describe: decode + whole vector, times as fast as librosa", theirs / ours, SPEED_TARGET),
        Check("describe: one-second sounds per second and core", 1.0 / ours, "shown beside", holds=True),
        Check("describe: librosa, one-second sounds per second and core", 1.0 / theirs, "shown beside", theirs > 0),
    ]


def _decoding(paths: Sequence[Path], full: bool) -> list[Check]:
    """Compare our reader with soundfile's own."""
    name = "decode: read_sound, times the time of soundfile.read"
    try:
        read_sound: Reader = importlib.import_module("woodshed.sound").read_sound
    except (ImportError, AttributeError):
        return [Check(name, None, f"<= {DECODE_TARGET}", holds=False)]
    seconds = _interleaved(
        {"ours": read_sound, "soundfile": _read_soundfile}, paths, rounds=3 * (ROUNDS_FULL if full else ROUNDS)
    )
    return [at_most(name, seconds["ours"] / seconds["soundfile"], DECODE_TARGET)]


def _interleaved(rivals: dict[str, Reader], paths: Sequence[Path], *, rounds: int) -> dict[str, float]:
    """Median processor seconds per sound of each rival; the order turns from round to round."""
    for rival in rivals.values():
        for path in paths[:8]:
            rival(path)
    times: dict[str, list[float]] = {name: [] for name in rivals}
    for turn in range(rounds):
        for name in sorted(rivals, reverse=bool(turn % 2)):
            start = time.process_time()
            for path in paths:
                rivals[name](path)
            times[name].append((time.process_time() - start) / len(paths))
        progress(f"round {turn + 1} of {rounds}: " + ", ".join(f"{n} {1000 * t[-1]:.2f} ms" for n, t in times.items()))
    return {name: float(np.median(values)) for name, values in times.items()}


def _describe_ours(path: Path) -> object:
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return descriptors(audio.T, rate)


def _describe_librosa(path: Path) -> object:
    """A comparable set: mel, MFCC, centroid, bandwidth, roll-off, zero crossings, RMS and chroma of the mono mix."""
    import librosa

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        audio, rate = librosa.load(path, sr=None, mono=True)
        feature = librosa.feature
        mel = feature.melspectrogram(y=audio, sr=rate)
        return (
            feature.mfcc(S=librosa.power_to_db(mel), sr=rate, n_mfcc=13),
            feature.spectral_centroid(y=audio, sr=rate),
            feature.spectral_bandwidth(y=audio, sr=rate),
            feature.spectral_rolloff(y=audio, sr=rate),
            feature.zero_crossing_rate(audio),
            feature.rms(y=audio),
            feature.chroma_stft(y=audio, sr=rate),
        )


def _read_soundfile(path: Path) -> object:
    return soundfile.read(path, dtype="float32", always_2d=True)


MEASUREMENTS: tuple[Callable[[Sequence[Path], bool], list[Check]], ...] = (_describing, _decoding)
"""What ``checks`` runs, in this order; a further measurement is one function and its name here."""

if __name__ == "__main__":
    run_benchmark("describe", checks)
