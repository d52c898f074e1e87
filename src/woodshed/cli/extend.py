"""`woodshed extend`."""

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
@with_knobs(TABLES["extend"])
def extend(
    model: Annotated[str, typer.Argument(help="Name of a trained model.")],
    sound: Annotated[str, typer.Argument(help="A sound file, or a sound of the library by name or id.")],
    settings: dict[str, KnobValue],
    out: OutFolder = Path("made"),
    template: Annotated[str, typer.Option(help="File names: {model} {class} {number} {seed} {label}.")] = "",
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make a sound longer: what follows (or comes before) is drawn; the sound itself stays as it is.

    Example: woodshed extend drums snare.wav --longer 0.8 --keep 0.1
    """
    show_made(
        "extend",
        model,
        [sound],
        out=out,
        template=template,
        workspace=workspace,
        as_json=as_json,
        settings=settings,
    )
