"""`woodshed generate`."""

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
@with_knobs(TABLES["generate"])
def generate(
    model: Annotated[str, typer.Argument(help="Name of a trained model, or path of a model file.")],
    settings: dict[str, KnobValue],
    out: OutFolder = Path("made"),
    template: Annotated[str, typer.Option(help="File names: {model} {class} {number} {seed}.")] = "",
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make new sounds: 24-bit WAV, trimmed, levelled, each with a receipt inside and beside.

    Example: woodshed generate drums --class kick --count 16 --seed 7
    """
    show_made(
        "generate",
        model,
        out=out,
        template=template,
        workspace=workspace,
        as_json=as_json,
        settings=settings,
    )
