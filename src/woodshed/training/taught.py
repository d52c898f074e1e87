"""The sounds behind a model: what taught it, what was kept from it, which of them are one recording, and whose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from woodshed.base.seeds import derive_seed
from woodshed.library import Library, TrainingSet
from woodshed.metrics import SoundSet


@dataclass(frozen=True)
class Taught:
    """What a model was taught and what was kept from it.

    Attributes
    ----------
    training, held_out
        Real sounds at the model's rate, named by content id.
    twins
        One number per training sound, the same for duplicates.
    owners, titles
        By content id: whose it is and what its file is called.
    """

    training: SoundSet
    held_out: SoundSet
    twins: tuple[int, ...] | None = None
    owners: Mapping[str, str] | None = None
    titles: Mapping[str, str] | None = None

    def at_most(self, count: int, *, seed: int) -> Taught:
        """The same with no more training sounds than that, drawn at random."""
        if len(self.training) <= count:
            return self
        places = np.sort(np.random.default_rng(derive_seed(seed, "some")).permutation(len(self.training))[:count])
        twins = None if self.twins is None else tuple(self.twins[place] for place in places)
        return Taught(self.training.taken(places), self.held_out, twins, self.owners, self.titles)


def twins_of(names: Sequence[str], pairs: Sequence[tuple[str, str]]) -> tuple[int, ...]:
    """One number per name, the same for names that pairs connect.

    Examples
    --------
    >>> twins_of(["a", "b", "c", "d"], [("d", "b")])
    (0, 1, 2, 1)
    """
    number = {name: place for place, name in enumerate(names)}
    parent = list(range(len(names)))

    def root(place: int) -> int:
        while parent[place] != place:
            place = parent[place]
        return place

    for first, second in pairs:
        if first in number and second in number:
            low, high = sorted((root(number[first]), root(number[second])))
            parent[high] = low
    return tuple(root(place) for place in range(len(names)))


def read_taught(library: Library, training: TrainingSet, held_out: TrainingSet | None) -> Taught:
    """Read both sides once; what may no longer be used, or is gone, is left out."""
    sounds = sound_set(training)
    pages = training.manifest().items
    near = [(first, second) for first, second, _ in library.near_duplicates()]
    return Taught(
        sounds,
        sound_set(held_out) if held_out is not None and len(held_out) else SoundSet(()),
        twins_of(sounds.names, near),
        {page.content_id: page.owner for page in pages},
        {page.content_id: page.path_name for page in pages},
    )


def sound_set(sounds: TrainingSet) -> SoundSet:
    """The sounds of a training set, named by content id; empty where the set is."""
    found = list(sounds) if len(sounds) else []
    return SoundSet(
        tuple(one.sound for one in found),
        tuple(one.item.class_name or "" for one in found),
        tuple(one.item.group for one in found),
        tuple(one.item.content_id for one in found),
    )
