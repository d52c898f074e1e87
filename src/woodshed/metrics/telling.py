"""Told apart: can a judge that is trained afresh tell made sounds from real ones of kits it has not heard?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from woodshed.base.errors import UsageError
from woodshed.base.seeds import derive_seed

Floats = npt.NDArray[np.floating]
Flags = npt.NDArray[np.bool_]

FOLDS = 5
_FEWEST = 8
_LIMIT = 4.0
_PENALTY = 3.0
_ROUNDS = 30


class Teller(Protocol):
    """A judge: learns from sounds whose origin it is told, then says of unseen ones how surely they were made."""

    def __call__(self, known: Floats, *, is_made: Flags, unseen: Floats, seed: int) -> Floats:
        """Features ``(sounds, ...)`` of known and unseen sounds to scores ``(unseen,)``; above 0 means made."""
        ...


@dataclass(frozen=True)
class Telling:
    """How well made and real sounds were told apart.

    ``share`` is the balanced accuracy over sounds the judge had not heard: 0.5 is guessing. ``low`` and ``high`` end
    its 95 % interval (Bayesian bootstrap over groups); ``count`` is how many sounds of each side were judged.
    """

    share: float
    low: float
    high: float
    count: int
    folds: int


def told_apart(
    made: Floats,
    real: Floats,
    *,
    made_groups: Sequence[str],
    real_groups: Sequence[str],
    teller: Teller | None = None,
    folds: int = FOLDS,
    bootstraps: int = 400,
    seed: int = 0,
) -> Telling:
    """Train a judge afresh on some groups and let it judge the others, until every sound was judged once.

    Both sides should be matched in count and class, and finished and cut alike: a judge uses whatever there is.

    Parameters
    ----------
    made, real
        Features, shapes ``(made sounds, ...)`` and ``(real sounds, ...)``.
    made_groups, real_groups
        Kits; no group is learned from and judged in one turn. Made sounds go with the kit they follow
        (``nearest_groups``); "" is a group of its own.
    teller
        The judge; ``logistic_teller`` if None.
    folds
        Into how many parts the groups are dealt.

    Raises
    ------
    UsageError
        If a side has fewer than 8 sounds.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> kits = [f"kit {place % 10}" for place in range(60)]
    >>> one, two = rng.normal(size=(60, 4)), rng.normal(size=(60, 4)) + 3
    >>> told_apart(one, two, made_groups=["" for _ in one], real_groups=kits).share > 0.9
    True
    """
    if min(len(made), len(real)) < _FEWEST:
        raise UsageError(
            f"{len(made)} made and {len(real)} real sounds are too few to train a judge on",
            cause="few sounds were made, or few real ones are of the same classes",
            way_out=f"compare at least {_FEWEST} of each, better 512",
        )
    names = [*_own(made_groups), *real_groups]
    is_made = np.arange(len(names)) < len(made)
    number = fold_numbers(names, is_real=~is_made, folds=folds, seed=seed)
    features = np.concatenate([made, real])
    scores = np.zeros(len(names))
    judge = teller or logistic_teller
    for fold in np.unique(number):
        inside = number == fold
        if len(np.unique(is_made[~inside])) < 2:
            continue  # nothing to learn from: these stay undecided
        scores[inside] = judge(
            features[~inside],
            is_made=is_made[~inside],
            unseen=features[inside],
            seed=derive_seed(seed, "judge", int(fold)),
        )
    right = np.where(scores == 0.0, 0.5, (scores > 0.0) == is_made)
    low, high = _interval(right, is_made, names, bootstraps, seed)
    share = (right[is_made].mean() + right[~is_made].mean()) / 2
    return Telling(float(share), low, high, min(len(made), len(real)), len(np.unique(number)))


def nearest_groups(
    made: Floats, real: Floats, *, real_groups: Sequence[str], real_classes: Sequence[str], made_classes: Sequence[str]
) -> tuple[str, ...]:
    """The kit that each made sound goes with: that of the nearest real sound of its class (of any, where it has none).

    Made sounds follow all kits. Were they dealt at random, the judge would learn those that follow a kit as made and
    then take that kit's real sounds, which it has not heard, for made ones: worse than guessing, and flattering.

    Parameters
    ----------
    made, real
        Places in a feature space, shapes ``(made sounds, dims)`` and ``(real sounds, dims)``.

    Examples
    --------
    >>> real = np.array([[0.0], [9.0]])
    >>> nearest_groups(
    ...     np.array([[8.0]]), real, real_groups=["a", "b"], real_classes=["kick", "kick"], made_classes=["kick"]
    ... )
    ('b',)
    """
    apart = cdist(made, real)
    other = np.asarray(made_classes, dtype=object)[:, None] != np.asarray(real_classes, dtype=object)[None]
    apart = np.where(other & ~other.all(axis=1, keepdims=True), np.inf, apart)
    return tuple(real_groups[int(place)] for place in apart.argmin(axis=1))


def fold_numbers(names: Sequence[str], *, is_real: Flags, folds: int = FOLDS, seed: int) -> npt.NDArray[np.int64]:
    """Deal whole groups into folds, those of real sounds so that each fold gets about as many, the rest in turn.

    Returns
    -------
    array of int, shape ``(sounds,)``.

    Examples
    --------
    >>> fold_numbers(["a", "a", "b", "c"], is_real=np.ones(4, bool), folds=2, seed=0).tolist() in ([0, 0, 1, 1],)
    True
    """
    rng = np.random.default_rng(derive_seed(seed, "folds"))
    sizes = Counter(name for name, real in zip(names, is_real, strict=True) if real)
    shuffled = [str(name) for name in rng.permutation(sorted(set(names)))]
    filled = np.zeros(folds)
    fold_of: dict[str, int] = {}
    for name in sorted((name for name in shuffled if name in sizes), key=lambda one: -sizes[one]):
        fold_of[name] = int(np.argmin(filled))
        filled[fold_of[name]] += sizes[name]
    for place, name in enumerate(name for name in shuffled if name not in sizes):
        fold_of[name] = place % folds
    return np.array([fold_of[name] for name in names], dtype=np.int64)


def logistic_teller(known: Floats, *, is_made: Flags, unseen: Floats, seed: int) -> Floats:  # noqa: ARG001
    """Logistic regression with a quadratic penalty; both sides weigh alike. Draws nothing, so the seed is unused.

    Each feature is centred at the median of the known sounds, divided by their spread, and held within +-4.
    """
    low, centre, high = np.percentile(known, [25, 50, 75], axis=0)
    spread = 0.7413 * (high - low)
    spread = np.where(spread > 1e-6, spread, known.std(axis=0))
    spread = np.where(spread > 1e-6, spread, np.inf)
    here, there = (np.clip((side - centre) / spread, -_LIMIT, _LIMIT) for side in (known, unseen))
    here, there = (np.concatenate([side, np.ones((len(side), 1))], axis=1) for side in (here, there))
    return there @ _fitted(here, is_made)


def _fitted(points: Floats, is_made: Flags) -> Floats:
    """Weights ``(dims,)`` by Newton's method; the last one, the constant, is not penalised."""
    sides = np.where(is_made, 0.5 / is_made.mean(), 0.5 / (~is_made).mean())
    penalty = np.diag([*[_PENALTY] * (points.shape[1] - 1), 1e-6])
    weights = np.zeros(points.shape[1])
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-np.clip(points @ weights, -30, 30)))
        slope = points.T @ (sides * (chance - is_made)) + penalty @ weights
        bend = (points * (sides * chance * (1 - chance))[:, None]).T @ points + penalty
        step = np.linalg.solve(bend, slope)
        weights = weights - step
        if np.abs(step).max() < 1e-6:
            break
    return weights


def _own(groups: Sequence[str]) -> list[str]:
    """Sounds without a group are each a group of their own."""
    return [name or f"made sound {place}" for place, name in enumerate(groups)]


def _interval(right: Floats, is_made: Flags, names: Sequence[str], bootstraps: int, seed: int) -> tuple[float, float]:
    if bootstraps < 1:
        return float("nan"), float("nan")
    numbers = np.unique(np.asarray(names, dtype=str), return_inverse=True)[1].reshape(-1)
    rng = np.random.default_rng(derive_seed(seed, "told apart"))
    weights = rng.exponential(size=(bootstraps, numbers.max() + 1))[:, numbers]
    drawn = np.zeros(bootstraps)
    for side in (is_made, ~is_made):
        drawn += (weights[:, side] @ right[side]) / weights[:, side].sum(axis=1) / 2
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)
