from __future__ import annotations

import numpy as np
import pytest

from woodshed.base.errors import UsageError
from woodshed.metrics import asked_classes, fold_numbers, matched_places, nearest_groups, told_apart

KITS = [f"kit {place % 10}" for place in range(200)]


def kit_sounds(seed: int, *, shift: float = 0.0) -> np.ndarray:
    """Ten kits far apart, sounds close to their kit."""
    centres = 3 * np.random.default_rng(7).normal(size=(10, 6))
    rng = np.random.default_rng(seed)
    return centres[np.arange(200) % 10] + rng.normal(size=(200, 6)) + shift


def test_sounds_of_one_origin_cannot_be_told_apart() -> None:
    shares = [told_apart(kit_sounds(2 * seed), kit_sounds(2 * seed + 1), made_groups=KITS, real_groups=KITS, seed=seed)
              for seed in range(6)]  # fmt: skip
    assert abs(np.mean([one.share for one in shares]) - 0.5) < 0.05
    assert all(one.low <= one.share <= one.high for one in shares)


def test_what_differs_is_told_apart_and_the_more_the_better() -> None:
    found = [
        told_apart(kit_sounds(1, shift=shift), kit_sounds(2), made_groups=KITS, real_groups=KITS).share
        for shift in (0.3, 1.0, 3.0)
    ]
    assert found == sorted(found)
    assert found[-1] > 0.75


def test_made_sounds_that_follow_kits_go_with_them() -> None:
    made, real = kit_sounds(3), kit_sounds(4)
    classes = ["kick"] * 200
    kits = nearest_groups(made, real, real_groups=KITS, real_classes=classes, made_classes=classes)
    assert np.mean(np.asarray(kits) == np.asarray(KITS)) > 0.9
    fair = told_apart(made, real, made_groups=kits, real_groups=KITS).share
    flattered = told_apart(made, real, made_groups=[""] * 200, real_groups=KITS).share
    assert abs(fair - 0.5) < 0.05
    assert flattered < fair - 0.1


def test_no_kit_is_on_both_sides_and_folds_are_even() -> None:
    names = np.array([*KITS, *(f"own {place}" for place in range(50))])
    number = fold_numbers(list(names), is_real=np.arange(250) < 200, folds=5, seed=1)
    assert all(len(set(number[names == name])) == 1 for name in set(names))
    assert np.ptp(np.bincount(number[:200])) <= 20
    assert np.ptp(np.bincount(number[200:])) == 0


def test_the_same_seed_gives_the_same_figure() -> None:
    one, two = (
        told_apart(kit_sounds(1, shift=0.4), kit_sounds(2), made_groups=KITS, real_groups=KITS, seed=9) for _ in "ab"
    )
    assert one == two


def test_too_few_are_refused() -> None:
    with pytest.raises(UsageError, match="too few"):
        told_apart(np.zeros((3, 2)), np.zeros((9, 2)), made_groups=[""] * 3, real_groups=[""] * 9)


def test_matched_places_are_even_by_class() -> None:
    made, real = ["a"] * 5 + ["b"] * 2 + ["c"], ["b"] * 9 + ["a"] * 3
    here, there = matched_places(made, real, seed=0)
    assert sorted(made[place] for place in here) == sorted(real[place] for place in there) == ["a"] * 3 + ["b"] * 2
    assert len(set(here.tolist())) == len(here)


def test_asked_classes_drop_the_rare_and_never_outnumber_real_sounds() -> None:
    real = ["kick"] * 300 + ["tom"] * 20 + ["bell"] * 5 + [""] * 40
    asked = asked_classes(real, count=128)
    assert len(asked) == 128
    assert asked.count("tom") == 16
    assert set(asked) == {"kick", "tom"}
    assert len(asked_classes(real, count=1000)) == 320
