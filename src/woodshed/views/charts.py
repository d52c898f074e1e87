"""Numbers as pictures: curves over time, points in a plane with their frontier, ranges side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from woodshed.base.errors import UsageError
from woodshed.views.style import (
    COLOURS,
    SERIES,
    PathLike,
    Theme,
    drawable,
    figure_png,
    new_figure,
    style_axes,
    write_on,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Point:
    """One point of a scatter picture; points of one ``series`` share a colour."""

    label: str
    x: float
    y: float
    series: str = ""


@dataclass(frozen=True)
class Range:
    """One row of a range picture: a middle value between two ends; rows of one ``series`` share a colour."""

    label: str
    low: float
    middle: float
    high: float
    series: str = ""


def curve_picture(
    curves: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]],
    path: PathLike | None,
    *,
    title: str = "",
    x_label: str = "",
    y_label: str = "",
    log_y: bool = False,
    levels: Mapping[str, float] | None = None,
    theme: Theme = "light",
) -> bytes:
    """Draw curves such as losses over steps; values that are not finite leave a gap.

    Parameters
    ----------
    curves
        Name to ``(x, y)``, two one-dimensional arrays of equal length.
    path
        Where to write the PNG; None only returns it.
    levels
        Name to the height of a dashed line, for floors and targets.

    Returns
    -------
    bytes
        The PNG.

    Raises
    ------
    UsageError
        If there is no curve, or an x and y differ in length.

    Examples
    --------
    >>> curve_picture({"loss": ([0, 1, 2], [3.0, 2.0, 1.5])}, None, x_label="step")[1:4]
    b'PNG'
    """
    if not curves:
        raise UsageError("There is no curve to draw", cause="nothing was measured yet", way_out="measure first")
    figure, axes = _chart(theme=theme)
    several = len(curves) + len(levels or {}) > 1
    for (name, (x, y)), colour in zip(curves.items(), cycle(SERIES), strict=False):
        at, values = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if at.shape != values.shape or at.ndim != 1:
            cause, way_out = "one of the two was filtered", "give one x for each y"
            raise UsageError(f"The curve {name} has {at.size} x and {values.size} y", cause=cause, way_out=way_out)
        axes.plot(at, np.where(np.isfinite(values), values, np.nan), color=colour, linewidth=1.8, label=name)
        if at.size == 1:
            axes.plot(at, values, "o", color=colour, markersize=5)
    for name, height in (levels or {}).items():
        axes.axhline(height, color=COLOURS[theme].muted, linewidth=1.2, linestyle=(0, (5, 4)), label=name)
    if log_y and any(np.any(np.asarray(y, dtype=np.float64) > 0) for _, y in curves.values()):
        _log_axis(axes, "y")
    write_on(
        axes, theme=theme, title=title, x_label=x_label, y_label=y_label or ("" if several else next(iter(curves)))
    )
    if several:
        _legend(figure, axes, theme=theme)
    return figure_png(figure, path)


def scatter_picture(
    points: Sequence[Point],
    path: PathLike | None,
    *,
    title: str = "",
    x_label: str = "",
    y_label: str = "",
    log_x: bool = False,
    log_y: bool = False,
    frontier: bool = False,
    theme: Theme = "light",
) -> bytes:
    """Draw labelled points; ``frontier`` adds the line of those that no other beats in both directions (low is good).

    Raises
    ------
    UsageError
        If there is no point.

    Examples
    --------
    >>> scatter_picture([Point("a", 1, 2), Point("b", 2, 1)], None, frontier=True)[1:4]
    b'PNG'
    """
    if not points:
        raise UsageError("There is no point to draw", cause="nothing was measured yet", way_out="measure first")
    figure, axes = _chart(theme=theme)
    if frontier:
        front = frontier_of(points)
        axes.step([p.x for p in front], [p.y for p in front], where="post", color=COLOURS[theme].muted, linewidth=1.2)
    names = list(dict.fromkeys(point.series for point in points))
    for name, colour in zip(names, cycle(SERIES), strict=False):
        chosen = [point for point in points if point.series == name]
        axes.scatter([p.x for p in chosen], [p.y for p in chosen], s=34, color=colour, label=name or None, zorder=3)
    if log_x:
        _log_axis(axes, "x")
    if log_y:
        _log_axis(axes, "y")
    axes.margins(0.12)
    for point in points if len(points) <= 40 else ():
        axes.annotate(
            drawable(point.label), (point.x, point.y), xytext=(6, 5), textcoords="offset points", fontsize=8.5,
            color=COLOURS[theme].ink, parse_math=False,
        )  # fmt: skip
    write_on(axes, theme=theme, title=title, x_label=x_label, y_label=y_label)
    if len(names) > 1:
        _legend(figure, axes, theme=theme)
    return figure_png(figure, path)


def frontier_of(points: Sequence[Point]) -> list[Point]:
    """The points that no other beats in both directions, from left to right; low is good.

    Examples
    --------
    >>> [p.label for p in frontier_of([Point("a", 1, 3), Point("b", 2, 4), Point("c", 3, 1)])]
    ['a', 'c']
    """
    best: list[Point] = []
    for point in sorted(points, key=lambda p: (p.x, p.y)):
        if not best or point.y < best[-1].y:
            best.append(point)
    return best


def range_picture(
    ranges: Sequence[Range],
    path: PathLike | None,
    *,
    title: str = "",
    x_label: str = "",
    log_x: bool = False,
    theme: Theme = "light",
) -> bytes:
    """Draw one horizontal range a row, for example the decay times of each class in two collections.

    Raises
    ------
    UsageError
        If there is no range.

    Examples
    --------
    >>> range_picture([Range("kick", 100, 200, 400, "ours"), Range("kick", 90, 210, 500, "real")], None)[1:4]
    b'PNG'
    """
    if not ranges:
        raise UsageError("There is no range to draw", cause="nothing was measured yet", way_out="measure first")
    labels = list(dict.fromkeys(entry.label for entry in ranges))
    names = list(dict.fromkeys(entry.series for entry in ranges))
    figure, axes = _chart(theme=theme, height_in=1.4 + max(0.34, 0.2 * len(names)) * len(labels))
    for (place, name), colour in zip(enumerate(names), cycle(SERIES), strict=False):
        chosen = [entry for entry in ranges if entry.series == name]
        shift = (place - (len(names) - 1) / 2) * 0.62 / max(1, len(names))
        y = [labels.index(entry.label) + shift for entry in chosen]
        axes.hlines(y, [e.low for e in chosen], [e.high for e in chosen], color=colour, linewidth=3.2, alpha=0.55)
        axes.plot([e.middle for e in chosen], y, "o", color=colour, markersize=5.5, label=name or None)
    if log_x:
        _log_axis(axes, "x")
    axes.set_yticks(range(len(labels)), [drawable(label) for label in labels], parse_math=False)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.grid(False, axis="y")
    write_on(axes, theme=theme, title=title, x_label=x_label)
    if len(names) > 1:
        _legend(figure, axes, theme=theme)
    return figure_png(figure, path)


def _chart(*, theme: Theme, height_in: float = 3.9) -> tuple[Figure, Axes]:
    """A figure with one set of axes, laid out so that nothing is cut off."""
    figure = new_figure(7.6, height_in, theme=theme)
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.12)
    axes = figure.add_subplot()
    style_axes(axes, theme=theme)
    return figure, axes


def _log_axis(axes: Axes, which: Literal["x", "y"]) -> None:
    """A log axis with plain numbers at 1, 2 and 5."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis=which, which="minor", length=0)


def _legend(figure: Figure, axes: Axes, *, theme: Theme) -> None:
    handles, labels = axes.get_legend_handles_labels()
    legend = figure.legend(
        handles, labels, loc="outside lower center", ncols=min(4, len(labels)), frameon=False, fontsize=9
    )
    for text in legend.get_texts():
        text.set_color(COLOURS[theme].ink)
        text.set_parse_math(False)
