"""Charts: the right points, lines and words, and clear refusals."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from woodshed.base.errors import UsageError
from woodshed.views import Point, Range, curve_picture, frontier_of, range_picture, scatter_picture


def coloured(png: bytes, colour: tuple[int, int, int]) -> np.ndarray:
    """Where a picture has (nearly) a colour, ``(height, width)``."""
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    return np.abs(pixels - np.array(colour)).sum(axis=2) < 40


def test_a_falling_curve_falls() -> None:
    png = curve_picture({"loss": (range(50), np.linspace(5, 1, 50))}, None, x_label="step", title="A $ title")
    rows = [np.flatnonzero(column).mean() for column in coloured(png, (31, 158, 150)).T if column.any()]
    assert rows[-1] > rows[0] + 200
    assert all(later >= earlier - 1 for earlier, later in itertools.pairwise(rows))


@pytest.mark.parametrize(
    "values", [[1.0, np.nan, 2.0], [np.inf, 1.0, 2.0], [0.0, 0.0, 0.0], [1e-30, 1e30, 1.0], [-1.0, 0.0, 1.0]]
)
@pytest.mark.parametrize("log_y", [False, True])
def test_any_values_can_be_drawn(values: list[float], log_y: bool) -> None:
    assert (
        curve_picture({"a": (range(3), values), "b": ([1], [2.0])}, None, log_y=log_y, levels={"floor": 1.0})[1:4]
        == b"PNG"
    )


def test_curves_that_do_not_fit_are_named() -> None:
    with pytest.raises(UsageError, match="The curve loss has 2 x and 3 y"):
        curve_picture({"loss": ([1, 2], [1, 2, 3])}, None)


@pytest.mark.parametrize(
    "draw", [lambda: curve_picture({}, None), lambda: scatter_picture([], None), lambda: range_picture([], None)]
)
def test_nothing_to_draw_is_said(draw: object) -> None:
    with pytest.raises(UsageError, match=r"There is no (curve|point|range) to draw.*Way out: measure first"):
        draw()  # type: ignore[operator]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=30))
def test_no_point_beats_the_frontier_and_every_other_point_is_beaten(pairs: list[tuple[int, int]]) -> None:
    points = [Point(str(i), x, y) for i, (x, y) in enumerate(pairs)]
    front = frontier_of(points)
    for point in points:
        beaten = any((f.x <= point.x and f.y <= point.y) for f in front)
        assert beaten
    for a, b in itertools.combinations(front, 2):
        assert a.x < b.x
        assert a.y > b.y


def test_each_series_has_its_own_colour() -> None:
    png = scatter_picture(
        [Point("a", 1, 1, "ours"), Point("b", 2, 2, "real")], None, frontier=True, log_x=True, log_y=True
    )
    assert coloured(png, (31, 158, 150)).any()
    assert coloured(png, (224, 122, 47)).any()


def test_rows_of_ranges_make_the_picture_higher() -> None:
    few = range_picture([Range("kick", 1, 2, 3, "a"), Range("kick", 1, 2, 3, "b")], None)
    many = range_picture([Range(f"class {i}", 1, 2, 3) for i in range(20)], None, log_x=True, x_label="ms")
    assert Image.open(io.BytesIO(many)).height > 2 * Image.open(io.BytesIO(few)).height
