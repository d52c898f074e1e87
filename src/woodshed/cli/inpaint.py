"""`woodshed inpaint`."""

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
@with_knobs(TABLES["inpaint"])
def inpaint(
    model: Annotated[str, typer.Argument(help="Name of a trained model.")],
    sound: Annotated[str, typer.Argument(help="A sound file, or a sound of the library by name or id.")],
    settings: dict[str, KnobValue],
    out: OutFolder = Path("made"),
    template: Annotated[str, typer.Option(help="File names: {model} {class} {number} {seed} {label}.")] = "",
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Draw regions of a sound anew, so that they fit the rest; what lies outside them stays as it is.

    Example: woodshed inpaint drums snare.wav --regions 0:0.03,0.2:0.3 --count 4
    """
    show_made(
        "inpaint",
        model,
        [sound],
        out=out,
        template=template,
        workspace=workspace,
        as_json=as_json,
        settings=settings,
    )
