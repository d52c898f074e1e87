"""The role of making new sounds, and what some generators can do besides."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from woodshed.roles.lenders import LenderPool
from woodshed.roles.trainable import Trainable
from woodshed.sound import Sound


@dataclass(frozen=True)
class Request:
    """One sound to make. No class means any; no length means the model chooses one; the seed decides the rest.

    Attributes
    ----------
    wishes
        Descriptors asked for, by name (``brightness_hz``, ``decay_ms``, ``pitch_hz``, ``width``), and ``roam``: how far
        from the sounds it learned from the model shall look, 0 being close by. A family that cannot follow one of them
        raises ``UnknownName``.
    bpm, bars
        Of a loop; of the two, the model chooses the one that is left out. A family that makes no loops raises
        ``UsageError``.
    """

    seed: int
    class_name: str | None = None
    duration_s: float | None = None
    wishes: Mapping[str, float] = field(default_factory=dict)
    bpm: float | None = None
    bars: int | None = None


@dataclass(frozen=True)
class Made:
    """A sound as the model made it, before any finishing, and the content ids it borrowed fine structure from.

    A loop says its ``bpm`` and how many ``beats`` it has; it is then neither trimmed nor aligned. ``take_of`` is the
    content id, or its first digits, of the training sound of which it is a further take, ``take_towards`` that of the
    one it is led towards.
    """

    sound: Sound
    lenders: tuple[str, ...] = ()
    class_name: str | None = None
    bpm: float | None = None
    beats: int | None = None
    take_of: str | None = None
    take_towards: str | None = None


class Generator(Trainable):
    """Makes new sounds of the kind it was trained on.

    The same request gives the same sound on the same machine, whatever other requests stand beside it.
    """

    role: ClassVar[str] = "generator"
    lender_query: ClassVar[str] = "kind:oneshot"  # library sounds that may lend to it; empty: it never borrows

    @property
    @abstractmethod
    def max_duration_s(self) -> float:
        """The longest sound it can make."""

    @abstractmethod
    def generate(
        self,
        requests: Sequence[Request],
        *,
        lenders: LenderPool,
        steps: int | None = None,
        guidance: float | None = None,
    ) -> list[Made]:
        """Make one sound per request.

        Parameters
        ----------
        requests
            What to make; an unknown class is an ``UnknownName``.
        lenders
            Where fine structure may be borrowed; ``NoLenders()`` to forbid it.
        steps, guidance
            Solver steps and strength of the class; None takes the family's default.
        """


class Varies(ABC):
    """Can make variations of a given sound."""

    @abstractmethod
    def vary(
        self,
        sound: Sound,
        *,
        amount: float,
        seed: int,
        lenders: LenderPool,
        class_name: str | None = None,
        steps: int | None = None,
    ) -> Made:
        """A variation: amount 0 gives the sound back (to -60 dB or better), 1 forgets it. Never trimmed or levelled.

        The result has the length, rate and channels of the input. The input's rate must be the model's.

        Raises
        ------
        RateMismatch
            If the sound has another rate than the model.
        """


class Blends(ABC):
    """Can find sounds between two."""

    @abstractmethod
    def blend(
        self, first: Sound, second: Sound, *, position: float, seed: int, lenders: LenderPool, steps: int | None = None
    ) -> Made:
        """The sound at a position from 0 (the first) to 1 (the second); as long as the longer of the two."""
