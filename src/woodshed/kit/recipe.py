"""A recipe: parameters are drawn from a seed into a record, then applied. Nothing random is left outside the two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from woodshed.base.seeds import derive_seed

Wave = npt.NDArray[np.floating]
Parameters = Mapping[str, float]
Flavour = Literal["electronic", "acoustic", "any"]


@dataclass(frozen=True)
class Span:
    """The musical range of one parameter.

    Parameters
    ----------
    low, high
        Both ends, in the unit that ends the parameter's name.
    curve
        ``linear``; ``log`` for times and frequencies; ``whole`` for counts and notes.

    Examples
    --------
    >>> Span(40.0, 160.0, "log").at(0.5)
    80.0
    """

    low: float
    high: float
    curve: Literal["linear", "log", "whole"] = "linear"

    def at(self, amount: float) -> float:
        """The value at an amount of 0 to 1 along the range."""
        amount = min(max(amount, 0.0), 1.0)
        if self.curve == "log":
            return round(float(self.low * (self.high / self.low) ** amount), 9)
        value = self.low + (self.high - self.low) * amount
        return float(round(value)) if self.curve == "whole" else float(value)


def lin(low: float, high: float) -> Span:
    """A range whose middle is the mean of its ends."""
    return Span(low, high)


def log(low: float, high: float) -> Span:
    """A range whose middle is the geometric mean of its ends, as ears hear times and frequencies."""
    return Span(low, high, "log")


def whole(low: int, high: int) -> Span:
    """A range of whole numbers: counts, MIDI notes."""
    return Span(low, high, "whole")


@dataclass(frozen=True)
class Recipe:
    """One way to make one class of sound.

    Parameters
    ----------
    class_name
        The class as the corpus names it, for example ``hat-closed``.
    name
        A short word a producer would use; it ends up in file names.
    flavour
        Which kits it belongs in: ``electronic``, ``acoustic`` or ``any``.
    spans
        Range of each parameter, by name with unit.
    render
        ``render(parameters, seed)`` gives a dry wave at ``RENDER_RATE_HZ``, shape ``(frames,)`` or ``(2, frames)``.
    weight
        How often it is picked beside its siblings.
    """

    class_name: str
    name: str
    flavour: Flavour
    spans: Mapping[str, Span]
    render: Callable[[Parameters, int], Wave]
    weight: float = field(default=1.0)

    def draw(self, *, seed: int, home_seed: int | None = None, spread: float = 1.0) -> dict[str, float]:
        """Draw the record of parameters.

        Parameters
        ----------
        seed
            The same seed gives the same record.
        home_seed
            Where given, the draws scatter around the record of this other seed: sounds of one instrument.
        spread
            0 stays at home, 1 forgets it.
        """
        here = np.random.default_rng(derive_seed(seed, "draw", self.class_name, self.name)).random(len(self.spans))
        if home_seed is not None:
            home = np.random.default_rng(derive_seed(home_seed, "draw", self.class_name, self.name)).random(len(here))
            here = _reflected(home + spread * (here - 0.5))
        return {name: span.at(float(amount)) for (name, span), amount in zip(self.spans.items(), here, strict=True)}


def _reflected(amounts: Wave) -> Wave:
    """Fold what left the range 0 to 1 back inside, so that the ends are not crowded."""
    return 1.0 - np.abs(1.0 - np.abs(amounts) % 2.0)
