"""The full check of a ledger: every link of the chain, its end, heads known from elsewhere, and the evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from woodshed.base.errors import LedgerDamaged
from woodshed.library.consent.events import GENESIS
from woodshed.library.consent.evidence import EvidenceFolder
from woodshed.library.consent.state import LedgerState


@dataclass(frozen=True)
class LedgerReport:
    """What a whole ledger holds. ``evidence_missing`` are digests of documents that are not in the folder here."""

    events: int
    head: str
    sounds: int
    parties: tuple[str, ...]
    evidence_checked: int
    evidence_missing: tuple[str, ...]


def check_ledger(connection: sa.Connection, evidence: EvidenceFolder, *, known_heads: Iterable[str]) -> LedgerReport:
    """Read everything afresh from the file and check it.

    Raises
    ------
    LedgerDamaged
        At the first thing that does not add up, naming the event or the document.
    """
    state = LedgerState()
    state.refresh(connection)
    _require_heads({GENESIS, *(event.hash for event in state.events)}, known_heads, events=len(state.events))
    digests = sorted({digest for event in state.events for digest in event.evidence})
    present = [digest for digest in digests if evidence.check(digest)]
    return LedgerReport(
        events=len(state.events),
        head=state.head.hash,
        sounds=len(state.mentions),
        parties=tuple(sorted({event.party for event in state.events})),
        evidence_checked=len(present),
        evidence_missing=tuple(digest for digest in digests if digest not in set(present)),
    )


def _require_heads(hashes: set[str], known_heads: Iterable[str], *, events: int) -> None:
    for head in known_heads:
        if head not in hashes:
            raise LedgerDamaged(
                f"The head {head[:12]} recorded elsewhere is not in the consent ledger of {events} events",
                cause="the end of the ledger was cut off, or the record belongs to another ledger",
                way_out="restore the library file from a backup, or import the export that holds this head",
            )
