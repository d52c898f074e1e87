"""The one tree of errors. Each message says what is wrong, why that usually happens, and what to type next.

    WoodshedError                 1
    ├── UsageError                2   a flag, a name or a value that cannot be
    │   ├── UnknownName               lists near matches
    │   └── KnobOutOfRange
    ├── SoundError                3   a file or a sound that cannot be used
    │   ├── UnreadableSound
    │   ├── UnusableSound             read, but empty, silent or not finite
    │   └── RateMismatch              names both rates
    ├── ConsentRefused            4   names the items, the rule and the way out
    ├── LedgerDamaged             5
    ├── LibraryError              5
    ├── ModelFileError            6   damaged, foreign, too new or hostile
    ├── HandshakeError            7   model, task, library and device do not fit together
    ├── TrainingFailed            8
    └── DiskProblem               9   full, read-only or gone

The number is the exit code of the command line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import ClassVar

_NAMES = 40  # named in one message at most


class WoodshedError(Exception):
    """An error a person can act on.

    Parameters
    ----------
    problem
        What is wrong, with the value and unit that were seen.
    cause
        The likely cause, in musical rather than technical words.
    way_out
        What to do or type next.

    Examples
    --------
    >>> print(WoodshedError("The folder is empty", cause="nothing was exported yet", way_out="add sounds"))
    The folder is empty. Likely cause: nothing was exported yet. Way out: add sounds.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, problem: str, *, cause: str, way_out: str) -> None:
        super().__init__(problem, cause, way_out)
        self.problem = problem.rstrip(".")
        self.cause = cause.rstrip(".")
        self.way_out = way_out.rstrip(".")

    def __str__(self) -> str:
        return f"{self.problem}. Likely cause: {self.cause}. Way out: {self.way_out}."

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.problem, self.cause, self.way_out))


def _rebuild(kind: type[WoodshedError], problem: str, cause: str, way_out: str) -> WoodshedError:
    """Carry an error over a process border whatever its constructor looks like."""
    error = kind.__new__(kind)
    WoodshedError.__init__(error, problem, cause=cause, way_out=way_out)
    return error


class UsageError(WoodshedError):
    """A flag, a name or a value that cannot be."""

    exit_code: ClassVar[int] = 2


def near_names(name: str, names: Sequence[str], *, most: int = 5) -> list[str]:
    """Known names that are spelled nearly so, else those that hold it as a part."""
    close = difflib.get_close_matches(name, names, n=most)
    return close or [known for known in names if name and name.lower() in known.lower()][:most]


class UnknownName(UsageError):
    """A name that is not in the list it was looked up in.

    ``cause`` is said where no known name is near; without it, that it was never added or was removed.

    Examples
    --------
    >>> print(UnknownName("class", "kik", known=["kick", "snare"]))
    There is no class 'kik'. Likely cause: a typing slip; near: kick. Way out: use one of kick, snare.
    >>> print(UnknownName("class", "crash", known=["cymbal-crash", "snare"]).cause)
    a typing slip; near: cymbal-crash
    """

    def __init__(self, noun: str, name: str, *, known: Iterable[str], if_none: str = "", cause: str = "") -> None:
        names = sorted(known)
        near = near_names(name, names, most=3)
        cause = f"a typing slip; near: {', '.join(near)}" if near else cause or "it was never added here or was removed"
        shown = ", ".join(names[:_NAMES]) + (f" and {len(names) - _NAMES} more" if len(names) > _NAMES else "")
        super().__init__(
            f"There is no {noun} {name!r}",
            cause=cause,
            way_out=f"use one of {shown}" if names else if_none or f"add a {noun} first",
        )


class KnobOutOfRange(UsageError):
    """A knob was turned past its stop."""


class SoundError(WoodshedError):
    """A file or a sound that cannot be used."""

    exit_code: ClassVar[int] = 3


class UnreadableSound(SoundError):
    """A file that no decoder here can turn into sound."""


class UnusableSound(SoundError):
    """A sound that was read but is empty, silent or not finite."""


class RateMismatch(SoundError):
    """Two sounds, or a sound and a model, of different sample rates met."""

    def __init__(self, what: str, *, got_hz: int, expected_hz: int) -> None:
        super().__init__(
            f"{what} has a rate of {got_hz} Hz where {expected_hz} Hz is needed",
            cause="the sound was recorded or exported at another rate, and nothing here resamples silently",
            way_out=f"export it at {expected_hz} Hz, or ask for it: --resample, sound.resampled({expected_hz})",
        )
        self.got_hz = got_hz
        self.expected_hz = expected_hz


class ConsentRefused(WoodshedError):
    """The ledger does not allow this use now."""

    exit_code: ClassVar[int] = 4


class LedgerDamaged(WoodshedError):
    """The chain of events does not add up: someone or something changed the past."""

    exit_code: ClassVar[int] = 5


class LibraryError(WoodshedError):
    """The catalogue cannot be opened or does not hold what was asked for."""

    exit_code: ClassVar[int] = 5


class ModelFileError(WoodshedError):
    """A model file that is damaged, foreign, too new or hostile."""

    exit_code: ClassVar[int] = 6


class HandshakeError(WoodshedError):
    """Model, task, library and device do not fit together; found before the work begins."""

    exit_code: ClassVar[int] = 7


class TrainingFailed(WoodshedError):
    """A training run that cannot start or go on."""

    exit_code: ClassVar[int] = 8


class DiskProblem(WoodshedError):
    """The disk is full, read-only or gone; whatever stood there before still stands."""

    exit_code: ClassVar[int] = 9
