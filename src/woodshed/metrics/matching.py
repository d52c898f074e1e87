"""Matched counts: as many real sounds as made ones, class by class, so that the mix of classes gives nothing away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from woodshed.base.seeds import derive_seed
from woodshed.metrics.sets import places_by_class

Places = npt.NDArray[np.int64]


def matched_places(made_classes: Sequence[str], real_classes: Sequence[str], *, seed: int) -> tuple[Places, Places]:
    """Places of made and of real sounds, equally many of each class, each taken at most once.

    Of each class as many are drawn as the smaller side has; a class that one side lacks is left out.

    Parameters
    ----------
    made_classes, real_classes
        One name per sound.
    seed
        Which of the larger side are taken.

    Examples
    --------
    >>> made, real = matched_places(["kick", "kick", "clap"], ["kick", "clap", "clap"], seed=0)
    >>> len(made), len(real)
    (2, 2)
    """
    here, there = places_by_class(made_classes), places_by_class(real_classes)
    chosen: tuple[list[int], list[int]] = ([], [])
    for name in sorted(here.keys() & there.keys()):
        count = min(len(here[name]), len(there[name]))
        for side, places in enumerate((here[name], there[name])):
            rng = np.random.default_rng(derive_seed(seed, "matched", name, side))
            chosen[side].extend(rng.permutation(places)[:count].tolist())
    first, second = (np.sort(np.array(side, dtype=np.int64)) for side in chosen)
    return first, second


def asked_classes(real_classes: Sequence[str], *, count: int, least: int = 16) -> tuple[str, ...]:
    """Which classes to ask for, so that made and real sounds can be compared at matched counts.

    Classes with fewer than ``least`` real sounds drop out. The rest share ``count`` in the proportions of the real
    sounds, each at least ``least`` times and never more often than there are real ones.

    Parameters
    ----------
    real_classes
        One name per real sound; "" means none and drops out.
    count
        How many sounds are wanted; fewer are asked for if there are fewer real ones.

    Returns
    -------
    Class names in order, one per sound.

    Examples
    --------
    >>> asked = asked_classes(["kick"] * 60 + ["clap"] * 20 + ["bell"] * 3, count=40)
    >>> asked.count("kick"), asked.count("clap"), asked.count("bell")
    (24, 16, 0)
    """
    counts = {name: size for name, size in sorted(Counter(real_classes).items()) if name and size >= least}
    total = min(count, sum(counts.values()))
    shares = dict.fromkeys(counts, least)
    while sum(shares.values()) < total:  # one more for the class that is furthest behind its proportion
        open_ones = [name for name in counts if shares[name] < counts[name]]
        name = min(open_ones, key=lambda one: (shares[one] / counts[one], one))
        shares[name] += 1
    return tuple(name for name, size in shares.items() for _ in range(size))
