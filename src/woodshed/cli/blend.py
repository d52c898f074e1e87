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
    first: Annotated[str, typer.Argument(help="Where it starts: a file or a sound of the library.")],
    second: Annotated[str, typer.Argument(help="Where it ends: a file or a sound of the library.")],
    settings: dict[str, KnobValue],
    out: OutFolder = Path("made"),
    template: Annotated[str, typer.Option(help="File names: {model} {class} {number} {seed} {label}.")] = "",
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make the sounds on the way from one sound to another.

    Example: woodshed blend drums kick.wav tom.wav --steps-between 5
    """
    show_made(
        "blend",
        model,
        [first, second],
        out=out,
        template=template,
        workspace=workspace,
        as_json=as_json,
        settings=settings,
    )
