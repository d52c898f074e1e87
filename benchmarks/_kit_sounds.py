"""Real one-shots and made ones for the comparison of the starter kit, and the folds that keep kits together."""

from __future__ import annotations

import csv
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from woodshed.kit import make_kit
from woodshed.sound import Sound, read_sound

RATE_HZ = 44100
CLASS_OF = {f"cymbal-{kind}": "cymbal" for kind in ("crash", "ride", "china", "splash")}
"""Classes of the real sounds that the kit calls by another name."""


@dataclass(frozen=True)
class Heard:
    """A sound at 44.1 kHz with its class and the kit it belongs to."""

    sound: Sound
    class_name: str
    group: str


def real_hits(data: Path, *, classes: Sequence[str]) -> list[Heard]:
    """The real one-shots of the classes, from the manifest of the folder."""
    return _hits(data, classes=classes)


def made_hits(*, seed: int, count_per_class: int) -> list[Heard]:
    """The hits of a starter kit as a user gets them: written as files and read again."""
    with tempfile.TemporaryDirectory() as folder:
        make_kit(folder, seed=seed, count_per_class=count_per_class, loops=0)
        return _hits(Path(folder), classes=None)


def _hits(folder: Path, *, classes: Sequence[str] | None) -> list[Heard]:
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "oneshot"]
    heard = []
    for row in rows:
        name = CLASS_OF.get(row["class"], row["class"])
        if classes is None or name in classes:
            heard.append(Heard(read_sound(folder / row["path"]).resampled(RATE_HZ), name, row["group"]))
    return heard


def group_folds(hits: Sequence[Heard], *, folds: int, shift: int = 0) -> list[set[str]]:
    """Groups held out together, so that every class is spread over the folds as evenly as its kits allow.

    Large groups are placed first, each where the classes it brings are rarest so far; ``shift`` turns the order round
    and gives another division.
    """
    by_group: dict[str, Counter[str]] = defaultdict(Counter)
    for hit in hits:
        by_group[hit.group][hit.class_name] += 1
    totals = Counter(hit.class_name for hit in hits)
    order = sorted(by_group, key=lambda group: (-sum(by_group[group].values()), group))
    order = order[shift:] + order[:shift]
    held: list[set[str]] = [set() for _ in range(folds)]
    loads: list[Counter[str]] = [Counter() for _ in range(folds)]
    for group in order:
        costs = [
            sum(loads[fold][name] * count / totals[name] ** 2 for name, count in by_group[group].items())
            for fold in range(folds)
        ]
        sizes = [sum(load.values()) for load in loads]
        fold = min(range(folds), key=lambda index: (costs[index], sizes[index]))
        held[fold].add(group)
        loads[fold] += by_group[group]
    return held
