"""Pictures of sounds: waveform, spectrogram, and a sheet of many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from woodshed.base.errors import UsageError
from woodshed.base.units import gain_to_db
from woodshed.sound import Sound
from woodshed.views import tiles
from woodshed.views.style import (
    DOTS_PER_INCH,
    HEAT_STEPS,
    PathLike,
    Theme,
    drawable,
    figure_cover,
    figure_png,
    indexed_png,
    ink_index,
    new_figure,
    palette,
    style_axes,
    write_on,
    written,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TICKS_HZ = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
_MAX_COLUMN_FRAMES = 1600
_FAINT = "#5c5c5c"


def sound_png(sound: Sound, *, width: int = 400, height: int = 180) -> bytes:
    """A small picture of a sound as PNG bytes, without words: for cards and tables.

    Examples
    --------
    >>> sound_png(Sound(np.zeros(100), 8000))[1:4]
    b'PNG'
    """
    return indexed_png(tiles.sound_tile(sound, width=width, height=height))


def waveform_picture(sound: Sound, path: PathLike | None, *, title: str = "", theme: Theme = "light") -> bytes:
    """Draw amplitude over time, one lane a channel.

    Returns
    -------
    bytes
        The PNG, which was also written to ``path`` unless that is None.

    Raises
    ------
    UnusableSound
        If the sound has no frames or holds NaN or infinity.

    Examples
    --------
    >>> waveform_picture(Sound(np.sin(np.arange(4000) * 0.1), 8000), None, title="hum")[1:4]
    b'PNG'
    """
    tiles.refuse_unseen(sound)
    height = 1.2 + 1.1 * sound.channels
    figure = new_figure(9.0, height, theme=theme)
    grid = figure.add_gridspec(sound.channels, 1, left=0.09, right=0.97, top=1 - 0.5 / height, bottom=0.6 / height)
    for channel in range(sound.channels):
        axes = figure.add_subplot(grid[channel])
        _draw_waveform(axes, sound, channel=channel, theme=theme, last=channel == sound.channels - 1)
        if channel == 0:
            write_on(axes, theme=theme, title=title, y_label=_channel_name(sound, channel))
    return figure_png(figure, path)


def spectrogram_picture(
    sound: Sound, path: PathLike | None, *, title: str = "", span_db: float = tiles.SPAN_DB, theme: Theme = "light"
) -> bytes:
    """Draw the waveform and, for each channel, level over time and log frequency.

    Parameters
    ----------
    sound
        Any finite sound.
    path
        Where to write the PNG; None only returns it.
    title
        Stands above the picture.
    span_db
        How far below the loudest point the picture reaches.

    Returns
    -------
    bytes
        The PNG.

    Raises
    ------
    UnusableSound
        If the sound has no frames or holds NaN or infinity.

    Examples
    --------
    >>> spectrogram_picture(Sound(np.sin(np.arange(4000) * 0.1), 8000), None, title="hum")[1:4]
    b'PNG'
    """
    tiles.refuse_unseen(sound)
    lanes = sound.channels
    height = 2.0 + 1.9 * lanes + (0.9 if lanes == 1 else 0.0)
    figure = new_figure(9.0, height, theme=theme)
    ratios = [0.9] + [2.8 if lanes == 1 else 1.9] * lanes
    grid = figure.add_gridspec(
        1 + lanes,
        1,
        height_ratios=ratios,
        left=0.09,
        right=0.87,
        top=1 - 0.45 / height,
        bottom=0.6 / height,
        hspace=0.12,
    )
    above = figure.add_subplot(grid[0])
    _draw_waveform(above, sound.mono(), channel=0, theme=theme, last=False)
    write_on(above, theme=theme, title=title)
    picture = tiles.spectrogram(sound, rows=400 // lanes + 80, columns=1000)
    shaded = palette()[picture.shaded(span_db=span_db)]
    for lane in range(lanes):
        axes = figure.add_subplot(grid[1 + lane])
        axes.imshow(
            shaded[lane], aspect="auto", extent=(0, sound.duration_s, len(shaded[lane]), 0), interpolation="bilinear"
        )
        _frequency_ticks(axes, picture, theme=theme, last=lane == lanes - 1)
        write_on(axes, theme=theme, x_label="s" if lane == lanes - 1 else "", y_label=_frequency_label(sound, lane))
    _draw_scale(figure, span_db=span_db, theme=theme, height=height)
    return figure_png(figure, path)


def contact_sheet(
    sounds: Sequence[tuple[str, Sound]],
    path: PathLike | None,
    *,
    columns: int | None = None,
    title: str = "",
    theme: Theme = "light",
) -> bytes:
    """Draw many sounds on one sheet, each with its name, length and peak; each fills its own cell in time and level.

    Parameters
    ----------
    sounds
        Pairs of label and sound, in reading order. A sound that cannot be drawn leaves a cell that says so.
    path
        Where to write the PNG; None only returns it.
    columns
        Cells in a row; None chooses up to six.

    Returns
    -------
    bytes
        The PNG.

    Raises
    ------
    UsageError
        If there is no sound, or more than 2000.

    Examples
    --------
    >>> contact_sheet([("hum", Sound(np.sin(np.arange(4000) * 0.1), 8000))], None)[1:4]
    b'PNG'
    """
    if not 1 <= len(sounds) <= 2000:
        cause, way_out = "the search found none, or everything", "choose between 1 and 2000 sounds"
        raise UsageError(f"A sheet of {len(sounds)} sounds cannot be drawn", cause=cause, way_out=way_out)
    columns = max(1, min(columns or _fitting_columns(len(sounds)), len(sounds)))
    sheet = _Sheet(columns=columns, rows=math.ceil(len(sounds) / columns), titled=bool(title))
    words = new_figure(sheet.width / DOTS_PER_INCH, sheet.height / DOTS_PER_INCH, theme="light")
    words.set_facecolor("white")
    for index, (label, sound) in enumerate(sounds):
        _write_cell(words, sheet, index=index, label=label, sound=sound)
    _write_margins(words, sheet, title=title)
    pixels = ink_index(figure_cover(words))
    for index, (_, sound) in enumerate(sounds):
        x, y = sheet.corner(index)
        pixels[y : y + sheet.TILE_HEIGHT, x : x + sheet.TILE_WIDTH] = _tile_or_nothing(sound, sheet)
    return written(indexed_png(pixels, theme=theme), path)


class _Sheet:
    """Where the cells of a contact sheet lie, in pixels from the top left."""

    TILE_WIDTH, TILE_HEIGHT = 300, 168
    GAP, LABEL, MARGIN, LEFT = 20, 66, 26, 76

    def __init__(self, *, columns: int, rows: int, titled: bool) -> None:
        self.columns, self.rows = columns, rows
        self.top = 78 if titled else self.MARGIN
        self.width = self.LEFT + columns * (self.TILE_WIDTH + self.GAP) - self.GAP + self.MARGIN
        self.height = self.top + rows * (self.TILE_HEIGHT + self.LABEL) + 2 * self.MARGIN

    def corner(self, index: int) -> tuple[int, int]:
        """Left and top of a cell's picture; its label stands above."""
        row, column = divmod(index, self.columns)
        x = self.LEFT + column * (self.TILE_WIDTH + self.GAP)
        return x, self.top + row * (self.TILE_HEIGHT + self.LABEL) + self.LABEL - 10


def _fitting_columns(count: int) -> int:
    """About as wide as high, at most six."""
    return min(6, max(1, math.ceil(math.sqrt(count * 0.75))))


def _tile_or_nothing(sound: Sound, sheet: _Sheet) -> np.ndarray:
    if sound.frames == 0 or not np.isfinite(sound.data).all():
        return np.zeros((sheet.TILE_HEIGHT, sheet.TILE_WIDTH), dtype=np.uint8)
    return tiles.sound_tile(sound, width=sheet.TILE_WIDTH, height=sheet.TILE_HEIGHT)


def _write_cell(words: Figure, sheet: _Sheet, *, index: int, label: str, sound: Sound) -> None:
    x, y = sheet.corner(index)
    left, shown = x / sheet.width, _shortened(label, letters=24)
    words.text(left, 1 - (y - 28) / sheet.height, shown, fontsize=9, color="black", fontweight="bold", parse_math=False)
    words.text(left, 1 - (y - 9) / sheet.height, _facts(sound), fontsize=7.5, color=_FAINT)


def _facts(sound: Sound) -> str:
    if sound.frames == 0 or not np.isfinite(sound.data).all():
        return "cannot be drawn"
    length = f"{sound.duration_s * 1000:.0f} ms" if sound.duration_s < 1 else f"{sound.duration_s:.2f} s"
    stereo = {1: "", 2: ", stereo"}.get(sound.channels, f", {sound.channels} channels")
    return (
        f"{length}{stereo}, peak {round(gain_to_db(sound.peak))} dB"
        if sound.peak > 1e-5
        else f"{length}{stereo}, silent"
    )


def _write_margins(words: Figure, sheet: _Sheet, *, title: str) -> None:
    at = sheet.LEFT / sheet.width, 1 - 44 / sheet.height
    words.text(*at, drawable(title), fontsize=14, color="black", fontweight="bold", parse_math=False)
    note = f"each cell shows its own whole length; colours reach {tiles.SPAN_DB:.0f} dB below its own loudest point"
    words.text(sheet.LEFT / sheet.width, 14 / sheet.height, note, fontsize=7.5, color=_FAINT)
    for row in range(sheet.rows):
        _, top = sheet.corner(row * sheet.columns)
        for hz, text in ((100, "100 Hz"), (1000, "1 kHz"), (10_000, "10 kHz")):
            share = math.log2(tiles.HIGH_HZ / hz) / math.log2(tiles.HIGH_HZ / tiles.LOW_HZ)
            y = top + sheet.TILE_HEIGHT * (tiles.WAVES_SHARE + (1 - tiles.WAVES_SHARE) * share)
            at = (sheet.LEFT - 8) / sheet.width, 1 - y / sheet.height
            words.text(*at, text, fontsize=7.5, color=_FAINT, ha="right", va="center")


def _shortened(text: str, *, letters: int) -> str:
    """A label that fits: the middle goes, since beginnings and endings tell sounds apart."""
    text = drawable(text)
    if len(text) <= letters:
        return text
    head = max(1, (letters - 1) // 2)
    return f"{text[:head]}…{text[-max(1, letters - 1 - head) :]}"


def _draw_waveform(axes: Axes, sound: Sound, *, channel: int, theme: Theme, last: bool) -> None:
    data = sound.data[channel]
    width = min(_MAX_COLUMN_FRAMES, sound.frames)
    starts = np.arange(width) * sound.frames // width
    at = starts / sound.sample_rate_hz
    axes.fill_between(
        at, np.minimum.reduceat(data, starts), np.maximum.reduceat(data, starts), color="#1f9e96", linewidth=0.6
    )
    style_axes(axes, theme=theme)
    reach = 1.05 * max(sound.peak, 1e-6)
    axes.set_ylim(-reach, reach)
    axes.set_xlim(0, sound.duration_s)
    axes.tick_params(labelbottom=last)
    axes.locator_params(axis="y", nbins=3)
    if last:
        write_on(axes, theme=theme, x_label="s", y_label=_channel_name(sound, channel))


def _channel_name(sound: Sound, channel: int) -> str:
    if sound.channels == 1:
        return ""
    return ("left", "right")[channel] if sound.channels == 2 else f"channel {channel + 1}"


def _frequency_label(sound: Sound, channel: int) -> str:
    name = _channel_name(sound, channel)
    return f"{name}, Hz" if name else "Hz"


def _frequency_ticks(axes: Axes, picture: tiles.Spectrogram, *, theme: Theme, last: bool) -> None:
    style_axes(axes, theme=theme, grid=False)
    shown = [hz for hz in _TICKS_HZ if picture.low_hz <= hz <= picture.high_hz * 1.001]
    axes.set_yticks(
        [picture.row_of(hz) for hz in shown], [f"{hz / 1000:g}k" if hz >= 1000 else str(hz) for hz in shown]
    )
    axes.tick_params(labelbottom=last)


def _draw_scale(figure: Figure, *, span_db: float, theme: Theme, height: float) -> None:
    """What the colours mean, in dB below the loudest point."""
    axes = figure.add_axes((0.905, 0.6 / height, 0.018, 1 - 2.2 / height))
    style_axes(axes, theme=theme, grid=False)
    axes.imshow(palette()[:HEAT_STEPS][::-1, np.newaxis], aspect="auto", extent=(0, 1, -span_db, 0))
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.yaxis.set_label_position("right")
    for spine in axes.spines.values():
        spine.set_visible(False)
    write_on(axes, theme=theme, y_label="dB below the loudest point")
