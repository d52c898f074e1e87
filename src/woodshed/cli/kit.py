"""`woodshed kit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.options import AsJson
from woodshed.cli.render import emit, progress, say, show_table

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="A starter kit from nothing: drums, basses, plucks, pads and loops (CC0).",
)


@app.callback()
def kit() -> None:
    """A starter kit from nothing: drums, basses, plucks, pads and loops (CC0)."""


@app.command()
def make(
    out: Annotated[Path, typer.Argument(help="Folder for the kit; made if missing.")],
    seed: Annotated[int, typer.Option(help="Another seed, another kit; the same seed, the same files.")] = 1,
    rate: Annotated[int, typer.Option(min=8000, max=192000, help="Sample rate in Hz.")] = 44100,
    count: Annotated[int, typer.Option(min=0, help="Hits of each class.")] = 40,
    loops: Annotated[int, typer.Option(min=0, help="Drum loops.")] = 24,
    as_json: AsJson = False,
) -> None:
    """Make a starter kit: WAV files in several kits, with manifest, licence and the truth about every loop."""
    from woodshed.workspace.kits import make_kit

    with progress(as_json) as on_event:
        report = make_kit(out, seed=seed, count_per_class=count, loops=loops, sample_rate_hz=rate, on_event=on_event)

    def told() -> None:
        minutes, kits = report.duration_s / 60, len(report.groups)
        say(f"{report.hits} hits and {report.loops} loops in {kits} kits, {minutes:.1f} minutes of sound.")
        say(f"They lie in {report.folder}; you may do with them what you like (CC0-1.0).")

    emit(report, as_json, told)


@app.command()
def ls(as_json: AsJson = False) -> None:
    """List the classes with their recipes, and the styles of the loops."""
    from woodshed.workspace.kits import STYLES, recipe_names

    listed = {
        "recipes": recipe_names(),
        "styles": {name: [style.low_bpm, style.high_bpm] for name, style in STYLES.items()},
    }

    def told() -> None:
        show_table(["class", "recipes"], [[name, ", ".join(names)] for name, names in listed["recipes"].items()])
        show_table(["style", "bpm"], [[name, f"{low} to {high}"] for name, (low, high) in listed["styles"].items()])

    emit(listed, as_json, told)
