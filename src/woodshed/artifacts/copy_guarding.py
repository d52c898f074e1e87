"""The guard against copies for a model: built from the traces that the library keeps of its training sounds."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from scipy.signal import resample_poly

from woodshed.artifacts.card import ModelCard
from woodshed.library import Library
from woodshed.library.comparing import read_fingerprints
from woodshed.library.fingerprint import SNIPPET_RATE_HZ, Fingerprint, fingerprint
from woodshed.metrics import COPY_RATE_HZ, CopyGuard, CopyIndex, whitened
from woodshed.sound import Sound

_KEPT = 2
_guards: OrderedDict[tuple[str, tuple[str, ...]], CopyGuard] = OrderedDict()


def guard_of(card: ModelCard, library: Library) -> CopyGuard | None:
    """A guard over the training sounds that this library knows, those of a base too; None where it knows none.

    No audio is read: the library keeps 190 ms of each attack for finding duplicates. The guard lives in memory only,
    and the last two are kept for the next call.
    """
    ids = sorted({source.content_id for source in card.teachers})
    prints = read_fingerprints(library.engine, ids)
    if not prints:
        return None
    names = sorted(prints)
    key = (str(library.engine.url), tuple(names))
    if key not in _guards:
        waves = [_wave(prints[name]) for name in names]
        near = [(first, second) for first, second, _ in library.near_duplicates()]
        _guards[key] = CopyGuard(CopyIndex.of_waves(waves, twins=_twins(names, near)), names=names, hear=_heard)
    _guards.move_to_end(key)
    while len(_guards) > _KEPT:
        _guards.popitem(last=False)
    return _guards[key]


def _wave(traces: Fingerprint) -> np.ndarray:
    """The attack at the rate of the search; what the print did to its dynamics is undone by the whitening."""
    return whitened(resample_poly(traces.snippet.astype(np.float32), 1, SNIPPET_RATE_HZ // COPY_RATE_HZ))


def _heard(sound: Sound) -> np.ndarray:
    """A new sound, as if it had gone through the library: its onset is found in the same way."""
    return _wave(fingerprint(sound))


def _twins(names: list[str], near: list[tuple[str, str]]) -> list[int]:
    """One number per name, the same for names that pairs connect."""
    number = {name: place for place, name in enumerate(names)}
    twins = list(range(len(names)))
    for first, second in near:
        if first in number and second in number:
            low, high = sorted((twins[number[first]], twins[number[second]]))
            twins = [low if twin == high else twin for twin in twins]
    return twins
