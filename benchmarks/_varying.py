"""How variations relate to their sources: the figures behind the promises of `vary`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr

from woodshed.base.seeds import derive_seed
from woodshed.metrics import SoundSet, alike, raw_features
from woodshed.roles import Generator, LenderPool, Request, Varies
from woodshed.sound import Sound

AMOUNTS = (0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0)
ENDS = 6  # variations at amount 1, and new sounds, for each source


@dataclass(frozen=True)
class VaryFigures:
    """Figures over all sources. Distances are in the spectral feature space, both sides finished alike."""

    sources: int
    worst_error_db: float
    rank_of_means: float
    rank_median: float
    far_as_generate: float
    least_difference_db: float
    nearer_to_source: float
    by_amount: dict[float, float]


def vary_figures(
    model: Generator, sources: SoundSet, training: SoundSet, *, lenders: LenderPool, seed: int
) -> VaryFigures:
    """Vary each source at every amount and measure."""
    assert isinstance(model, Varies)
    known = set(model.spec.classes)
    errors, differences, ranks, distances, farthest, generated = [], [], [], [], [], []
    varied: list[Sound] = []
    for number, source in enumerate(sources.sounds):
        child = derive_seed(seed, "vary", number) % 2**62
        name = sources.class_names[number] if sources.class_names[number] in known else None
        sounds = [model.vary(source, amount=a, seed=child, lenders=lenders, class_name=name).sound for a in AMOUNTS]
        other = model.vary(source, amount=0.3, seed=child + 1, lenders=lenders, class_name=name).sound
        length = min(source.duration_s, model.max_duration_s)  # a variation keeps its source's length
        seeds = [child + more for more in range(ENDS)]  # one of each per source moved the ratio by a tenth
        more = [model.vary(source, amount=1.0, seed=s, lenders=lenders, class_name=name).sound for s in seeds[1:]]
        asked = [Request(seed=one, class_name=name, duration_s=length) for one in seeds]
        fresh = [one.sound for one in model.generate(asked, lenders=lenders)]
        errors.append(_difference_db(sounds[0], source))
        differences.append(_difference_db(sounds[AMOUNTS.index(0.3)], other))
        places = _places([source, *sounds, *more, *fresh])  # the last of sounds is at amount 1, the first of its kind
        varied_away, fresh_away = np.split(np.linalg.norm(places[1:] - places[0], axis=1), [-ENDS])
        away, ended = varied_away[: len(AMOUNTS)], varied_away[len(AMOUNTS) - 1 :]
        distances.append(away)
        farthest += ended.tolist()
        generated += fresh_away.tolist()
        ranks.append(spearmanr(AMOUNTS, away).statistic)
        varied.append(sounds[AMOUNTS.index(0.3)])
    table = np.array(distances)
    means = table.mean(axis=0)
    return VaryFigures(
        sources=len(sources.sounds),
        worst_error_db=float(max(errors)),
        rank_of_means=float(spearmanr(AMOUNTS, means).statistic),
        rank_median=float(np.median(ranks)),
        far_as_generate=float(np.median(farthest) / np.median(generated)),
        least_difference_db=float(min(differences)),
        nearer_to_source=_nearer(varied, sources, training),
        by_amount={amount: float(value) for amount, value in zip(AMOUNTS, means, strict=True)},
    )


def _nearer(varied: list[Sound], sources: SoundSet, training: SoundSet) -> float:
    """Share of variations that lie nearer to their source than to any training sound."""
    here = _places(varied)
    own = np.linalg.norm(here - _places(sources.sounds), axis=1)
    there = _places(training.sounds)
    nearest = np.array([np.linalg.norm(there - row, axis=1).min() for row in here])
    return float(np.mean(own < nearest))


def _places(sounds: Sequence[Sound]) -> npt.NDArray[np.float64]:
    """Spectral features of sounds cut to equal length and finished alike, ``(sounds, features)``."""
    return raw_features([alike(sound, duration_s=1.5) for sound in sounds], space="spectral")


def _difference_db(one: Sound, other: Sound) -> float:
    reference = float(np.sqrt(np.mean(other.data.astype(np.float64) ** 2)))
    error = float(np.sqrt(np.mean((one.data.astype(np.float64) - other.data) ** 2)))
    return 20 * np.log10(max(error, 1e-12) / max(reference, 1e-12))
