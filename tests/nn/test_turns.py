"""Turns: seeds side by side share things out evenly."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.nn import evenly, turn_of


@pytest.mark.parametrize("share", [0.0, 0.07, 0.45, 0.5, 1.0])
@pytest.mark.parametrize("first", [0, 7, 2**61 + 3])
def test_of_seeds_side_by_side_a_share_lies_inside_and_each_side_counts_on(share: float, first: int) -> None:
    turns = [turn_of(seed, share=share) for seed in range(first, first + 40)]
    inside, outside = ([turn for within, turn in turns if within is side] for side in (True, False))
    assert abs(len(inside) - 40 * share) <= 1
    for side in (inside, outside):
        assert side == list(range(side[0], side[0] + len(side))) if side else True


def test_every_turn_gives_a_number_below_one() -> None:
    assert 0.0 < evenly(0) < 1.0
    assert evenly(1018231460777725123) < 1.0
    assert evenly(np.int64(5)) == evenly(5)
