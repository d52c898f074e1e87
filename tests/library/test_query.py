"""The words of a query."""

from __future__ import annotations

import pytest

from woodshed.base.errors import UnknownName, UsageError
from woodshed.library import Item
from woodshed.library.query import parse_query


def item(name: str, **words: object) -> Item:
    """An item with some words."""
    facts = {"kind": "oneshot", "group": "g", "sample_rate_hz": 44100, "channels": 1, "frames": 44100, **words}
    return Item(content_id=name.ljust(32, "0"), path=f"/sounds/{name}.wav", **facts)  # type: ignore[arg-type]


ITEMS = [
    item("a1kick", class_name="kick", group="808", author="Ada"),
    item("b2snare", class_name="snare", group="909"),
    item("c3loop", class_name="drums", kind="loop", bpm=120.0, frames=88200, key="A minor", channels=2),
    item("d4loop", class_name="drums", kind="loop", bpm=92.5, frames=882000),
    item("e5old thing"),
]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "abcde"),
        ("all", "abcde"),
        ("class:kick", "a"),
        ("class:kick,snare", "ab"),
        ("class:dr*", "cd"),
        ("class:none", "e"),
        ("-class:drums", "abe"),
        ("kind:loop bpm:90..120", "cd"),
        ("bpm:92.5", "d"),
        ("bpm:..100", "d"),
        ("bpm:100..", "c"),
        ("duration:..1", "abe"),
        ("group:808", "a"),
        ("author:ada", "a"),
        ("key:a*", "c"),
        ("key:'A minor'", "c"),
        ("channels:2", "c"),
        ("path:*old*", "e"),
        ("-path:*loop.wav -class:kick", "be"),
        ("path:'*old thing.wav'", "e"),
        ("id:a1,b2", "ab"),
        ("snare", "b"),
        ("loop 'c3'", "c"),
        ("kick snare", ""),
        ("it's", ""),
        ("rate:44100 -all", ""),
    ],
)
def test_words(query: str, names: str) -> None:
    classes = {i.class_name for i in ITEMS if i.class_name}
    parsed = parse_query(query, classes=classes)
    assert "".join(i.content_id[0] for i in ITEMS if parsed.matches(i)) == names


def test_unknown_words_list_near_ones() -> None:
    with pytest.raises(UnknownName, match=r"no class 'kik'.*near: kick"):
        parse_query("class:kik", classes={"kick", "snare"})
    with pytest.raises(UnknownName, match=r"no word for queries 'clas'.*near: class"):
        parse_query("clas:kick")
    with pytest.raises(UsageError, match=r"bpm:fast is no number.*bpm:90\.\.120"):
        parse_query("bpm:fast")
