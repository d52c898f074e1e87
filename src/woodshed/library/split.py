"""Split items into training and held-out by group, so that nothing leaks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from woodshed.base.errors import UsageError
from woodshed.base.seeds import derive_seed
from woodshed.library.items import Item

_TRIES = 48


@dataclass(frozen=True)
class Split:
    """Two sides that share no group.

    ``note`` is a sentence for a person where the split is not what was asked for, else empty.
    """

    train: tuple[Item, ...]
    held_out: tuple[Item, ...]
    note: str = ""


def split_items(items: Iterable[Item], *, held_out: float, seed: int, finer: Mapping[str, str] | None = None) -> Split:
    """Choose whole groups so that about a share ``held_out`` of every class is held out.

    Parameters
    ----------
    items
        What to split.
    held_out
        Share of the sounds to hold out, between 0 and 1.
    seed
        Which of the many possible splits.
    finer
        content id -> name of a smaller group (near duplicates only), used where all items are one group.

    Raises
    ------
    UsageError
        If the share is not between 0 and 1.
    """
    chosen = list(items)
    if not 0.0 < held_out < 1.0:
        raise UsageError(
            f"A share of {held_out} cannot be held out",
            cause="a percentage was given, or nothing would be left",
            way_out="use a number between 0 and 1, for example 0.2",
        )
    groups = _by(chosen, {item.content_id: item.group for item in chosen})
    note = ""
    if len(groups) < 2 and finer is not None:
        groups = _by(chosen, finer)
        note = "all sounds are one kit, so the held-out ones come from the same kit; only near duplicates stay together"
    if len(groups) < 2:
        return Split(tuple(chosen), (), "all sounds are one group, so nothing could be held out")
    out = _best_choice(groups, held_out, seed)
    train = tuple(item for name, members in groups.items() if name not in out for item in members)
    held = tuple(item for name, members in groups.items() if name in out for item in members)
    return Split(_in_order(train), _in_order(held), note)


def _by(items: Iterable[Item], names: Mapping[str, str]) -> dict[str, list[Item]]:
    groups: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        groups[names.get(item.content_id, item.content_id)].append(item)
    return dict(sorted(groups.items()))


def _best_choice(groups: Mapping[str, Sequence[Item]], share: float, seed: int) -> set[str]:
    """Of several greedy choices in random order, the one that comes nearest to the share in every class."""
    names = list(groups)
    classes = sorted({item.class_name or "" for members in groups.values() for item in members})
    column = {name: index for index, name in enumerate(classes)}
    counts = np.zeros((len(names), len(classes)))
    for row, name in enumerate(names):
        for class_name, count in Counter(item.class_name or "" for item in groups[name]).items():
            counts[row, column[class_name]] = count
    rng = np.random.default_rng(derive_seed(seed, "split"))
    tries = [_greedy(counts, share, rng.permutation(len(names))) for _ in range(_TRIES)]
    best = min(tries, key=lambda chosen: _cost(counts[chosen].sum(axis=0), counts.sum(axis=0), share))
    return {names[row] for row in best}


def _greedy(counts: np.ndarray, share: float, order: np.ndarray) -> list[int]:
    total = counts.sum(axis=0)
    have = np.zeros(counts.shape[1])
    chosen: list[int] = []
    for row in order:
        after = have + counts[row]
        if len(chosen) + 1 < len(counts) and _cost(after, total, share) < _cost(have, total, share):
            have = after
            chosen.append(int(row))
    return chosen or [int(min(order, key=lambda row: counts[row].sum()))]


def _cost(have: np.ndarray, total: np.ndarray, share: float) -> float:
    """How far the held-out counts are from the share, per class and over all; a class that left training costs more."""
    wanted = share * total
    per_class = np.abs(have - wanted) / np.maximum(np.sqrt(total), 1.0)
    emptied = (have >= total) & (total > 1)
    overall = abs(have.sum() - wanted.sum()) / np.sqrt(total.sum())
    return float(per_class.sum() + 2.0 * overall + 10.0 * emptied.sum())


def _in_order(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(sorted(items, key=lambda item: (item.path, item.content_id)))
