"""`woodshed blend`."""

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
@with_knobs(TABLES["blend"])
def blend(
    model: Annotated[str, typer.Argument(help="Name of a trained model.")],
    sounds: Annotated[list[str], typer.Argument(help="Two or more: files or sounds of the library.")],
    settings: dict[str, KnobValue],
    out: OutFolder = Path("made"),
    template: Annotated[str, typer.Option(help="File names: {model} {class} {number} {seed} {label}.")] = "",
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make the sounds on the way from the first sound to the last, or one at --weights between all.

    Example: woodshed blend drums kick.wav tom.wav --steps-between 5 --fine 1
    """
    show_made(
        "blend",
        model,
        sounds,
        out=out,
        template=template,
        workspace=workspace,
        as_json=as_json,
        settings=settings,
    )
