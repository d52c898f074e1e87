"""How well `restore` mends real sounds: ``python -m benchmarks.restore`` (eight minutes, with a training of three)."""

from __future__ import annotations

from pathlib import Path

from benchmarks._corpus import cache_folder, folders_of_kind
from benchmarks._generation_restore import restore_checks
from benchmarks._report import Check, progress, run_benchmark
from woodshed.workspace import TrainingOrder, Workspace

BUDGET = "3m"


def checks(data: Path, full: bool) -> list[Check]:
    """A workspace with everything in it and one model of one-shots, then every row."""
    workspace = Workspace(cache_folder("restore", data) / "workspace")
    if not workspace.models.names():
        for folder in sorted({f for kind in ("oneshot", "note", "loop") for f in folders_of_kind(data, kind)}):
            workspace.library.add(folder, owner="Corpus", licence="CC0-1.0")
        progress(f"training for {BUDGET}")
        order = TrainingOrder(name="restore", query="kind:oneshot", budget=BUDGET, held_out=0.2, seed=1)
        workspace.train(order, anew=True)
    return restore_checks(workspace, data, full)


if __name__ == "__main__":
    run_benchmark("restore", checks)
