"""The words of consent: what a sound may be used for, and what its owner says to that.

Purposes follow the CAWG training-and-data-mining assertion 1.1, plus ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """One use of a sound. The first four are CAWG's."""

    DATA_MINING = "data-mining"
    AI_INFERENCE = "ai-inference"
    AI_TRAINING = "ai-training"
    GENERATIVE_TRAINING = "generative-training"
    FINGERPRINT = "fingerprint"
    SEPARATE = "separate"
    RESYNTHESISE = "resynthesise"
    SHARE_AUDIO = "share-audio"
    SHARE_WEIGHTS = "share-weights"
    SELL_OUTPUTS = "sell-outputs"


class Permission(StrEnum):
    """What an owner says to a purpose. Absent means ``NOT_ALLOWED``."""

    ALLOWED = "allowed"
    CONSTRAINED = "constrained"
    NOT_ALLOWED = "not-allowed"


@dataclass(frozen=True)
class Decision:
    """What the ledger says now to one purpose for one item.

    ``credits`` are lines that must travel with model cards and receipts (CC-BY). ``rule`` and ``way_out`` are
    sentences for a person. ``events`` are the hashes of the events that decided, oldest first.
    """

    content_id: str
    purpose: Purpose
    permission: Permission
    rule: str
    way_out: str
    owners: tuple[str, ...] = ()
    credits: tuple[str, ...] = ()
    events: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """True where the use may go ahead; a constraint that can be kept (credit) counts as allowed."""
        return self.permission is not Permission.NOT_ALLOWED
