"""From what a person asked to sounds that sound: which classes are meant, and silent ones asked for again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from woodshed.base.errors import UnknownName, UsageError
from woodshed.base.seeds import derive_seed
from woodshed.roles import Made, Request

EACH = "each"
_ANY = ("none", "any", "all", "")
_SILENT_PEAK = 1e-4
_TRIES = 3


def classes_asked(classes: Sequence[str], *, word: str | None) -> tuple[str | None, ...]:
    """The classes a word means, which sounds take in turn: those it names, with ``each`` all; None is any.

    Several are separated by commas; a class whose own name has a comma is meant where the word is that name.

    Raises
    ------
    UnknownName
        If the word names something that is no class.
    UsageError
        If the model knows no classes at all.

    Examples
    --------
    >>> classes_asked(("bass", "kick", "snare"), word="snare, kick")
    ('snare', 'kick')
    >>> classes_asked(("kick", "snare"), word="each")
    ('kick', 'snare')
    >>> classes_asked((), word="each")
    (None,)
    """
    if word is None or (word == EACH and not classes):
        return (None,)
    if word == EACH:
        return tuple(classes)
    names = named_classes(word, known=classes)
    for name in names:
        if name not in classes:
            raise _no_such_class(name, classes)
    return names


def named_classes(word: str, *, known: Collection[str]) -> tuple[str, ...]:
    """The names in a word, each once: the word itself where it is known, else what stands between its commas.

    Raises
    ------
    UsageError
        If ``each`` is one of several.

    Examples
    --------
    >>> named_classes("kick, snare,kick", known=("kick",))
    ('kick', 'snare')
    """
    parts = [] if word in known else [part.strip() for part in word.split(",")]
    names = tuple(dict.fromkeys(filter(None, parts))) or (word,)
    if EACH in names and len(names) > 1:
        raise UsageError(
            f"{EACH!r} cannot be asked for beside other classes",
            cause="it means all of them, one after the other",
            way_out=f"use --class {EACH}, or name classes only",
        )
    return names


def own_first(classes: Sequence[str], *, own: Collection[str]) -> list[str]:
    """The classes in their order, those of ``own`` before the others.

    Examples
    --------
    >>> own_first(("bass", "kick", "snare"), own={"kick"})
    ['kick', 'bass', 'snare']
    """
    return sorted(classes, key=lambda name: name not in own)


def _no_such_class(word: str, classes: Sequence[str]) -> UsageError:
    if not classes:
        return UsageError(
            f"The class {word!r} cannot be asked for: this model knows no classes",
            cause="none of the sounds that taught it had a class",
            way_out="leave out --class; or name classes (woodshed library relabel SOUND --class NAME) and train again",
        )
    if word.casefold() in _ANY:
        return UsageError(
            f"The model has no class {word!r}",
            cause="a class is a kind of sound that it was taught; for any of them none is asked for",
            way_out=f"leave out --class for any, or use --class {EACH} for one after the other",
        )
    return UnknownName("class", word, known=[*classes, EACH], cause="the model was not taught sounds of this class")


def until_sounding(make: Callable[[Sequence[Request]], list[Made]], requests: Sequence[Request]) -> list[Made]:
    """Make one sound per request; one that comes out silent is asked for again with a seed derived from its own."""
    made = make(requests)
    for attempt in range(_TRIES):
        silent = [number for number, one in enumerate(made) if one.sound.peak < _SILENT_PEAK]
        if not silent:
            break
        again = [replace(requests[i], seed=derive_seed(requests[i].seed, "again", attempt)) for i in silent]
        for number, one in zip(silent, make(again), strict=True):
            made[number] = one
    return made
