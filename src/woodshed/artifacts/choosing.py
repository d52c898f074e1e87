"""Which sounds go together in one output: the given ones, and others of one class out of the library."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from woodshed.artifacts.receipt import InputSound
from woodshed.artifacts.requesting import EACH, named_classes
from woodshed.artifacts.verb import GivenSound, Job
from woodshed.base.errors import UnknownName, UsageError
from woodshed.base.events import EventSink, Note
from woodshed.base.knobs import Knob, KnobValue
from woodshed.base.seeds import derive_seed
from woodshed.roles import LenderPool
from woodshed.sound import Sound

CHOOSING_KNOBS = (
    Knob(
        name="query", kind="text", default="kind:oneshot", help="library sounds to choose from where too few are given"
    ),
    Knob(
        name="class",
        kind="text",
        default=None,
        help="only sounds of this class, or of several: kick,snare; 'each' for all in turn; left out: any",
    ),
    Knob(name="count", kind="int", low=1, high=10_000, default=1, help="how many sounds to make"),
    Knob(name="seed", kind="int", low=0, high=2**62, default=0, help="first seed; the next sound takes the next"),
)
"""Knobs of every verb that chooses sounds."""


@dataclass(frozen=True)
class Company:
    """Sounds that go together: the given ones first, then those of the library.

    ``lenders`` are the content ids of the library's, ``lenders_class`` is the class they are chosen from.
    """

    sounds: tuple[Sound, ...]
    inputs: tuple[InputSound, ...]
    lenders: tuple[str, ...]
    class_name: str | None
    label: str
    lenders_class: str | None = None

    def asked_again(self, *, seed: int) -> dict[str, KnobValue]:
        """The knobs that choose the same sounds once more."""
        return {"count": 1, "seed": seed, "class": self.lenders_class}


def companies(job: Job, *, size: int) -> list[tuple[int, Company]]:
    """For each sound that a job is to make, its seed and the sounds that go into it.

    Out of the library, consecutive seeds take different pairs until every pair of a class was taken, and what a seed
    takes depends on nothing but the seed, the given sounds and the library; of several classes asked for, it is the
    turn of the next. Given sounds come in the order given; surround comes mixed down to one channel.

    Parameters
    ----------
    job
        With the knobs ``CHOOSING_KNOBS``.
    size
        How many sounds go together; more given sounds than this are chosen from.

    Raises
    ------
    UnknownName
        If no sound that may be used has the class.
    UsageError
        If there are too few sounds.
    """
    job = replace(job, sounds=tuple(_mixed_down(one, job.on_event) for one in job.sounds))
    first, count = job.whole("seed") or 0, job.whole("count") or 1
    given = len(job.sounds)
    if given >= size:
        return [(first + i, _given_company(job, size=size, place=i)) for i in range(count)]
    shelves = _shelves(job.lenders, least=size if given == 0 else size - given, word=job.word("class"))
    names, in_turn = list(shelves), job.word("class") is not None
    found = []
    for seed in range(first, first + count):
        name = names[(seed - first) % len(names)] if in_turn else _drawn_name(shelves, seed=seed)
        lenders = drawn_ids(shelves[name], count=size - given, seed=seed)
        sounds = (*(one.sound for one in job.sounds), *(_on_two(job.lenders.read(one)) for one in lenders))
        label = Path(job.sounds[0].name).stem if given else name
        named = name or None
        found.append((seed, Company(sounds, job.inputs, lenders, None if given else named, label, named)))
    return found


def drawn_ids(ids: Sequence[str], *, count: int, seed: int) -> tuple[str, ...]:
    """So many different ids; the first two are another ordered pair at every seed until all were taken.

    Examples
    --------
    >>> sorted({drawn_ids("abc", count=2, seed=seed) for seed in range(6)})
    [('a', 'b'), ('a', 'c'), ('b', 'a'), ('b', 'c'), ('c', 'a'), ('c', 'b')]
    """
    if count == 1:
        return (ids[_scattered(seed, len(ids))],)
    first, second = divmod(_scattered(seed, len(ids) * (len(ids) - 1)), len(ids) - 1)
    pair = (ids[first], ids[second + (second >= first)])
    rest = [other for other in ids if other not in pair]
    order = np.random.default_rng(derive_seed(seed, "more")).permutation(len(rest))
    return (*pair, *(rest[i] for i in order[: count - 2]))


def _mixed_down(given: GivenSound, on_event: EventSink) -> GivenSound:
    """A given sound on one or two channels; that surround is mixed down is said."""
    if given.sound.channels > 2:
        text = f"{given.name} has {given.sound.channels} channels, and was mixed down to one"
        on_event(Note(level="warning", text=text))
    return replace(given, sound=_on_two(given.sound))


def _on_two(sound: Sound) -> Sound:
    return sound if sound.channels <= 2 else sound.mono()


def _scattered(place: int, size: int) -> int:
    """Where a place of an endless row falls in a row of ``size``; neighbours far apart, all places in turn."""
    stride = max(1, round(0.618 * size))
    while math.gcd(stride, size) != 1:
        stride += 1
    return place * stride % size


def _given_company(job: Job, *, size: int, place: int) -> Company:
    """All given sounds where just enough were given, in order and then in turn; else another choice at every place."""
    if len(job.sounds) == size:
        order = [(i + place) % size for i in range(size)]
    else:
        order = [int(word) for word in drawn_ids([str(i) for i in range(len(job.sounds))], count=size, seed=place)]
    sounds = [job.sounds[i] for i in order]
    label = "_".join(Path(one.name).stem for one in sounds)
    return Company(tuple(s.sound for s in sounds), tuple(job.inputs[i] for i in order), (), None, label)


def _shelves(pool: LenderPool, *, least: int, word: str | None) -> dict[str, list[str]]:
    """Content ids by class, as asked for, where there are enough; sounds without a class only if none has one."""
    shelves: dict[str, list[str]] = {}
    for content_id in pool.content_ids():
        shelves.setdefault(pool.class_name(content_id) or "", []).append(content_id)
    named = () if word in (None, EACH) else named_classes(str(word), known=shelves)
    names = named or sorted(shelves)
    for name in names:
        if name not in shelves:
            known = [*sorted(filter(None, shelves)), EACH]
            raise UnknownName("class among these sounds", name, known=known, cause="none of them has it")
        if len(named) > 1 and len(shelves[name]) < least:
            raise UsageError(
                f"The library has {len(shelves[name])} of class {name!r} to choose from",
                cause=f"it takes {least}, of every class that is named",
                way_out=f"leave out {name!r}, add sounds (woodshed library add FOLDER), or widen --query",
            )
    enough = {name: shelves[name] for name in names if len(shelves[name]) >= least}
    if not enough:
        raise UsageError(
            "The library has no sound to put beside the one given"
            if least == 1
            else f"No class in the library has {least} sounds to choose from",
            cause="it has too few, --query chooses too few, or their owners do not allow resynthesis",
            way_out="give another file, add sounds (woodshed library add FOLDER), widen --query, or look at "
            "woodshed consent explain SOUND",
        )
    return {name: ids for name, ids in enough.items() if name} or enough


def _drawn_name(shelves: dict[str, list[str]], *, seed: int) -> str:
    """A class, drawn in proportion to its sounds."""
    names = sorted(shelves)
    sizes = np.array([len(shelves[name]) for name in names], dtype=np.float64)
    return names[int(np.random.default_rng(derive_seed(seed, "class")).choice(len(names), p=sizes / sizes.sum()))]
