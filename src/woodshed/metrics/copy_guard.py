"""A guard that a generator can afford: is this sound a copy, before it is handed out?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from woodshed.metrics._whitening import Floats, heard
from woodshed.metrics.copy_index import CopyIndex
from woodshed.sound import Sound

COPY_EXCESS = 0.15
"""Above what 1 % of real sounds of unseen kits reach; nine in ten planted copies lie above 0.6."""


@dataclass(frozen=True)
class Guarded:
    """What the guard says about one sound: whether to refuse it, and which training sound it is most like.

    ``likeness`` is the correlation of the attacks without their envelopes, 0 to 1; ``excess`` how far it stands out.
    """

    refused: bool
    name: str
    likeness: float
    excess: float


class CopyGuard:
    """Compares the attack of new sounds with those of the training sounds; about 20 ms beside 700 of them.

    Parameters
    ----------
    index
        The training sounds.
    names
        One per training sound, for instance content ids.
    hear
        How a new sound is heard; it must be how the sounds of the index were heard.
    threshold
        The excess above which a sound is refused.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(size=(9, 8820)) * 0.1
    >>> sounds = [Sound(row, 44100) for row in noise]
    >>> guard = CopyGuard(CopyIndex(sounds[:8]), names=tuple("abcdefgh"))
    >>> [(one.refused, one.name if one.refused else "") for one in guard.judge([sounds[2].scaled(-1), sounds[8]])]
    [(True, 'c'), (False, '')]
    """

    def __init__(
        self,
        index: CopyIndex,
        *,
        names: Sequence[str],
        hear: Callable[[Sound], Floats] = heard,
        threshold: float = COPY_EXCESS,
    ) -> None:
        self.index, self.names, self.hear, self.threshold = index, tuple(names), hear, threshold

    def __len__(self) -> int:
        return len(self.names)

    def judge(self, sounds: Sequence[Sound], *, lenders: Sequence[Sequence[str]] | None = None) -> list[Guarded]:
        """Judge new sounds; one that is like a sound it openly borrowed from is not refused for that.

        Parameters
        ----------
        lenders
            For each sound, names of the training sounds that lent it fine structure.
        """
        found = self.index.matches_of([self.hear(sound) for sound in sounds], everywhere=False)
        judged = []
        for place in range(len(sounds)):
            at = int(found.index[place, 0])
            named = lenders is not None and self._named(at, lenders[place])
            excess = float(found.excess[place, 0])
            likeness = round(float(found.likeness[place]), 3)
            judged.append(Guarded(excess > self.threshold and not named, self.names[at], likeness, round(excess, 3)))
        return judged

    def _named(self, at: int, lenders: Sequence[str]) -> bool:
        twins = (self.index.twins == self.index.twins[at]).nonzero()[0]
        return any(self.names[int(twin)] in lenders for twin in twins)
