"""What a scan costs: peak memory over 10,000 sounds, and the time of a first and a second scan.

Run alone with ``python -m benchmarks.scan``; other benchmarks call ``scan_memory_check``.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import soundfile

from benchmarks._report import Check, at_most, progress, run_benchmark

SOUNDS = 10_000
LIMIT_GIB = 1.5
_SAMPLE_EVERY_S = 0.05


@dataclass
class Peak:
    """The largest memory seen: of this process and all its children together, in bytes."""

    bytes: int = 0

    @property
    def gib(self) -> float:
        """In GiB."""
        return self.bytes / 2**30


def scan_memory_check(*, sounds: int = SOUNDS, jobs: int | None = None) -> Check:
    """Scan so many small made sounds and give the peak memory of parent and children together as a check."""
    with tempfile.TemporaryDirectory() as folder:
        made = make_sounds(Path(folder) / "sounds", sounds)
        with peak_memory() as peak:
            first_s, _ = _scan(Path(folder) / "workspace", made, jobs=jobs)
    progress(f"a first scan of {sounds} sounds took {first_s:.1f} s")
    return at_most(f"scan: peak memory over {sounds} sounds (GiB, parent and children)", peak.gib, LIMIT_GIB)


def checks(data: Path, full: bool) -> list[Check]:
    """Memory on made sounds; time on the real ones (first scan as a note, second scan as a check)."""
    memory = scan_memory_check(sounds=SOUNDS if full else 2_000)
    with tempfile.TemporaryDirectory() as folder:
        first_s, added = _scan(Path(folder), data)
        second_s, again = _scan(Path(folder), data)
    progress(f"a first scan of {added} real sounds took {first_s:.1f} s, a second one {second_s:.2f} s")
    reread = Check("scan: sounds read again by a second scan", again, "= 0", again == 0)
    return [memory, reread, at_most("scan: second scan over first (time)", second_s / first_s, 0.2)]


def make_sounds(folder: Path, count: int) -> Path:
    """Small WAV files, no two alike: 50 to 300 ms at 44.1 kHz, mono and stereo, in 100 folders."""
    rng = np.random.default_rng(0)
    for number in range(count):
        frames = int(rng.integers(2205, 13230))
        decay = np.exp(-np.arange(frames) / rng.uniform(400, 4000))[:, None]
        data = 0.5 * rng.uniform(-1, 1, (frames, 1 + number % 2)) * decay
        path = folder / f"kit {number % 100:02d}" / f"hit {number:05d}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, data, 44100, subtype="PCM_16")
    return folder


@contextmanager
def peak_memory() -> Iterator[Peak]:
    """Watch the resident memory of this process and its children, many times a second."""
    peak, stop = Peak(), threading.Event()
    watcher = threading.Thread(target=_watch, args=(peak, stop), daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        stop.set()
        watcher.join()


def _watch(peak: Peak, stop: threading.Event) -> None:
    parent = psutil.Process()
    while not stop.wait(_SAMPLE_EVERY_S):
        total = 0
        for process in [parent, *parent.children(recursive=True)]:
            try:
                total += process.memory_info().rss
            except psutil.Error:
                continue  # it ended between the list and the look
        peak.bytes = max(peak.bytes, total)


def _scan(workspace: Path, folder: Path, *, jobs: int | None = None) -> tuple[float, int]:
    """Seconds of one scan, and how many files it decoded."""
    from woodshed.library import Library

    started = time.perf_counter()
    report = Library(workspace).add(folder, jobs=jobs)
    return time.perf_counter() - started, report.decoded


if __name__ == "__main__":
    run_benchmark("scan", checks)
