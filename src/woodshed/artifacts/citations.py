"""What to cite for an output: the papers behind the method, and the sounds behind the model with their owners."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from woodshed.artifacts.card import ModelCard
from woodshed.artifacts.receipt import OWNER_UNKNOWN, Receipt

TAUGHT = "taught the model"
MANY = 100  # training sounds beyond which the text counts them by owner


@dataclass(frozen=True)
class Citation:
    """Papers, credit lines, and everyone's sounds: ``(what, name, owner)``."""

    papers: tuple[str, ...]
    credits: tuple[str, ...]
    sounds: tuple[tuple[str, str, str], ...]

    def text(self) -> str:
        """As lines to paste under a track; very many training sounds are counted by owner."""
        lines = ["Papers", *(f"  {paper}" for paper in self.papers)] if self.papers else []
        lines += ["Credits", *(f"  {credit}" for credit in self.credits)] if self.credits else []
        lines += ["Sounds", *(f"  {what}: {name} ({owner})" for what, name, owner in self._shown())]
        return "\n".join(lines)

    def _shown(self) -> list[tuple[str, str, str]]:
        owners = Counter(owner for what, _, owner in self.sounds if what == TAUGHT)
        if owners.total() <= MANY:
            return list(self.sounds)
        others = [sound for sound in self.sounds if sound[0] != TAUGHT]
        return [*others, *((TAUGHT, f"{count} sounds", owner) for owner, count in sorted(owners.items()))]


def cite_receipt(receipt: Receipt, card: ModelCard | None) -> Citation:
    """Everything to cite. Without the model's card, training sounds are counted by owner instead of listed.

    Where no model took part, the sounds of the library that were chosen are in the output themselves.
    """
    sounds = [("given", part.name, part.owner or OWNER_UNKNOWN) for part in receipt.inputs]
    if taken := receipt.take_of:
        sounds.append(("a further take of", taken.name, taken.owner))
        if towards := receipt.take_towards:
            sounds.append(("led towards", towards.name, towards.owner))
    lent = "lent fine structure" if receipt.has_model else "went into it"
    sounds += [(lent, part.name, part.owner or OWNER_UNKNOWN) for part in receipt.lenders]
    if card is not None:
        sounds += [(TAUGHT, source.name, source.owner or OWNER_UNKNOWN) for source in card.teachers]
    else:
        sounds += [(TAUGHT, f"{count} sounds", owner) for owner, count in sorted(receipt.sources.items())]
    return Citation(receipt.references, receipt.all_credits(), tuple(sounds))
