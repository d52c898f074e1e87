"""How often a listener taught on real kits names unseen real sounds, and the starter kit's sounds, correctly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks._kit_listeners import Teach
from benchmarks._kit_sounds import Heard, group_folds

DRAWS = 400


@dataclass(frozen=True)
class Naming:
    """Share named correctly, classes weighted alike, with the ratio of made to real and its 95 % interval.

    ``by_class`` holds (real, made) for each class. The interval draws kits anew, real and made ones.
    """

    real: float
    made: float
    ratio: float
    low: float
    high: float
    by_class: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class _Answer:
    class_name: str
    group: str
    right: float


def naming(teach: Teach, *, real: Sequence[Heard], made: Sequence[Heard], folds: int, seeds: int) -> Naming:
    """Hold out real kits fold by fold, teach on the others, and ask for real and made sounds alike.

    Parameters
    ----------
    teach
        Makes a listener from sounds and class names.
    real, made
        Sounds of the classes both have.
    folds, seeds
        Parts the real kits are divided into; how often that is done anew, with another division and another seed.
    """
    classes = sorted({hit.class_name for hit in real} & {hit.class_name for hit in made})
    real = [hit for hit in real if hit.class_name in classes]
    made = [hit for hit in made if hit.class_name in classes]
    answers_real: list[_Answer] = []
    answers_made: list[_Answer] = []
    for seed in range(seeds):
        for fold, held in enumerate(group_folds(real, folds=folds, shift=3 * seed)):
            taught = [hit for hit in real if hit.group not in held]
            away = [hit for hit in real if hit.group in held]
            hear = teach([hit.sound for hit in taught], [hit.class_name for hit in taught], classes, 100 * seed + fold)
            known = {hit.class_name for hit in taught}
            for asked, answers in ((away, answers_real), (made, answers_made)):
                chances = hear([hit.sound for hit in asked])
                answers += [
                    _Answer(hit.class_name, hit.group, float(classes[int(np.argmax(row))] == hit.class_name))
                    for hit, row in zip(asked, chances, strict=True)
                    if hit.class_name in known
                ]
    return _weighed(answers_real, answers_made, classes)


def _weighed(real: list[_Answer], made: list[_Answer], classes: list[str]) -> Naming:
    real_cells, made_cells = _cells(real, classes), _cells(made, classes)
    rng = np.random.default_rng(0)
    ratios = [_mean(_redrawn(made_cells, rng)) / max(_mean(_redrawn(real_cells, rng)), 1e-9) for _ in range(DRAWS)]
    low, high = np.percentile(ratios, [2.5, 97.5])
    real_share, made_share = _shares(real_cells), _shares(made_cells)
    by_class = {name: (float(real_share[index]), float(made_share[index])) for index, name in enumerate(classes)}
    real_mean, made_mean = _mean(real_cells), _mean(made_cells)
    return Naming(real_mean, made_mean, made_mean / real_mean, float(low), float(high), by_class)


def _cells(answers: list[_Answer], classes: list[str]) -> np.ndarray:
    """Right answers and all answers by group and class, shape ``(groups, classes, 2)``."""
    groups = sorted({answer.group for answer in answers})
    cells = np.zeros((len(groups), len(classes), 2))
    for answer in answers:
        cells[groups.index(answer.group), classes.index(answer.class_name)] += (answer.right, 1.0)
    return cells


def _redrawn(cells: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The groups weighted anew (Bayesian bootstrap), so that thin classes keep a say in every draw."""
    return cells * rng.dirichlet(np.ones(len(cells)))[:, None, None]


def _shares(cells: np.ndarray) -> np.ndarray:
    sums = cells.sum(axis=0)
    return sums[:, 0] / np.maximum(sums[:, 1], 1e-12)


def _mean(cells: np.ndarray) -> float:
    return float(_shares(cells).mean())
