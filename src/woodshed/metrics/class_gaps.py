"""What is different, class by class: a few faults in words, each beside how far the kits of that class lie apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from woodshed.metrics.references import half_places
from woodshed.metrics.sets import places_by_class
from woodshed.metrics.verdict import Gap, heard_values

Table = Mapping[str, npt.NDArray[np.floating]]

LEAD = "pre_onset_energy_db"

JUDGED = ("high_band_db", "decay_time_ms", "tail_level_db", "attack_time_ms", LEAD)
"""The descriptors of which each class is judged."""

_FEWEST = 8
_HALVES = 20


@dataclass(frozen=True)
class ClassGap:
    """How far the median made sound of a class lies from the median real one, in one descriptor.

    ``gap`` is in the descriptor's unit, or in octaves for times. ``spread`` is what one half of the class's own kits
    shows against the other (the point that nine of ten divisions stay within), or what one can just hear if that is
    more; NaN where the class has one kit only.
    """

    class_name: str
    name: str
    gap: float
    spread: float
    count: int
    real_count: int

    @property
    def beyond(self) -> bool:
        """Whether it is more than the class's own kits differ; quiet before the onset is never a fault."""
        return (self.gap if self.name == LEAD else abs(self.gap)) > self.spread

    @property
    def text(self) -> str:
        """The gap in words.

        Examples
        --------
        >>> ClassGap("kick", "tail_level_db", 6.2, 3.0, 40, 60).text
        'kick: tails 6 dB too loud'
        """
        return f"{self.class_name}: {Gap(self.name, self.gap, 1.0, 1).text}"


def class_gaps(
    made: Table,
    real: Table,
    *,
    made_classes: Sequence[str],
    real_classes: Sequence[str],
    real_groups: Sequence[str],
    names: Sequence[str] = JUDGED,
    seed: int = 0,
) -> list[ClassGap]:
    """Every judged descriptor's gap in every class with at least 8 sounds on both sides, in order of class and name.

    Parameters
    ----------
    made, real
        Descriptor values by name, each of shape ``(sounds,)``.
    made_classes, real_classes, real_groups
        One per sound.
    """
    here, there = places_by_class(made_classes), places_by_class(real_classes)
    found = []
    for class_name in sorted(name for name in here.keys() & there.keys() if name):
        mine, theirs = here[class_name], there[class_name]
        if min(len(mine), len(theirs)) < _FEWEST:
            continue
        groups = tuple(real_groups[int(place)] for place in theirs)
        for name in names:
            values, ear = heard_values(made[name][mine], name)
            truth, _ = heard_values(real[name][theirs], name)
            gap = float(np.median(values) - np.median(truth))
            spread = max(kit_spread(truth, groups=groups, seed=seed), ear)
            found.append(ClassGap(class_name, name, gap, spread, len(mine), len(theirs)))
    return found


def kit_spread(values: npt.NDArray[np.floating], *, groups: tuple[str, ...], seed: int = 0) -> float:
    """How far the median of one half of the groups lies from that of the other: nine of ten divisions stay within.

    NaN of a single group.

    Examples
    --------
    >>> kit_spread(np.array([1.0, 1.0, 3.0, 3.0]), groups=("a", "a", "b", "b"))
    2.0
    """
    if len(set(groups)) < 2:
        return float("nan")
    halves = [half_places(groups, seed=seed + turn) for turn in range(_HALVES)]
    return float(np.quantile([abs(np.median(values[a]) - np.median(values[b])) for a, b in halves], 0.9))


def typical_gaps(found: Sequence[ClassGap]) -> dict[str, float]:
    """Median over classes of the size of the gap, by descriptor; of what comes before the onset with its sign.

    Louder before the onset is a fault, quieter is none.

    Examples
    --------
    >>> two = [ClassGap(name, "high_band_db", gap, 3.0, 20, 20) for name, gap in (("kick", -1.0), ("clap", 2.0))]
    >>> typical_gaps(two)
    {'high_band_db': 1.5}
    """
    names = dict.fromkeys(gap.name for gap in found)
    return {name: _typical([gap.gap for gap in found if gap.name == name], name) for name in names}


def _typical(values: Sequence[float], name: str) -> float:
    return float(np.median(values if name == LEAD else np.abs(values)))
