"""What stands beside the laptop generator: own sounds from a starter, guides, peers at equal processor time."""

from __future__ import annotations

import dataclasses

from benchmarks._generation_fidelity import row_of
from benchmarks._generation_guides import guide_checks
from benchmarks._generation_own import own_sounds_checks
from benchmarks._generation_sides import COLUMNS, Figures, cells, table_text
from benchmarks._generation_stages import Stage
from benchmarks._report import Check, Table, at_least, progress

PEER = "wave-unet"


def own_checks(stage: Stage, full: bool) -> list[Check]:
    """Fifty sounds of kits the stage's model never heard, trained from it, from nothing, and not at all."""
    starter = stage.workspace.models.path(stage.card.name)
    return own_sounds_checks(stage.data, full, starter)


def guided_checks(stage: Stage, full: bool) -> list[Check]:
    """Each guide moves what it names without leaving its class."""
    return guide_checks(stage.workspace, stage.data, full)


def peer_checks(stage: Stage, made: Figures) -> tuple[list[Check], list[Table]]:
    """A waveform U-Net trained for the same processor time on the same sounds."""
    peer = Stage(stage.data, dataclasses.replace(stage.order, family=PEER))
    if not peer.can_begin:
        return [
            Check(
                f"peers: {PEER} at equal processor time (no such family yet)", None, "behind on every row", holds=False
            )
        ], []
    row = row_of(peer, PEER, peer.made())
    progress(table_text([made, row]))
    facts, steps = peer.training_facts, peer.card.training.steps if peer.card.training else 0
    spent = f"{facts['processor_s'] / 60:.1f} processor minutes, {steps} steps"
    ahead = {
        "kernel distance by descriptors": made.kernels["descriptors"].value < row.kernels["descriptors"].value,
        "kernel distance by spectra": made.kernels["spectral"].value < row.kernels["spectral"].value,
        "recall": made.covers["descriptors"].recall > row.covers["descriptors"].recall,
        "coverage": made.covers["descriptors"].coverage > row.covers["descriptors"].coverage,
        "logistic judge": (made.logistic.share if made.logistic else 1) < (row.logistic.share if row.logistic else 1),
        "CNN judge": (made.looking.share if made.looking else 1) < (row.looking.share if row.looking else 1),
    }
    behind = [name for name, is_ahead in ahead.items() if not is_ahead]
    words = f"peers: rows ahead of {PEER} ({spent}{'; behind in ' + ', '.join(behind) if behind else ''})"
    table = Table(f"Beside {PEER}", COLUMNS, [cells(made), cells(row)])
    return [at_least(words, sum(ahead.values()), len(ahead))], [table]
