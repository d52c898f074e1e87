"""The part of the page that plays some made and some real sounds of every class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from woodshed.sound import read_sound
from woodshed.tasks.evaluate.examples import SHOWN
from woodshed.tasks.evaluate.report import EvaluationReport
from woodshed.views import Page, SoundCard, sound_png

_WIDTH, _HEIGHT = 200, 110  # pixels; small, because a page holds hundreds


def examples_section(page: Page, report: EvaluationReport, *, folder: Path) -> None:
    """Every class with its made sounds in the upper row and real ones in the lower."""
    if not report.examples:
        return
    page.section(
        f"{SHOWN} made beside {SHOWN} real of every class",
        "Upper row: the first sounds that were made of the class, none picked. Lower row: training sounds drawn at "
        "random; a class with fewer shows all it has. All are trimmed and levelled as outputs are.",
    )
    for one in report.examples:
        made = _cards("made", one.made_files, [""] * len(one.made_files), folder=folder)
        real = _cards("real", one.real_files, one.real_names, folder=folder)
        page.sounds(made + real, heading=one.class_name or "no class", columns=SHOWN)


def _cards(kind: str, files: Sequence[str], names: Sequence[str], *, folder: Path) -> list[SoundCard]:
    cards = []
    for number, (file, name) in enumerate(zip(files, names, strict=True), start=1):
        sound = read_sound(folder / file)
        lines = tuple(line for line in (f"{sound.duration_s:.2f} s", name[:16]) if line)
        picture = sound_png(sound, width=_WIDTH, height=_HEIGHT)
        cards.append(SoundCard(f"{kind} {number}", folder / file, picture, lines))
    return cards
