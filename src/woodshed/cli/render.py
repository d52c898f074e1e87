"""Drawing results: tables for people, JSON for programs, progress bars from events, errors with a way out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from woodshed.base.errors import WoodshedError
from woodshed.base.events import Event, EventSink, Note, Preview, Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

WIDTH_IN_PIPES = 160


def emit(data: object, json_mode: bool, table: Callable[[], None]) -> None:
    """Print ``data`` as JSON, or call ``table`` to draw it for a person."""
    if json_mode:
        sys.stdout.write(json.dumps(plain(data), ensure_ascii=True, indent=1) + "\n")
    else:
        table()


def plain(data: object) -> object:
    """Anything of ours as what JSON knows: models and dataclasses as objects, paths as text, NaN as null."""
    import dataclasses
    import os

    if hasattr(data, "model_dump"):
        return plain(data.model_dump(mode="python"))  # type: ignore[attr-defined]
    if dataclasses.is_dataclass(data) and not isinstance(data, type):
        return {field.name: plain(getattr(data, field.name)) for field in dataclasses.fields(data)}
    if isinstance(data, dict):
        return {str(key): plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple | set | frozenset):
        return [plain(value) for value in data]
    if isinstance(data, float):
        return data if data == data and abs(data) != float("inf") else None
    if isinstance(data, os.PathLike):
        return os.fspath(data)
    return data if isinstance(data, str | int | bool | type(None)) else str(data)


def say(text: str) -> None:
    """Print lines for a person; nothing in them is taken for markup or reaches the terminal as a command."""
    from rich.console import Console

    Console(highlight=False, soft_wrap=True).print(_harmless(text), markup=False)


def _harmless(text: str) -> str:
    from woodshed.base.files import printable

    return "\n".join(printable(line) for line in text.split("\n"))


def show_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str | None = None) -> None:
    """Print a table; cells are escaped, numbers are right-aligned."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from woodshed.base.files import printable

    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for index, name in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int | float) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(_cell(value))) for value in row))
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH_IN_PIPES)
    console.print(table)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_cell(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_cell(one) for one in value) or "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def show_error(error: WoodshedError, *, json_mode: bool) -> None:
    """Print an error in its three parts, on standard error; with ``--json`` also as an object on standard output."""
    if json_mode:
        parts = {"kind": type(error).__name__, "problem": error.problem, "cause": error.cause, "way_out": error.way_out}
        sys.stdout.write(json.dumps({"error": parts, "exit_code": error.exit_code}) + "\n")
    from rich.console import Console
    from rich.text import Text

    lines = Text.assemble(
        (f"{_harmless(error.problem)}.\n", "bold red"),
        ("Likely cause: ", "dim"),
        f"{_harmless(error.cause)}.\n",
        ("Way out: ", "dim"),
        _harmless(error.way_out),
    )
    Console(stderr=True, highlight=False, soft_wrap=True).print(lines)


@contextmanager
def progress(json_mode: bool) -> Iterator[EventSink]:
    """Lend an event sink that draws bars with time left on standard error; with ``--json`` it only tells warnings."""
    if json_mode:
        yield _warn
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True, highlight=False)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
    )
    with Bars(*columns, console=console) as bars:
        yield _Renderer(bars)


def _warn(event: Event) -> None:
    if isinstance(event, Note) and event.level == "warning":
        sys.stderr.write(f"{_harmless(event.text)}\n")


class _Renderer:
    def __init__(self, bars: Bars) -> None:
        self.bars = bars
        self.known: dict[str, TaskID] = {}

    def __call__(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._advance(event)
        elif isinstance(event, Note):
            self.bars.console.print(
                _harmless(event.text), style="yellow" if event.level == "warning" else "", markup=False
            )
        elif isinstance(event, Preview):
            self.bars.console.print(
                _harmless(f"{event.label}: {event.path}"), style="dim", markup=False, soft_wrap=True
            )
        # numbers (Metric) go to the run's event lines; the bar shows how far it is

    def _advance(self, event: Progress) -> None:
        from woodshed.base.units import seconds_to_text

        total = event.total or None
        left = "" if event.seconds_left is None else f"{seconds_to_text(max(0.0, event.seconds_left))} left"
        if event.stage not in self.known:
            self.known[event.stage] = self.bars.add_task(event.stage, total=total, left=left)
        self.bars.update(self.known[event.stage], completed=event.done, total=total, left=left)
