"""`woodshed guide`."""

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
@with_knobs(TABLES["guide"])
def guide(
    model: Annotated[str, typer.Argument(help="Name of a trained model, or path of a model file.")],
    settings: dict[str, KnobValue],
    out: OutFolder = Path("made"),
    template: Annotated[str, typer.Option(help="File names: {model} {class} {number} {seed}.")] = "",
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make new sounds that are pulled towards what you name; several pulls at once share the work.

    Example: woodshed guide drums --class snare --brightness 3000 --decay 120 --save tight.json
    """
    show_made("guide", model, out=out, template=template, workspace=workspace, as_json=as_json, settings=settings)
