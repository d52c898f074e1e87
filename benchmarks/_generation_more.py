"""What stands beside the laptop generator: own sounds from a starter, loops, peers at equal processor time."""

from __future__ import annotations

import dataclasses

from benchmarks._generation_fidelity import row_of
from benchmarks._generation_sides import COLUMNS, Figures, cells, table_text
from benchmarks._generation_stages import Order, Stage
from benchmarks._report import Check, Table, at_least, at_most, progress
from woodshed.tasks.train import TrainingOrder

PEER = "wave-unet"
LOOPS = "loop-flow"


def own_checks(stage: Stage) -> list[Check]:
    """Fifty sounds of unseen kits, from a starter: needs a training order with a base."""
    name = "own sounds: kernel distance from the starter over that from scratch, 50 sounds of unseen kits"
    known = "base" in {field.name for field in dataclasses.fields(TrainingOrder)}
    reason = "not measured yet" if known else "training from a base does not exist yet"
    progress(f"own sounds of {stage.order.name}: {reason}")
    return [Check(f"{name} ({reason})", None, "< 1, intervals apart; copy rate inside the null", holds=False)]


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


def loop_checks(stage: Stage) -> tuple[list[Check], list[Table]]:
    """Loops of their own family, by the same yardstick."""
    order = Order(family=LOOPS, kind="loop", minutes=5.0, count=64, least=4, longest_s=12.0, seed=stage.order.seed)
    loops = Stage(stage.data, order)
    if not loops.can_begin:
        return [
            Check(f"loops: {LOOPS} (no such family yet)", None, "as one-shots; seams, length and tempo", holds=False)
        ], []
    row = row_of(loops, LOOPS, loops.made())
    progress(table_text([row]))
    return [
        at_most(f"loops: kernel distance by descriptors (n {row.count})", row.kernels["descriptors"].value, 3.0),
        Check(
            "loops: seam, exact length and tempo (not measured yet)", None, "inside the interior's 95 %", holds=False
        ),
    ], [Table("Loops", COLUMNS, [cells(row)])]
