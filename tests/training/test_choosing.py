from __future__ import annotations

import pytest

from woodshed.training.averaging import LENGTHS
from woodshed.training.choosing import Candidate, usual
from woodshed.training.quick_check import worth_a_look


def last(*losses: float | None) -> list[Candidate]:
    """The averages that stand at the end, after step 10."""
    return [Candidate("", 10, length, loss, True, dict) for length, loss in zip(LENGTHS, losses, strict=True)]


def way(*moments: tuple[int, float]) -> list[Candidate]:
    return [Candidate("", step, 0.1, loss, False, dict) for step, loss in moments]


@pytest.mark.parametrize(("early", "taken"), [(False, 2), (True, 3)])
def test_weights_on_the_way_are_taken_only_if_training_may_end_early(early: bool, taken: int) -> None:
    assert usual([*last(0.5, 0.4, 0.3), *way((4, 0.2), (6, 0.6))], early=early) == taken


def test_without_held_out_sounds_the_middle_average_is_taken() -> None:
    assert usual(last(None, None, None)) == 1
    assert worth_a_look(last(None, None, None)) == [1]


def test_of_each_step_one_is_looked_at_and_the_earliest_comes_last() -> None:
    candidates = [*last(0.5, 0.4, 0.3), *way((3, 0.9), (5, 0.6), (7, 0.2), (8, 0.7))]
    assert worth_a_look(candidates) == [2, 5, 4, 3]
    assert worth_a_look(candidates, early=True) == [5, 2, 4, 3]
    assert worth_a_look([*last(0.5, 0.4, 0.3), *way((3, 0.2), (5, 0.6))]) == [2, 3, 4]
