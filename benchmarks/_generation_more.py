"""What stands beside the laptop generator: own sounds from a starter, guides, peers at equal processor time."""

from __future__ import annotations

import dataclasses
import threading

from benchmarks._generation_fidelity import row_of
from benchmarks._generation_guides import guide_checks
from benchmarks._generation_own import own_sounds
from benchmarks._generation_sides import COLUMNS, cells, table_text
from benchmarks._generation_stages import Stage, made_by, requests_for
from benchmarks._report import Check, Table, at_least, progress

PEER = "wave-unet"
BESIDE = ("latent-flow",)  # families that ``full`` trains as long and shows without a check
FEW, LEAST_OF_FEW = 64, 4
UNHEARD_FOR_CURVES = 0.45  # whole kits; of more than half nothing would be held out


def own_checks(stage: Stage, full: bool) -> tuple[list[Check], list[Table]]:
    """Fifty sounds of kits the stage's model never heard, trained from it, from nothing, and not at all.

    For the curves of ``full`` a model of its own, which leaves enough kits unheard.
    """
    if full:
        stage = Stage(stage.data, dataclasses.replace(stage.order, held_out=UNHEARD_FOR_CURVES))
    starter = stage.workspace.models.path(stage.card.name)
    found = own_sounds(stage.data, full, starter, folder=stage.folder)
    return list(found.checks), list(found.tables)


def guided_checks(stage: Stage, full: bool) -> list[Check]:
    """Each guide moves what it names without leaving its class."""
    return guide_checks(stage.workspace, stage.data, full)


def peer_stage(stage: Stage, full: bool, *, family: str = PEER) -> Stage:
    """The same for another family, with fewer sounds unless in full."""
    order = dataclasses.replace(stage.order, family=family)
    if not full:
        order = dataclasses.replace(order, count=min(order.count, FEW), least=min(order.least, LEAST_OF_FEW))
    return Stage(stage.data, order)


def train_side_by_side(stage: Stage, full: bool) -> None:
    """The stage's model and the peer, each on a core of its own; what they leave lies in the cache."""
    beside = threading.Thread(target=peer_stage(stage, full).trained)
    beside.start()
    try:
        stage.trained()
    finally:
        beside.join()


def peer_checks(stage: Stage, full: bool) -> tuple[list[Check], list[Table]]:
    """A waveform U-Net trained for the same processor time on the same sounds, both at what it is asked for.

    By default at 64 sounds: the U-Net takes three seconds of a core for each. ``full`` shows other families beside.
    """
    peer = peer_stage(stage, full)
    row = row_of(peer, PEER, peer.made())
    beside = made_by(stage.model, requests_for(peer.asked, seed=peer.order.seed))
    made = row_of(peer, "generated", beside)
    others = [peer_stage(stage, full, family=family) for family in BESIDE] if full else []
    rows = [made, row, *(row_of(other, other.order.family, other.made()) for other in others)]
    progress(table_text(rows))
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
    table = Table(f"Beside {PEER}", COLUMNS, [cells(one) for one in rows])
    return [at_least(words, sum(ahead.values()), len(ahead))], [table]
