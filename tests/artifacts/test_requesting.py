"""What was asked for: classes that a model does not know are refused with the true cause."""

from __future__ import annotations

import pytest

from woodshed.artifacts.requesting import classes_in_turn
from woodshed.base.errors import UnknownName, UsageError


@pytest.mark.parametrize("word", ["none", "any", "All"])
def test_a_word_for_any_class_is_told_to_be_left_out(word: str) -> None:
    with pytest.raises(UsageError, match=r"no class .*Way out: leave out --class for any"):
        classes_in_turn(("kick", "snare"), word=word, count=1)


def test_a_class_that_was_not_taught() -> None:
    with pytest.raises(UnknownName, match=r"no class 'zither'.*not taught sounds of this class.*each, kick, snare"):
        classes_in_turn(("kick", "snare"), word="zither", count=1)
    with pytest.raises(UnknownName, match="near: kick"):
        classes_in_turn(("kick", "snare"), word="kik", count=1)


@pytest.mark.parametrize("word", ["none", "kick"])
def test_a_model_without_classes_says_so(word: str) -> None:
    with pytest.raises(UsageError, match=r"knows no classes.*Way out: leave out --class"):
        classes_in_turn((), word=word, count=1)
