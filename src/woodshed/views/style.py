"""One style for all that is drawn: colours, fonts, axes, PNG bytes. matplotlib is loaded when first needed."""

from __future__ import annotations

import base64
import io
import os
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from woodshed.base.files import write_bytes_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PathLike = str | os.PathLike[str]
Pixels = npt.NDArray[np.uint8]
Theme = Literal["light", "dark"]

DOTS_PER_INCH = 144
_FONT = "DejaVu Sans"
_HEAT_STOPS = (
    (0.00, "0c0d14"),
    (0.16, "1a1a3c"),
    (0.32, "3c2369"),
    (0.48, "74297b"),
    (0.62, "ad3a72"),
    (0.74, "de5e55"),
    (0.85, "f5953f"),
    (0.94, "fbd369"),
    (1.00, "fdf6cb"),
)
HEAT_STEPS = 160  # the palette: first levels, then shades of the waveform, then the ground with more and more ink
_WAVE_STEPS = 40
_INK_STEPS = 256 - HEAT_STEPS - _WAVE_STEPS
_WAVE = "63d2c6"
SERIES = ("#1f9e96", "#e07a2f", "#7a5bd0", "#d1477e", "#3b82d6", "#8a9a2b")


@dataclass(frozen=True)
class Colours:
    """The ground, the ink and the lines of one theme."""

    ground: str
    ink: str
    muted: str
    line: str


COLOURS: dict[Theme, Colours] = {
    "light": Colours(ground="#fcfbf8", ink="#22242b", muted="#62666f", line="#e2e0d8"),
    "dark": Colours(ground="#16171d", ink="#ebe9e2", muted="#a3a6b1", line="#30323d"),
}


@lru_cache(maxsize=2)
def palette(theme: Theme = "light") -> Pixels:
    """The 256 colours of sound pictures, ``(256, 3)``: levels, then waveform, then ground to ink."""
    stops = np.array([at for at, _ in _HEAT_STOPS])
    anchors = np.array([rgb(colour) for _, colour in _HEAT_STOPS], dtype=np.float64)
    at = np.linspace(0.0, 1.0, HEAT_STEPS)
    heat = np.stack([np.interp(at, stops, anchors[:, channel]) for channel in range(3)], axis=1)
    wave = _ramp(_HEAT_STOPS[0][1], _WAVE, _WAVE_STEPS)
    ink = _ramp(COLOURS[theme].ground, COLOURS[theme].ink, _INK_STEPS)
    colours = np.rint(np.concatenate([heat, wave, ink])).astype(np.uint8)
    colours.setflags(write=False)
    return colours


def heat_index(amount: npt.NDArray[np.floating]) -> Pixels:
    """Palette entries of levels from 0 (silent) to 1 (loud), shape kept."""
    return np.rint(np.clip(amount, 0.0, 1.0) * (HEAT_STEPS - 1)).astype(np.uint8)


def wave_index(cover: npt.NDArray[np.floating]) -> Pixels:
    """Palette entries of how much of each pixel the waveform covers, 0 to 1, shape kept."""
    return (HEAT_STEPS + np.rint(np.clip(cover, 0.0, 1.0) * (_WAVE_STEPS - 1))).astype(np.uint8)


def ink_index(cover: Pixels) -> Pixels:
    """Palette entries of how much ink lies on each pixel, 0 to 255, shape kept."""
    steps = np.rint(np.linspace(0, _INK_STEPS - 1, 256)).astype(np.uint8) + np.uint8(HEAT_STEPS + _WAVE_STEPS)
    return steps[cover]


def indexed_png(index: Pixels, *, theme: Theme = "light") -> bytes:
    """A PNG of palette entries ``(height, width)``; a third of the size of full colours.

    Examples
    --------
    >>> indexed_png(np.zeros((2, 3), dtype=np.uint8))[1:4]
    b'PNG'
    """
    height, width = index.shape
    rows = np.zeros((height, width + 1), dtype=np.uint8)  # each row begins with its filter: none
    rows[:, 1:] = index
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    content = zlib.compress(rows.tobytes(), 5)
    parts = ((b"IHDR", header), (b"PLTE", palette(theme).tobytes()), (b"IDAT", content), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part)) + name + part + struct.pack(">I", zlib.crc32(name + part)) for name, part in parts
    )


def written(content: bytes, path: PathLike | None) -> bytes:
    """The same bytes, also written to ``path`` unless that is None."""
    if path is not None:
        write_bytes_atomically(path, content)
    return content


def data_uri(content: bytes, *, media_type: str = "image/png") -> str:
    """Bytes as an address that a page can hold inside itself.

    Examples
    --------
    >>> data_uri(b"abc")
    'data:image/png;base64,YWJj'
    """
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def new_figure(width_in: float, height_in: float, *, theme: Theme) -> Figure:
    """An empty figure that touches no global state of matplotlib."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), dpi=DOTS_PER_INCH, facecolor=COLOURS[theme].ground)
    FigureCanvasAgg(figure)
    return figure


def style_axes(axes: Axes, *, theme: Theme, grid: bool = True) -> None:
    """Quiet axes: no box, thin lines, legible ticks."""
    colours = COLOURS[theme]
    axes.set_facecolor(colours.ground)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(colours.muted)
        spine.set_linewidth(0.8)
    axes.tick_params(colors=colours.muted, labelsize=9, length=3, width=0.8, labelfontfamily=_FONT)
    if grid:
        axes.grid(True, color=colours.line, linewidth=0.8)
    axes.set_axisbelow(True)


def write_on(axes: Axes, *, theme: Theme, title: str = "", x_label: str = "", y_label: str = "") -> None:
    """Title and labels, in the one font; a dollar sign is a dollar sign."""
    colours = COLOURS[theme]
    plain = {"family": _FONT, "parse_math": False}
    if title:
        axes.set_title(drawable(title), loc="left", fontsize=12, fontweight="bold", color=colours.ink, pad=10, **plain)
    axes.set_xlabel(drawable(x_label), fontsize=10, color=colours.ink, **plain)
    axes.set_ylabel(drawable(y_label), fontsize=10, color=colours.ink, **plain)


def drawable(text: str) -> str:
    """The text with a box in place of every sign that the font does not have, such as emoji and control characters.

    Examples
    --------
    >>> drawable("kick\\n\N{DRUM WITH DRUMSTICKS}")
    'kick□□'
    """
    return "".join(sign if ord(sign) in _font_signs() and sign.isprintable() else "□" for sign in text)


@lru_cache(maxsize=1)
def _font_signs() -> frozenset[int]:
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont(_FONT)).get_charmap())


def figure_png(figure: Figure, path: PathLike | None) -> bytes:
    """The figure as PNG bytes, also written to ``path`` unless that is None."""
    content = io.BytesIO()
    ground = figure.get_facecolor()
    figure.savefig(content, format="png", dpi=DOTS_PER_INCH, facecolor=ground, pil_kwargs={"compress_level": 4})
    return written(content.getvalue(), path)


def figure_cover(figure: Figure) -> Pixels:
    """How much ink each pixel of a figure of black on white holds, 0 to 255, ``(height, width)``."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.uint8(255) - np.asarray(canvas.buffer_rgba())[..., 0]


def rgb(colour: str) -> tuple[int, int, int]:
    """A colour as three numbers from 0 to 255.

    Examples
    --------
    >>> rgb("#ff8000")
    (255, 128, 0)
    """
    digits = colour.lstrip("#")
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def _ramp(start: str, stop: str, steps: int) -> npt.NDArray[np.float64]:
    """Colours from one to another, ``(steps, 3)``."""
    at = np.linspace(0.0, 1.0, steps)[:, np.newaxis]
    return (1.0 - at) * np.array(rgb(start)) + at * np.array(rgb(stop))
