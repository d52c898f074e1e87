"""Splits: no group on both sides, shares kept per class, the same seed the same split."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from woodshed.base.errors import UsageError
from woodshed.library import Item
from woodshed.library.split import split_items


def item(number: int, group: str, class_name: str | None = "kick") -> Item:
    """An item of a group."""
    return Item(f"{number:032x}", f"/s/{number}.wav", "oneshot", group, 44100, 1, 4410, class_name=class_name)


@settings(max_examples=60, deadline=None)
@given(
    groups=st.lists(st.tuples(st.integers(0, 12), st.sampled_from(["kick", "snare", None])), min_size=1, max_size=60),
    share=st.floats(0.05, 0.9),
    seed=st.integers(0, 2**31),
)
def test_nothing_leaks_and_nothing_is_lost(groups: list[tuple[int, str | None]], share: float, seed: int) -> None:
    items = [item(n, f"g{group}", name) for n, (group, name) in enumerate(groups)]
    split = split_items(items, held_out=share, seed=seed)
    assert not {i.group for i in split.train} & {i.group for i in split.held_out}
    assert Counter(i.content_id for i in (*split.train, *split.held_out)) == Counter(i.content_id for i in items)
    if len({i.group for i in items}) > 1:
        assert split.train
        assert split.held_out
    assert split == split_items(items, held_out=share, seed=seed)


def test_shares_are_kept_per_class() -> None:
    items = [item(n, f"g{n // 5}", ("kick", "snare", "clap", "tom", "rim")[n % 5]) for n in range(500)]
    split = split_items(items, held_out=0.2, seed=3)
    assert len(split.held_out) == pytest.approx(100, abs=5)
    assert all(count == pytest.approx(20, abs=3) for count in Counter(i.class_name for i in split.held_out).values())


def test_other_seeds_give_other_splits() -> None:
    items = [item(n, f"g{n // 3}") for n in range(90)]
    chosen = {frozenset(i.group for i in split_items(items, held_out=0.3, seed=seed).held_out) for seed in range(5)}
    assert len(chosen) == 5


def test_one_kit_is_split_by_near_duplicates_with_a_note() -> None:
    items = [item(n, "only") for n in range(20)]
    finer = {i.content_id: f"pair{n // 2}" for n, i in enumerate(items)}
    split = split_items(items, held_out=0.2, seed=0, finer=finer)
    assert "one kit" in split.note
    assert len(split.held_out) == 4
    sides = {finer[i.content_id] for i in split.train} & {finer[i.content_id] for i in split.held_out}
    assert not sides


def test_one_group_cannot_be_split() -> None:
    split = split_items([item(1, "a"), item(2, "a")], held_out=0.5, seed=0)
    assert (len(split.train), split.held_out) == (2, ())
    assert "nothing could be held out" in split.note


@pytest.mark.parametrize("share", [0.0, 1.0, 20.0, -0.1])
def test_a_share_that_cannot_be(share: float) -> None:
    with pytest.raises(UsageError, match=r"cannot be held out.*for example 0\.2"):
        split_items([item(1, "a")], held_out=share, seed=0)
