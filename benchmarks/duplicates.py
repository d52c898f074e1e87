"""How well near duplicates are found: planted copies of real sounds, and merges across kits that nobody planted."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from benchmarks._report import Check, at_least, at_most, progress, run_benchmark
from woodshed.library.fingerprint import Fingerprint, fingerprint
from woodshed.library.likeness import near_pairs
from woodshed.sound import Sound, read_sound

Change = Callable[[Sound], Sound]
_BLOCK = 128


@dataclass(frozen=True)
class Duplicates:
    """What a measurement gave: share found per change, and pairs of real sounds of different kits that were merged."""

    recall: Mapping[str, float]
    across: tuple[tuple[str, str, float], ...]
    sounds: int
    planted: int


def trimmed(sound: Sound) -> Sound:
    """Without its first 8 ms."""
    return sound.section(round(0.008 * sound.sample_rate_hz), sound.frames)


def cut_short(sound: Sound) -> Sound:
    """Without the last third."""
    return sound.section(0, sound.frames * 2 // 3)


def in_bits(bits: int) -> Change:
    """Rounded to so many bits."""
    return lambda sound: Sound(np.round(sound.data * 2 ** (bits - 1)) / 2 ** (bits - 1), sound.sample_rate_hz)


def resampled(sound: Sound) -> Sound:
    """At 48 kHz, or 44.1 if it was at 48."""
    return sound.resampled(44100 if sound.sample_rate_hz == 48000 else 48000)


def delayed(sound: Sound) -> Sound:
    """Behind 200 ms of silence."""
    return Sound(np.pad(sound.data, ((0, 0), (sound.sample_rate_hz // 5, 0))), sound.sample_rate_hz)


def coded(container: str, encoding: str) -> Change:
    """Through a lossy encoder (libsndfile's usual quality) and back; rates it does not know go to 44.1 kHz first."""

    def change(sound: Sound) -> Sound:
        if container == "MP3" and sound.sample_rate_hz not in (44100, 48000):
            sound = sound.resampled(44100)
        block = io.BytesIO()
        with soundfile.SoundFile(
            block, "w", sound.sample_rate_hz, sound.channels, format=container, subtype=encoding
        ) as file:
            for start in range(0, sound.frames, 1 << 14):
                file.write(sound.data.T[start : start + (1 << 14)] / max(1.0, sound.peak))
        block.seek(0)
        data, rate_hz = soundfile.read(block, dtype="float32", always_2d=True)
        return Sound(data.T, rate_hz)

    return change


CHANGES: dict[str, Change] = {
    "gain": lambda sound: sound.scaled(0.3),
    "polarity": lambda sound: sound.scaled(-1.0),
    "8 ms trim": trimmed,
    "last third cut": cut_short,
    "200 ms late": delayed,
    "24 to 16 bit": in_bits(16),
    "ogg": coded("OGG", "VORBIS"),
    "mp3": coded("MP3", "MPEG_LAYER_III"),
    "resampled": resampled,
    "trim, polarity, resampled, ogg": lambda sound: coded("OGG", "VORBIS")(resampled(trimmed(sound)).scaled(-0.5)),
}


def measure(data: Path, *, planted: int, among: int, seed: int) -> Duplicates:
    """Plant changed copies of some real sounds among others, and compare everything with everything.

    Parameters
    ----------
    data
        The folder of real sounds with its manifest.csv.
    planted
        How many sounds are copied, once per change.
    among
        How many real sounds there are in all (or as many as exist).
    seed
        Which of them.
    """
    with (data / "manifest.csv").open(encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if not row["path"].endswith(".mid")]
    rows = [rows[index] for index in np.random.default_rng(seed).permutation(len(rows))[:among]]
    prints: dict[str, Fingerprint] = {}
    for number, row in enumerate(rows):
        sound = read_sound(data / row["path"])
        prints[f"{number:05d}"] = fingerprint(sound)
        if number < planted:
            prints |= {f"{number:05d}-{name}": fingerprint(change(sound)) for name, change in CHANGES.items()}
    pairs = _pairs(prints)
    recall = {
        name: float(np.mean([(f"{n:05d}", f"{n:05d}-{name}") in pairs for n in range(planted)])) for name in CHANGES
    }
    across = tuple(
        (rows[int(a)]["path"], rows[int(b)]["path"], waves)
        for (a, b), waves in sorted(pairs.items())
        if len(a) == len(b) == 5 and rows[int(a)]["group"] != rows[int(b)]["group"]
    )
    return Duplicates(recall, across, len(rows), planted * len(CHANGES))


def _pairs(prints: Mapping[str, Fingerprint]) -> dict[tuple[str, str], float]:
    ids = sorted(prints)
    vectors = np.stack([prints[name].vector for name in ids])
    found: dict[tuple[str, str], float] = {}
    for start in range(0, len(ids), _BLOCK):
        block = range(start, min(start + _BLOCK, len(ids)))
        near = near_pairs(ids, vectors, block=block, traces=lambda names: {name: prints[name] for name in names})
        found |= {(pair.first_id, pair.second_id): pair.agreement for pair in near}
    return found


def checks(data: Path, full: bool) -> list[Check]:
    """Recall of planted copies, and pairs merged across kits among all real sounds."""
    found = measure(data, planted=300 if full else 100, among=10_000, seed=11)
    for name, share in found.recall.items():
        progress(f"  {share:6.1%} of {found.planted // len(CHANGES)} found: {name}")
    for first, second, waves in found.across:
        progress(f"  merged across kits ({waves:.3f}): {first} ~ {second}")
    mean = float(np.mean(list(found.recall.values())))
    return [
        at_least("duplicates: share of planted copies found, mean of changes", mean, 0.97),
        at_least("duplicates: share found, worst change", min(found.recall.values()), 0.9),
        at_most(f"duplicates: pairs merged across kits among {found.sounds} real sounds", len(found.across), 6),
    ]


if __name__ == "__main__":
    run_benchmark("duplicates", checks)
