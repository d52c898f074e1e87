"""Draw the starter kit beside real one-shots: the picture and the tables of docs/kit.md.

    python -m benchmarks.kit_page --data DIR

Writes docs/img/kit-vs-real.png and replaces what stands between the markers in docs/kit.md.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks._kit_listeners import BANDS, HOP_FRAMES, HOPS, log_mel
from benchmarks._kit_ranges import COMPARED, FEWEST, Table, measured
from benchmarks._kit_sounds import RATE_HZ, Heard, made_hits, real_hits
from benchmarks._report import default_data
from woodshed.dsp import hz_to_mel, mel_to_hz
from woodshed.kit import KIT_CLASSES

DOCS = Path(__file__).resolve().parents[1] / "docs"
MADE_SEED = 2024
SHOWN = ("attack_time_ms", "decay_time_ms", "long_decay_time_ms", "centroid_hz", "high_band_db", "tilt_db_per_octave")
REAL_COLOUR, MADE_COLOUR = "#8a8f98", "#d9480f"


def main() -> None:
    """Measure, draw and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kit_page", description=__doc__)
    parser.add_argument("--data", type=Path, default=default_data(), help="folder of real sounds with its manifest.csv")
    options = parser.parse_args()
    real = real_hits(options.data, classes=KIT_CLASSES)
    made = made_hits(seed=MADE_SEED, count_per_class=24)
    draw(real, made, DOCS / "img" / "kit-vs-real.png")
    page = DOCS / "kit.md"
    text = page.read_text(encoding="utf-8")
    table = "<!-- kit table -->\n" + range_table(measured(real), measured(made)) + "<!-- end of kit table -->"
    text = re.sub(r"<!-- kit table -->.*?<!-- end of kit table -->", lambda _: table, text, flags=re.DOTALL)
    page.write_text(text, encoding="utf-8")


def range_table(real: Table, made: Table) -> str:
    """Middle of the kit and, in brackets, 5 to 95 % of the real sounds; bold where the middle lies outside."""
    lines = ["| class (real sounds) | " + " | ".join(SHOWN) + " |", "|---|" + "---|" * len(SHOWN)]
    for name in KIT_CLASSES:
        if name not in real:
            continue
        cells = [_cell(real[name][:, COMPARED.index(shown)], made[name][:, COMPARED.index(shown)]) for shown in SHOWN]
        thin = "" if len(real[name]) >= FEWEST else ", too few for a range"
        lines.append(f"| {name} ({len(real[name])}{thin}) | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(real: np.ndarray, made: np.ndarray) -> str:
    low, high = np.percentile(real, [5, 95])
    middle = float(np.median(made))
    shown = _number(middle) if low <= middle <= high else f"**{_number(middle)}**"
    return f"{shown} ({_number(low)} to {_number(high)})"


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 20 else f"{value:.1f}"


def draw(real: Sequence[Heard], made: Sequence[Heard], path: Path) -> None:
    """For every class the level over frequency and over time: grey the real sounds, colour the kit."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    names = [name for name in KIT_CLASSES if any(hit.class_name == name for hit in real)]
    figure, axes = plt.subplots(4, 6, figsize=(13, 8.2), layout="constrained")
    hz = mel_to_hz(np.linspace(hz_to_mel(30.0), hz_to_mel(18000.0), BANDS + 2))[1:-1]
    seconds = np.arange(HOPS) * HOP_FRAMES / RATE_HZ
    for index, name in enumerate(names):
        spectrum, fall = axes[index // 3, 2 * (index % 3)], axes[index // 3, 2 * (index % 3) + 1]
        for hits, colour, label in ((real, REAL_COLOUR, "real"), (made, MADE_COLOUR, "kit")):
            maps = [log_mel(hit.sound) for hit in hits if hit.class_name == name]
            _band(spectrum, hz, _levels(maps, axis=1), colour, label)
            _band(fall, seconds, _levels(maps, axis=0), colour, label)
        spectrum.set(xscale="log", xlim=(40, 18000), ylim=(-66, 3))
        spectrum.set_title(f"{name}: level over hertz", fontsize=8, loc="left")
        fall.set(xlim=(0, 1.1), ylim=(-66, 3))
        fall.set_title("over seconds", fontsize=8, loc="left")
        for axis in (spectrum, fall):
            axis.tick_params(labelsize=6)
            axis.grid(alpha=0.25, linewidth=0.4)
    axes[0, 0].legend(fontsize=7, loc="lower left")
    figure.suptitle("Starter kit beside real one-shots: middle and 5 to 95 % (dB below the loudest)", fontsize=10)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=85)
    plt.close(figure)


def _levels(maps: Sequence[np.ndarray], *, axis: int) -> np.ndarray:
    """Mean power over time (axis 1) or over frequency (axis 0), in dB below each sound's largest."""
    levels = 10 * np.log10(np.stack([np.mean(10 ** (picture / 10), axis=axis) for picture in maps]))
    return levels - levels.max(axis=1, keepdims=True)


def _band(axis, x: np.ndarray, levels: np.ndarray, colour: str, label: str) -> None:
    low, middle, high = np.percentile(levels, [5, 50, 95], axis=0)
    axis.fill_between(x, low, high, color=colour, alpha=0.22, linewidth=0)
    axis.plot(x, middle, color=colour, linewidth=1.3, label=label)


if __name__ == "__main__":
    main()
