"""The generator on real one-shots, ten minutes of processor time from nothing, and everything that must hold of it.

    python -m benchmarks.generation --data DIR --json [--only fidelity,speed] [--full]

Works on any corpus with a manifest.csv (columns path, kind, class, group, licence...). Training, sounds and features
are cached under .bench-cache; another corpus or other code begins anew. Parts: ``fidelity`` (with the rows that need no
model), ``passing`` (judges trained afresh), ``new``, ``copied``, ``controlled``, ``speed``, ``threads``, ``own``,
``loops``, ``guides``, ``peers``, and with ``--full`` or by name ``steps`` (distilling, and the curve over steps). A
part that breaks off stands there with no value and does not hold; the others go on.

Minutes on two quiet cores, first time: training (the U-Net beside it) 10, rows and judges 5, own 7, loops 2, guides 4,
peers 4, half an hour in all; what the cache holds is not done again. ``--full``: about four hours.
"""

from __future__ import annotations

import dataclasses
import traceback
from collections.abc import Callable
from pathlib import Path

from benchmarks._generation_controlled import controlled_checks
from benchmarks._generation_copied import copied_checks
from benchmarks._generation_fidelity import fidelity_checks, novelty_checks, passing_checks, row_of
from benchmarks._generation_loops import loop_checks
from benchmarks._generation_more import guided_checks, own_checks, peer_checks, train_side_by_side
from benchmarks._generation_speed import speed_checks, threads_checks
from benchmarks._generation_stages import Order, Stage
from benchmarks._generation_steps import steps_checks
from benchmarks._report import Check, Findings, Table, progress, run_parts

PARTS = (
    *("fidelity", "passing", "new", "copied", "controlled", "speed"),
    *("threads", "own", "loops", "guides", "steps", "peers"),
)
LONGER = ("steps",)
PLAIN: dict[str, Callable[[Stage], list[Check]]] = {
    "new": novelty_checks,
    "copied": copied_checks,
    "controlled": controlled_checks,
    "speed": speed_checks,
    "threads": threads_checks,
}


def findings(data: Path, full: bool, parts: tuple[str, ...], *, stage: Stage | None = None) -> Findings:
    """The chosen parts, one after the other; each reads what the others left in the cache."""
    stage = stage or Stage(data, dataclasses.replace(Order(), plants=100) if full else Order())
    checks: list[Check] = []
    tables: list[Table] = []
    if "peers" in parts:
        train_side_by_side(stage, full)
    for part in parts:
        if part in LONGER and parts == PARTS and not full:
            continue
        progress(f"-- {part}")
        found, beside = _unbroken(stage, part, full)
        checks += found
        tables += beside
    return Findings(checks, tables)


def _unbroken(stage: Stage, part: str, full: bool) -> tuple[list[Check], list[Table]]:
    """A part, or one check that says why it broke off: an hour of the other parts is not lost with it."""
    try:
        return _part(stage, part, full)
    except Exception as error:
        progress(traceback.format_exc())
        return [Check(f"{part}: runs to its end ({type(error).__name__}: {error})", None, "yes", holds=False)], []


def _part(stage: Stage, part: str, full: bool) -> tuple[list[Check], list[Table]]:
    if part in PLAIN:
        return PLAIN[part](stage), []
    if part == "fidelity":
        found, tables, _ = fidelity_checks(stage)
        return found, tables
    if part == "own":
        return own_checks(stage, full)
    if part == "guides":
        return guided_checks(stage, full), []
    if part == "loops":
        return loop_checks(stage.data, full), []
    if part == "steps":
        return steps_checks(stage)
    if part == "peers":
        return peer_checks(stage, full)
    return passing_checks(row_of(stage, "generated", stage.made())), []


if __name__ == "__main__":
    run_parts("generation", findings, parts=PARTS)
