"""What long work reports while it runs. Rooms below the surfaces send events; only surfaces draw them.

Long work takes ``on_event`` and calls it; ``ignore`` is the default.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Progress(_Event):
    """So much of a stage is done. ``total`` 0 means unknown."""

    kind: Literal["progress"] = "progress"
    stage: str
    done: float
    total: float
    unit: str = ""
    seconds_left: float | None = None


class Preview(_Event):
    """A file worth looking at or listening to, made on the way."""

    kind: Literal["preview"] = "preview"
    label: str
    path: str


class Metric(_Event):
    """One number of a running job."""

    kind: Literal["metric"] = "metric"
    name: str
    value: float
    step: int | None = None


class Note(_Event):
    """A sentence a person should see; ``level`` says how much it matters."""

    kind: Literal["note"] = "note"
    level: Literal["info", "warning"] = "info"
    text: str


Event = Progress | Preview | Metric | Note
EventSink = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Take an event and do nothing with it."""
