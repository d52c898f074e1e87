"""Making sounds anew that turned out to be copies, and leaving out those that stay so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from woodshed.artifacts.receipt import CopyChecked
from woodshed.base.events import EventSink, Note, ignore
from woodshed.base.seeds import derive_seed
from woodshed.metrics import CopyGuard, Guarded
from woodshed.roles import Made, Request

TRIES = 4


@dataclass(frozen=True)
class Kept:
    """A sound that is no copy, and what the guard found; ``checked`` is None where nobody judged."""

    made: Made
    checked: CopyChecked | None


def without_copies(
    requests: Sequence[Request],
    make: Callable[[Sequence[Request]], list[Made]],
    *,
    guard: CopyGuard | None,
    on_event: EventSink = ignore,
) -> list[tuple[int, Kept]]:
    """Make one sound per request; a copy is made anew with a seed derived from its own, at most four times.

    Parameters
    ----------
    make
        Makes one sound per request.
    guard
        Who judges; None judges nothing.

    Returns
    -------
    list
        The numbers of the requests, counted from 0, with their sounds. What stayed a copy is left out, and a note
        says so.
    """
    made = make(requests)
    if guard is None:
        return [(number, Kept(one, None)) for number, one in enumerate(made)]
    judged, tries = _judge(guard, made), [0] * len(requests)
    for turn in range(TRIES):
        refused = [place for place, one in enumerate(judged) if one.refused]
        if not refused:
            break
        anew = [replace(requests[at], seed=derive_seed(requests[at].seed, "no copy", turn) % 2**62) for at in refused]
        again = make(anew)
        for at, one, found in zip(refused, again, _judge(guard, again), strict=True):
            made[at], judged[at], tries[at] = one, found, turn + 1
    for request, one in zip(requests, judged, strict=True):
        if one.refused:
            text = f"Left out: seed {request.seed} gave a copy of {one.name[:12]} {TRIES + 1} times."
            on_event(Note(level="warning", text=text))
    return [
        (number, Kept(made[number], _checked(found, guard, tries[number])))
        for number, found in enumerate(judged)
        if not found.refused
    ]


def _judge(guard: CopyGuard, made: Sequence[Made]) -> list[Guarded]:
    return guard.judge([one.sound for one in made], lenders=[one.lenders for one in made])


def _checked(found: Guarded, guard: CopyGuard, tries: int) -> CopyChecked:
    return CopyChecked(
        nearest=found.name,
        likeness=found.likeness,
        excess=found.excess,
        threshold=guard.threshold,
        made_anew=tries,
    )
