"""How long to train: minutes by the clock or of processor time, which a calibration turns into steps, or steps."""

from __future__ import annotations

import re
from dataclasses import dataclass

from woodshed.base.errors import UsageError

_UNITS_S = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Budget:
    """Exactly one of the three is set.

    Attributes
    ----------
    seconds
        By the clock.
    steps
        Of training.
    cpu_seconds
        Of processor time, summed over all threads of the process: two busy cores spend two a second.
    """

    seconds: float | None = None
    steps: int | None = None
    cpu_seconds: float | None = None

    def __str__(self) -> str:
        if self.steps is not None:
            return f"{self.steps} steps"
        if self.cpu_seconds is not None:
            return f"{self.cpu_seconds / 60:g} min of processor time"
        return f"{(self.seconds or 0) / 60:g} min"

    @property
    def timed_s(self) -> float:
        """Seconds to spend, of whichever clock; 0 where steps are counted."""
        return self.seconds or self.cpu_seconds or 0.0


def parse_budget(text: str) -> Budget:
    """Read a budget as a person writes it.

    Parameters
    ----------
    text
        ``"3m"``, ``"90s"``, ``"1.5h"``, ``"10m-cpu"`` (processor time) or ``"2000steps"``.

    Raises
    ------
    UsageError
        If it is none of these, or not more than nothing.

    Examples
    --------
    >>> parse_budget("3m").seconds, parse_budget("10m-cpu").cpu_seconds, parse_budget("2000steps").steps
    (180.0, 600.0, 2000)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:(steps?)|(s|m|min|h)(-cpu)?)\s*", text.lower())
    if match and float(match[1]) > 0:
        number = float(match[1])
        if match[4]:
            return Budget(cpu_seconds=number * _UNITS_S[match[3]])
        if match[3]:
            return Budget(seconds=number * _UNITS_S[match[3]])
        if number == int(number):
            return Budget(steps=int(number))
    raise UsageError(
        f"The budget {text!r} cannot be read",
        cause="a number without a unit, or a unit that is not known",
        way_out="write minutes like 3m, hours like 1.5h, processor time like 10m-cpu or steps like 2000steps",
    )
