"""The words with which sounds are chosen: ``class:kick,snare bpm:90..120 -path:*old*``."""

from __future__ import annotations

import fnmatch
import re
import shlex
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from woodshed.base.errors import UnknownName, UsageError
from woodshed.base.files import printable
from woodshed.library.items import Item

Matcher = Callable[[Item], bool]

_NUMBERS: Mapping[str, Callable[[Item], float | None]] = {
    "bpm": lambda item: item.bpm,
    "duration": lambda item: item.duration_s,
    "rate": lambda item: float(item.sample_rate_hz),
    "channels": lambda item: float(item.channels),
    "pitch": lambda item: item.pitch_midi,
}
_TEXTS: Mapping[str, Callable[[Item], str | None]] = {
    "class": lambda item: item.class_name,
    "kind": lambda item: item.kind,
    "kit": lambda item: item.kit,
    "key": lambda item: item.key,
    "licence": lambda item: item.licence,
    "author": lambda item: item.author,
}
WORDS = ("all", *sorted([*_NUMBERS, *_TEXTS, "group", "id", "owner", "path"]))


@dataclass(frozen=True)
class Query:
    """A parsed query; every word must hold.

    Examples
    --------
    >>> item = Item("00ff", "/a/kick.wav", "oneshot", group="808", sample_rate_hz=44100, channels=1, frames=22050,
    ...             class_name="kick")
    >>> parse_query("class:kick,snare -path:*old* duration:..1").matches(item)
    True
    """

    text: str
    matchers: tuple[Matcher, ...]
    owners: tuple[tuple[bool, frozenset[str]], ...] = ()

    def matches(self, item: Item) -> bool:
        """Whether every word but ``owner:`` holds for the item."""
        return all(matcher(item) for matcher in self.matchers)

    def matches_owner(self, owners: Iterable[str]) -> bool:
        """Whether the ``owner:`` words hold."""
        folded = {owner.casefold() for owner in owners}
        return all(bool(folded & wanted) is not refused for refused, wanted in self.owners)


def parse_query(text: str, *, classes: Collection[str] = ()) -> Query:
    """Read a query.

    Words are joined by AND, commas inside a word by OR; a leading ``-`` means not. Words: ``class: kind: kit: group:
    owner: author: licence: key: path: id:`` (with ``*`` and ``?``), ``bpm: duration: rate: channels: pitch:`` (a
    number or ``low..high``, either end may be missing), ``all``, and any other word: a part of the path or the class.

    Parameters
    ----------
    text
        The query; empty means all.
    classes
        Class names in use; an unknown class is then an error that lists near ones.

    Raises
    ------
    UsageError
        If a number cannot be read.
    UnknownName
        If there is no such field or class.
    """
    matchers: list[Matcher] = []
    owners: list[tuple[bool, frozenset[str]]] = []
    for word in _split(text):
        refused, body = (True, word[1:]) if word.startswith("-") and len(word) > 1 else (False, word)
        name, colon, value = body.partition(":")
        if colon and name == "owner":
            owners.append((refused, frozenset(part.casefold() for part in value.split(","))))
            continue
        matcher = _matcher(name, value, classes) if colon and name.isalpha() else _bare(body)
        matchers.append(_not(matcher) if refused else matcher)
    return Query(text, tuple(matchers), tuple(owners))


def _split(text: str) -> list[str]:
    try:
        lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
        lexer.whitespace_split = True
        lexer.commenters = ""
        lexer.escape = ""
        return list(lexer)
    except ValueError:
        return text.split()


def _not(matcher: Matcher) -> Matcher:
    return lambda item: not matcher(item)


def _bare(word: str) -> Matcher:
    if word == "all":
        return lambda item: True  # noqa: ARG005
    lowered = word.casefold()
    return lambda item: lowered in item.path.casefold() or lowered in (item.class_name or "").casefold()


def _matcher(name: str, value: str, classes: Collection[str]) -> Matcher:
    choices = [part for part in value.split(",") if part]
    if name in _NUMBERS:
        spans = [_span(name, part) for part in choices]
        number = _NUMBERS[name]
        return lambda item: any(_inside(number(item), span) for span in spans)
    if name == "class" and classes:
        _check_classes(choices, classes)
    if name in _TEXTS:
        return _text_matcher(_TEXTS[name], choices)
    if name == "group":
        return _text_matcher(lambda item: item.group, choices)
    if name == "id":
        return lambda item: any(item.content_id.startswith(part.lower()) for part in choices)
    if name == "path":
        return lambda item: any(_glob(path, part) for path in (item.paths or (item.path,)) for part in choices)
    raise UnknownName("word for queries", name, known=WORDS)


def _check_classes(choices: Sequence[str], classes: Collection[str]) -> None:
    known = {name.casefold() for name in classes}
    for choice in choices:
        if not re.search(r"[*?\[]", choice) and choice.casefold() not in known and choice != "none":
            raise UnknownName("class", choice, known=classes, cause="no sound of the library has this class")


def _text_matcher(text_of: Callable[[Item], str | None], choices: Sequence[str]) -> Matcher:
    def matches(item: Item) -> bool:
        text = text_of(item)
        return any(
            (choice == "none" if text is None else fnmatch.fnmatchcase(text.casefold(), choice.casefold()))
            for choice in choices
        )

    return matches


def _glob(path: str, pattern: str) -> bool:
    """A pattern with a slash means the whole path (or its end); one without means the file's name or a part of it."""
    path, pattern = printable(path).replace("\\\\", "/").casefold(), pattern.casefold()
    if not re.search(r"[*?\[]", pattern):
        return pattern in path
    return fnmatch.fnmatchcase(path, pattern) or fnmatch.fnmatchcase(path, "*/" + pattern)


def _span(name: str, text: str) -> tuple[float, float]:
    low, dots, high = text.partition("..")
    try:
        if not dots:
            return float(low), float(low)
        return float(low) if low else float("-inf"), float(high) if high else float("inf")
    except ValueError:
        raise UsageError(
            f"{name}:{text} is no number and no range",
            cause="a typing slip",
            way_out=f"write {name}:90 or {name}:90..120",
        ) from None


def _inside(value: float | None, span: tuple[float, float]) -> bool:
    if value is None:
        return False
    slack = 1e-6 if span[0] != span[1] else 0.5e-2
    return span[0] - slack <= value <= span[1] + slack
