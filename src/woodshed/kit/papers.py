"""The words that travel with a kit: its licence and what is in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

LICENCE_TEXT = """\
SPDX-License-Identifier: CC0-1.0

Every sound in this folder was made by a program from drawn numbers; no recording went into it.
The makers of Woodshed give up all copyright and related rights in these sounds, worldwide, under
Creative Commons CC0 1.0 Universal: https://creativecommons.org/publicdomain/zero/1.0/legalcode

You may use, change, sell and train models on them, alone or in your music, without asking and without credit.
"""


def readme_text(rows: Iterable[Mapping[str, str]], *, seed: int) -> str:
    """What is in the folder, for the person who opens it.

    Examples
    --------
    >>> print(readme_text([{"class": "kick", "group": "kit-01", "kind": "oneshot"}], seed=3).splitlines()[0])
    Woodshed starter kit, seed 3
    """
    listed = list(rows)
    hits = Counter(row["class"] for row in listed if row["kind"] == "oneshot")
    loops = sum(row["kind"] == "loop" for row in listed)
    kits = sorted({row["group"] for row in listed})
    counts = ", ".join(f"{name} {count}" for name, count in hits.items())
    return (
        f"Woodshed starter kit, seed {seed}\n\n"
        f"{sum(hits.values())} hits and {loops} loops in {len(kits)} kits ({', '.join(kits)}).\n"
        f"Hits: {counts or 'none'}.\n\n"
        "Each kit was played in one room and went through one desk, so its sounds fit together.\n"
        "manifest.csv   class, kit, pitch, tempo and licence of every file\n"
        "records.jsonl  the drawn numbers behind every sound; for loops every stroke with its moment and velocity\n"
        "LICENCE.txt    CC0-1.0: do what you like\n\n"
        "The same seed makes the same files again.\n"
    )
