"""Augmented copies of a sound, as training sees them."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Copy:
    """One augmented copy of a sound as training sees it."""

    tokens: Tensor  # (tokens, dims + PARTIAL_NUMBERS), half precision
    class_index: int
    changes: tuple[float, float, float]
    traits: Tensor  # (2 * TRAITS,)


def copies_of(known: int, limit: int) -> tuple[int, int]:
    """Speeds and leanings per sound, so that time and memory stay bounded."""
    speeds = 4 if known <= 1500 else 2 if known <= 4000 else 1
    return speeds, max(1, min(3, limit // (known * speeds)))
