"""Steering what a generator makes by any loss on the audio: what a guide is, and who can take one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor

from woodshed.base.errors import KnobOutOfRange
from woodshed.roles.generator import Made, Request
from woodshed.roles.lenders import LenderPool

MOST_WEIGHT = 10.0


@dataclass(frozen=True)
class Schedule:
    """How strongly a guide pulls while a sound takes shape: flow time runs from 0 (noise) to 1 (the sound).

    One that stops where it starts never pulls.

    Examples
    --------
    >>> Schedule(start=0.5, curve="rising").strength(0.75)
    0.5
    """

    start: float = 0.0
    stop: float = 1.0
    curve: Literal["even", "rising", "falling"] = "even"

    def __post_init__(self) -> None:
        if not 0.0 <= self.start <= self.stop <= 1.0:
            raise KnobOutOfRange(
                f"A guide cannot pull from {self.start} to {self.stop}",
                cause="flow time runs from 0 to 1, and the start does not come after the stop",
                way_out="use for example 0 and 1, or 0.3 and 1",
            )

    @property
    def pulls(self) -> bool:
        """Whether it pulls at any time."""
        return self.start < self.stop

    def strength(self, time: float) -> float:
        """From 0 to 1 at a time."""
        if not self.pulls or not self.start <= time <= self.stop:
            return 0.0
        passed = (time - self.start) / (self.stop - self.start)
        return {"even": 1.0, "rising": passed, "falling": 1.0 - passed}[self.curve]


@dataclass(frozen=True, kw_only=True)
class Guide(ABC):
    """Anything that can say "more like this" of audio, with a gradient.

    Attributes
    ----------
    weight
        How strongly it pulls beside others; 1 is the usual pull whatever its loss is measured in.
    schedule
        When it pulls.
    """

    weight: float = 1.0
    schedule: Schedule = field(default_factory=Schedule)

    def __post_init__(self) -> None:
        if not 0.0 <= self.weight <= MOST_WEIGHT:
            raise KnobOutOfRange(
                f"The weight of a guide is {self.weight}",
                cause=f"it goes from 0 to {MOST_WEIGHT:g}",
                way_out="1 is the usual pull; 0 switches a guide off",
            )
        if not (self.schedule.pulls or self.away):
            raise KnobOutOfRange(
                f"The guide {self.told()!r} would never pull",
                cause=f"its schedule starts and stops at {self.schedule.start:g}",
                way_out="let it stop later; a weight of 0 switches a guide off",
            )

    @abstractmethod
    def loss(self, audio: Tensor, *, sample_rate_hz: int) -> Tensor:
        """How far sounds are from what is wanted, differentiable.

        Parameters
        ----------
        audio
            ``(batch, channels, frames)``; at the generator's rate and channels, however the guide listens.

        Returns
        -------
        Tensor
            ``(batch,)``, finite.
        """

    @property
    def least(self) -> float | None:
        """The loss at which a sound is near enough, so that the pull ends; None where that is not known."""
        return 0.0

    @property
    def away(self) -> bool:
        """Whether it leads away from something, so that another sound of the kind is worth beginning from."""
        return False

    @property
    def moves_level(self) -> bool:
        """Whether it may change when a sound is loud; where no guide does, its level runs as that of its kind."""
        return True

    @property
    def span_s(self) -> float:
        """How long a sound must be at least for this guide to make sense, in seconds."""
        return 0.0

    @abstractmethod
    def told(self) -> str:
        """What it wants, in a few words for a receipt, weight and schedule left out."""


class Guided(ABC):
    """Can be steered by guides while it makes sounds."""

    @abstractmethod
    def guide(
        self,
        requests: Sequence[Request],
        *,
        guides: Sequence[Guide],
        lenders: LenderPool,
        steps: int | None = None,
        guidance: float | None = None,
    ) -> list[Made]:
        """Make one sound per request, each pulled towards what all guides want.

        The same request gives the same sound whatever stands beside it. Without any guide (or with weights of 0) the
        sounds are those of ``generate`` with the same steps. A sound becomes at least as long as the longest span of
        its guides, as far as the model can.

        Raises
        ------
        UsageError
            If the loss of a guide has another shape than ``(batch,)``, is not finite or has no gradient.
        """


class Hears(ABC):
    """A listener whose hearing has a gradient."""

    @abstractmethod
    def hear_tensor(self, audio: Tensor, *, sample_rate_hz: int) -> Tensor:
        """Natural log of the probability of each class, ``(batch, classes)``.

        Parameters
        ----------
        audio
            ``(batch, channels, frames)``, any rate and channels; brought to the listener's own on the way.
        """
