"""How long to train: minutes, which a calibration turns into steps, or steps."""

from __future__ import annotations

import re
from dataclasses import dataclass

from woodshed.base.errors import UsageError

_UNITS_S = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Budget:
    """Exactly one of the two is set."""

    seconds: float | None = None
    steps: int | None = None

    def __str__(self) -> str:
        return f"{self.steps} steps" if self.steps is not None else f"{(self.seconds or 0) / 60:g} min"


def parse_budget(text: str) -> Budget:
    """Read a budget as a person writes it.

    Parameters
    ----------
    text
        ``"3m"``, ``"90s"``, ``"1.5h"`` or ``"2000steps"``.

    Raises
    ------
    UsageError
        If it is none of these, or not more than nothing.

    Examples
    --------
    >>> parse_budget("3m"), parse_budget("2000steps")
    (Budget(seconds=180.0, steps=None), Budget(seconds=None, steps=2000))
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(steps?|s|m|min|h)\s*", text.lower())
    if match and float(match[1]) > 0:
        number, unit = float(match[1]), match[2]
        if not unit.startswith("step"):
            return Budget(seconds=number * _UNITS_S[unit])
        if number == int(number):
            return Budget(steps=int(number))
    raise UsageError(
        f"The budget {text!r} cannot be read",
        cause="a number without a unit, or a unit that is not known",
        way_out="write minutes like 3m, hours like 1.5h or steps like 2000steps",
    )
