"""Knobs: one table per task, from which flags, forms, OSC addresses and reference pages all come."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict

from woodshed.base.errors import KnobOutOfRange, UnknownName

KnobValue = float | int | bool | str | None


class Knob(BaseModel):
    """One parameter of a task.

    ``unit`` is one of the units that end names (``s``, ``ms``, ``hz``, ``db``, ``lufs``...), or empty for a
    bare number from 0 to 1, a count or a word. ``low`` and ``high`` are None where there is no stop.

    Examples
    --------
    >>> knob = Knob(name="amount", kind="float", low=0, high=1, default=0.3, help="how far to move away")
    >>> knob.checked(0.5)
    0.5
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: Literal["float", "int", "bool", "text"]
    default: KnobValue
    help: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    curve: Literal["linear", "log"] = "linear"

    @property
    def stops(self) -> tuple[str, str] | tuple[()]:
        """The lowest and the highest position as a person reads them; empty where there are none.

        Examples
        --------
        >>> Knob(name="seed", kind="int", low=0, high=2**62, default=0, help="which one").stops
        ('0', '2^62')
        """
        return () if self.low is None or self.high is None else (_number_text(self.low), _number_text(self.high))

    def checked(self, value: KnobValue) -> KnobValue:
        """Return the value if the knob can stand there.

        Raises
        ------
        KnobOutOfRange
            If the number lies outside the stops.
        UnknownName
            If the knob has named positions and this is none of them.
        """
        if value is None and self.default is None:
            return None
        if self.choices:
            if str(value) not in self.choices:
                raise UnknownName(
                    f"position of {self.name}", str(value), known=self.choices, cause="it knows no other words"
                )
            return str(value)
        if self.kind in ("float", "int"):
            return self._checked_number(value)
        return value

    def _checked_number(self, value: KnobValue) -> float | int:
        number = value if self.kind == "int" and isinstance(value, int) else float(value)  # type: ignore[arg-type]
        low = float("-inf") if self.low is None else self.low
        high = float("inf") if self.high is None else self.high
        if not low <= number <= high:  # also catches NaN
            usual = "" if self.default is None else f" for {self.default}"
            raise KnobOutOfRange(
                f"{self.name} is {value}{' ' + self.unit if self.unit else ''}",
                cause=f"it goes from {' to '.join(self.stops) or 'any number to any'}{self.unit and ' ' + self.unit}",
                way_out=f"choose a value in between, or leave it out{usual}",
            )
        return int(number) if self.kind == "int" else number


def _number_text(value: float) -> str:
    power = math.log2(value) if value >= 2**20 else 0.5
    return f"2^{power:.0f}" if power.is_integer() else f"{value:g}"


class KnobTable(BaseModel):
    """The knobs of one task, in the order a person meets them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    knobs: tuple[Knob, ...]

    def __getitem__(self, name: str) -> Knob:
        for knob in self.knobs:
            if knob.name == name:
                return knob
        raise UnknownName("knob", name, known=[knob.name for knob in self.knobs])

    def settings(self, **values: KnobValue) -> dict[str, KnobValue]:
        """Every knob's position: the given values checked, the others at their default.

        Raises
        ------
        UnknownName
            If a value names no knob of this table.
        """
        for name in values:
            self[name]
        return {knob.name: knob.checked(values.get(knob.name, knob.default)) for knob in self.knobs}
