"""`woodshed combine`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from woodshed.base.knobs import KnobValue
from woodshed.cli.knobs import with_knobs
from woodshed.cli.options import AsJson, OutFolder, WorkspaceFolder
from woodshed.cli.results import show_made
from woodshed.workspace.knobs import TABLES

app = typer.Typer(add_completion=False)


@app.command()
@with_knobs(TABLES["combine"])
def combine(
    model: Annotated[str, typer.Argument(help="Name of a trained model.")],
    sounds: Annotated[list[str], typer.Argument(help="What is added up: files or sounds of the library.")],
    settings: dict[str, KnobValue],
    out: OutFolder = Path("made"),
    template: Annotated[str, typer.Option(help="File names: {model} {class} {number} {seed} {label}.")] = "",
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Add and subtract sounds as the model knows them: three give a - b + c.

    Example: woodshed combine drums bright_kick.wav dark_kick.wav dark_snare.wav --fine 3
    """
    show_made(
        "combine",
        model,
        sounds,
        out=out,
        template=template,
        workspace=workspace,
        as_json=as_json,
        settings=settings,
    )
