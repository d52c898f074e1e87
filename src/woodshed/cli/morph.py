"""`woodshed morph`."""

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
@with_knobs(TABLES["morph"])
def morph(
    model: Annotated[str, typer.Argument(help="Name of a trained model.")],
    sounds: Annotated[list[str], typer.Argument(help="The corners, two to four: files or sounds of the library.")],
    settings: dict[str, KnobValue],
    out: OutFolder = Path("made"),
    template: Annotated[str, typer.Option(help="File names: {model} {class} {number} {seed} {label}.")] = "",
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make a grid of sounds between its corners (top left, top right, bottom left, bottom right) and a picture of it.

    Example: woodshed morph drums kick.wav snare.wav tom.wav clap.wav --rows 4 --columns 4
    """
    show_made(
        "morph",
        model,
        sounds,
        out=out,
        template=template,
        workspace=workspace,
        as_json=as_json,
        settings=settings,
    )
