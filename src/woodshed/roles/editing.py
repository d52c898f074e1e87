"""What some generators can do to sounds a person gives them, besides varying and blending two."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from woodshed.roles.generator import Made
from woodshed.roles.lenders import LenderPool
from woodshed.roles.trainable import Trainable
from woodshed.sound import Sound

ATTRIBUTES = ("shape", "fine", "length", "level", "width")
WAYS = ("even", "noise")


class BlendsMany(ABC):
    """Can find sounds between any number of sounds."""

    @abstractmethod
    def blend_many(
        self,
        sounds: Sequence[Sound],
        *,
        weights: Sequence[float],
        seed: int,
        lenders: LenderPool,
        apart: Mapping[str, Sequence[float]] | None = None,
        way: str = "even",
        steps: int | None = None,
    ) -> Made:
        """The sound at some weights between several; as long as the longest of them.

        Parameters
        ----------
        sounds
            One or more; weight of one alone gives that sound back.
        weights
            One per sound, none negative, not all zero; their sum does not matter.
        apart
            Weights of their own for some of `ATTRIBUTES`: the envelope over time and bands (``shape``), the ``fine``
            structure, the ``length``, the ``level`` and the stereo ``width``.
        way
            ``even`` goes straight between the shapes and lets the model settle what it finds there; ``noise`` takes
            each shape back to the noise it could have been drawn from and goes round the sphere.

        Raises
        ------
        RateMismatch
            If a sound has another rate than the model.
        UsageError
            If the weights do not fit the sounds.
        """


class Fills(ABC):
    """Can draw parts of a sound anew so that they fit what is kept."""

    @abstractmethod
    def fill(
        self,
        sound: Sound,
        *,
        regions: Sequence[tuple[int, int]],
        seed: int,
        lenders: LenderPool,
        band_hz: tuple[float, float] | None = None,
        class_name: str | None = None,
        steps: int | None = None,
    ) -> Made:
        """The sound with its regions drawn anew; every frame outside them stays as it is.

        Parameters
        ----------
        regions
            Frames ``(start, stop)`` within the sound; they may touch its ends. What they hold is not listened to, but
            for how loud and how bright an attack was that a new one stands in for.
        band_hz
            Draw only this band anew, from low to high; None for all.

        Raises
        ------
        RateMismatch
            If the sound has another rate than the model.
        UsageError
            If a region is empty or lies outside the sound, or the sound has more than two channels.
        """


class Combines(ABC):
    """Can add and subtract sounds."""

    @abstractmethod
    def combine(
        self,
        sounds: Sequence[Sound],
        *,
        weights: Sequence[float],
        fine: int,
        seed: int,
        lenders: LenderPool,
        steps: int | None = None,
    ) -> Made:
        """The weighted sum of the shapes of sounds, as the model finds it plausible, with the fine structure of one.

        Parameters
        ----------
        weights
            One per sound, of either sign: 1, -1, 1 is ``a - b + c``.
        fine
            Number of the sound that gives the fine structure, from 0.
        """


class Mends(ABC):
    """Has something to put right after its tensors were averaged with those of another model."""

    @abstractmethod
    def mend(self, first: Trainable, second: Trainable, *, weight: float) -> None:
        """Put right what an average leaves crooked, such as a basis that is no longer one, or rows that are no mean.

        Parameters
        ----------
        first, second
            The models that the average is of, made alike.
        weight
            From 0, the first, to 1.
        """
