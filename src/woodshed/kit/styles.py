"""Grooves as drummers write them down: sixteen steps a bar, one line an instrument.

``X`` accent, ``x`` stroke, ``o`` soft, ``g`` ghost note that may be left out, ``?`` a stroke that comes now and then,
``2`` and ``3`` a roll of two or three inside the step, ``.`` rest. Several lines for one instrument are choices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from woodshed.kit.characters import KitFlavour

STEPS = 16
"""Steps of one bar in four-four."""

STROKES: dict[str, tuple[float, float, int]] = {
    "X": (1.0, 1.0, 1), "x": (0.8, 1.0, 1), "o": (0.55, 0.95, 1), "g": (0.32, 0.65, 1), "?": (0.65, 0.35, 1),
    "2": (0.7, 0.85, 2), "3": (0.6, 0.8, 3), ".": (0.0, 0.0, 0),
}  # fmt: skip
"""Velocity, chance and number of strokes of each letter."""


@dataclass(frozen=True)
class Style:
    """One way to groove.

    Parameters
    ----------
    name
        As a producer would say it.
    low_bpm, high_bpm
        Usual tempo.
    swing
        Usual range of swing: by which share of a step every second step comes late.
    loose_ms
        Spread of the timing of a player or a machine.
    flavour
        Which kit suits it.
    lines
        For each class, lines of 16 letters to choose from; an empty line means that it may be silent.
    """

    name: str
    low_bpm: int
    high_bpm: int
    swing: tuple[float, float]
    loose_ms: float
    flavour: KitFlavour
    lines: Mapping[str, tuple[str, ...]]


STYLES: dict[str, Style] = {
    style.name: style
    for style in (
        Style("house", 118, 128, (0.0, 0.25), 1.5, "electronic", {
            "kick": ("X...X...X...X...", "X...X...X...X..?", "X...X...X..xX..."),
            "clap": ("....X.......X...", "....X.......X..g"),
            "hat-open": ("..x...x...x...x.",),
            "hat-closed": ("x.o.x.o.x.o.x.o.", "xoxoxoxoxoxoxoxo", ""),
            "shaker": ("oxoxoxoxoxoxoxox", "", ""),
            "perc": ("...x..x....x..?.", "..?..x....?..x..", ""),
            "rim": ("...x.......x..?.", ""),
        }),
        Style("techno", 126, 138, (0.0, 0.1), 1.0, "electronic", {
            "kick": ("X...X...X...X...",),
            "hat-open": ("..x...x...x...x.", ""),
            "hat-closed": ("xoxoxoxoxoxoxoxo", "..xo..xo..xo..xo"),
            "clap": ("....x.......x...", ""),
            "tom": ("...?..x..?...x..", "..x..x..x..x..?.", ""),
            "perc": ("x..x..x...x..x..", ".?.x.?...?.x..?.", ""),
            "cymbal": ("", "", "x..............."),
        }),
        Style("hip-hop", 82, 98, (0.15, 0.45), 6.0, "mixed", {
            "kick": ("X..o..?.x.x.....", "X.....x...x..?..", "X..x......xx...."),
            "snare": ("....X..g....X..g", "....X....g..X..."),
            "hat-closed": ("x.o.x.o.x.o.x.oo", "x.x.x.x.x.x.x.x.", "xoxoxo.oxoxoxo.o"),
            "hat-open": ("..............x.", "", ""),
            "perc": ("......?....?....", ""),
            "shaker": ("", "..o...o...o...o."),
        }),
        Style("breakbeat", 112, 140, (0.0, 0.25), 5.0, "acoustic", {
            "kick": ("X.x.......xx....", "X..x......x..x..", "X.....x...x....."),
            "snare": ("....X..g.g..X..g", "....X..g.gg.X...", "....X.....g.X..x"),
            "hat-closed": ("x.x.x.x.x.x.x.x.", "xox.xoxoxox.xoxo"),
            "hat-open": ("..........x.....", ""),
            "cymbal": ("X...............", "", ""),
        }),
        Style("drum-and-bass", 168, 176, (0.0, 0.12), 3.0, "mixed", {
            "kick": ("X.........x.....", "X..?......x.....", "X.........x..?.."),
            "snare": ("....X..g.g..X...", "....X..g....X..g", "....X.......X.g."),
            "hat-closed": ("x.x.x.x.x.x.x.x.", "xoxoxoxoxoxoxoxo", "x.xox.x.x.xox.xo"),
            "cymbal": ("x...x...x...x...", "", ""),
            "shaker": ("oxoxoxoxoxoxoxox", "", ""),
        }),
        Style("trap", 130, 150, (0.0, 0.08), 1.0, "electronic", {
            "kick": ("X.....x....x....", "X..x......x.....", "X.........x..x.."),
            "clap": ("........X.......",),
            "snare": ("", "........x.....g."),
            "hat-closed": ("x.x.x.x.x.x.2.x.", "x.x.x23.x.x.x.2.", "x.3.x.x.2.x.x.x3"),
            "hat-open": ("......x.........", "", "..............x."),
            "rim": ("...?......?...?.", ""),
            "perc": ("", "..........x..?.."),
        }),
        Style("rock", 95, 145, (0.0, 0.05), 6.0, "acoustic", {
            "kick": ("X.......x.x.....", "X.......X.......", "X.....x.x.x....."),
            "snare": ("....X.......X...", "....X..g....X..."),
            "hat-closed": ("x.o.x.o.x.o.x.o.", "x...x...x...x...", ""),
            "cymbal": ("X...............", "x.o.x.o.x.o.x.o.", ""),
        }),
        Style("funk", 95, 114, (0.05, 0.25), 5.0, "acoustic", {
            "kick": ("X.x...x...x..x..", "X..x..x.......x.", "X.....x..x.x...."),
            "snare": ("....X..g.g..X.gg", ".g..X..g.g.gX..g"),
            "hat-closed": ("xoxoxoxoxoxoxoxo", "x.xox.xox.xox.xo"),
            "hat-open": ("......x.........", "", "..............x."),
            "cowbell": ("x...x...x...x...", "", ""),
            "clap": ("....x.......x...", "", ""),
        }),
        Style("latin", 92, 120, (0.0, 0.12), 5.0, "acoustic", {
            "kick": ("X..x..x.X..x..x.", "X.....x.X.....x."),
            "rim": ("x..x..x...x.x...", "..x.x...x..x..x."),
            "shaker": ("xooxxooxxooxxoox", "xoxoxoxoxoxoxoxo"),
            "cowbell": ("x.x.xx.x.x.xx.x.", "x...x.x.x...x.x.", ""),
            "perc": ("..xx..x...xx..x.", "x..x.ox.x..x.ox.", "..x...xx..x...xx"),
            "tom": ("", "..............xx"),
        }),
        Style("reggaeton", 88, 102, (0.0, 0.1), 2.0, "electronic", {
            "kick": ("X...X...X...X...", "X...x...X...x..."),
            "snare": ("...x..x....x..x.", "...X..x....X..x."),
            "hat-closed": ("x.x.x.x.x.x.x.x.", "..x...x...x...x.", ""),
            "perc": ("", "......x.......x.", "..x..x....x..x.."),
            "shaker": ("", "oxoxoxoxoxoxoxox"),
        }),
        Style("garage", 128, 136, (0.3, 0.55), 3.0, "electronic", {
            "kick": ("X.....?...x.....", "X.........x..?..", "X..x......x....."),
            "snare": ("....X.......X...", "....X..g....X..g"),
            "hat-closed": ("..x.o.xo..x.o.xo", ".ox..ox..ox..ox."),
            "hat-open": ("......x.......x.", "..............x.", ""),
            "rim": ("...x.....?.x....", ""),
            "shaker": ("oxoxoxoxoxoxoxox", ""),
        }),
        Style("lo-fi", 70, 88, (0.25, 0.5), 9.0, "mixed", {
            "kick": ("X......x..x.....", "X.....x...x....."),
            "snare": ("....X.......X..g",),
            "rim": ("", "....x.......x..."),
            "hat-closed": ("x.o.x.o.x.o.x.o.", "x.x.x.x.x.x.xo.o"),
            "hat-open": ("", "..............o."),
            "shaker": ("..o...o...o...o.", ""),
        }),
    )
}  # fmt: skip
"""All styles by name."""
