"""What was asked for: classes that a model does not know are refused with the true cause."""

from __future__ import annotations

import pytest

from woodshed.artifacts.requesting import classes_asked
from woodshed.base.errors import UnknownName, UsageError


@pytest.mark.parametrize("word", ["none", "any", "All"])
def test_a_word_for_any_class_is_told_to_be_left_out(word: str) -> None:
    with pytest.raises(UsageError, match=r"no class .*Way out: leave out --class for any"):
        classes_asked(("kick", "snare"), word=word)


def test_a_class_that_was_not_taught() -> None:
    with pytest.raises(UnknownName, match=r"no class 'zither'.*not taught sounds of this class.*each, kick, snare"):
        classes_asked(("kick", "snare"), word="zither")
    with pytest.raises(UnknownName, match="near: kick"):
        classes_asked(("kick", "snare"), word="kik")


@pytest.mark.parametrize("word", ["none", "kick"])
def test_a_model_without_classes_says_so(word: str) -> None:
    with pytest.raises(UsageError, match=r"knows no classes.*Way out: leave out --class"):
        classes_asked((), word=word)


def test_several_classes_are_taken_in_the_order_named_and_each_is_checked() -> None:
    assert classes_asked(("bass", "kick", "snare"), word="snare,kick, snare") == ("snare", "kick")
    assert classes_asked(("a,b", "b"), word="a,b") == ("a,b",), "a name with a comma is itself"
    with pytest.raises(UnknownName, match=r"no class 'snar'.*near: snare"):
        classes_asked(("kick", "snare"), word="kick,snar")
    assert classes_asked(("kick", "snare"), word="kick,") == ("kick",)
    with pytest.raises(UsageError, match="leave out --class"):
        classes_asked(("kick", "snare"), word=",any")
    with pytest.raises(UsageError, match="beside other classes"):
        classes_asked(("kick", "snare"), word="kick,each")
