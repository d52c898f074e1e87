"""`woodshed vary`."""

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
@with_knobs(TABLES["vary"])
def vary(
    model: Annotated[str, typer.Argument(help="Name of a trained model.")],
    sound: Annotated[str, typer.Argument(help="A sound file, or a sound of the library by name or id.")],
    settings: dict[str, KnobValue],
    out: OutFolder = Path("made"),
    template: Annotated[str, typer.Option(help="File names: {model} {class} {number} {seed} {label}.")] = "",
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make variations of a sound; never trimmed or levelled, so amount 0 is the sound itself.

    Example: woodshed vary drums my_snare.wav --amount 0.3 --count 8
    """
    show_made(
        "vary",
        model,
        [sound],
        out=out,
        template=template,
        workspace=workspace,
        as_json=as_json,
        settings=settings,
    )
