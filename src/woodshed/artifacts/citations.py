"""What to cite for an output: the papers behind the method, and the sounds behind the model with their owners."""

from __future__ import annotations

from dataclasses import dataclass

from woodshed.artifacts.card import ModelCard
from woodshed.artifacts.receipt import OWNER_UNKNOWN, Receipt


@dataclass(frozen=True)
class Citation:
    """Papers, credit lines, and everyone's sounds: ``(what, name, owner)``."""

    papers: tuple[str, ...]
    credits: tuple[str, ...]
    sounds: tuple[tuple[str, str, str], ...]

    def text(self) -> str:
        """As lines to paste under a track."""
        lines = ["Papers", *(f"  {paper}" for paper in self.papers)] if self.papers else []
        lines += ["Credits", *(f"  {credit}" for credit in self.credits)] if self.credits else []
        lines += ["Sounds", *(f"  {what}: {name} ({owner})" for what, name, owner in self.sounds)]
        return "\n".join(lines)


def cite_receipt(receipt: Receipt, card: ModelCard | None) -> Citation:
    """Everything to cite. Without the model's card, training sounds are counted by owner instead of listed.

    Where no model took part, the sounds of the library that were chosen are in the output themselves.
    """
    sounds = [("given", part.name, part.owner or OWNER_UNKNOWN) for part in receipt.inputs]
    lent = "lent fine structure" if receipt.has_model else "went into it"
    sounds += [(lent, part.name, part.owner or OWNER_UNKNOWN) for part in receipt.lenders]
    if card is not None:
        sounds += [("taught the model", source.name, source.owner or OWNER_UNKNOWN) for source in card.teachers]
    else:
        sounds += [("taught the model", f"{count} sounds", owner) for owner, count in sorted(receipt.sources.items())]
    return Citation(receipt.references, receipt.all_credits(), tuple(sounds))
