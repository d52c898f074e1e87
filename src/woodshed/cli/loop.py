"""`woodshed loop`."""

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
@with_knobs(TABLES["loop"])
def loop(
    sounds: Annotated[list[str], typer.Argument(help="Sound files, or sounds of the library by name or id.")],
    settings: dict[str, KnobValue],
    out: OutFolder = Path("made"),
    template: Annotated[str, typer.Option(help="File names: {number} {label}.")] = "",
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make recordings seamless; with --bpm and --bars their length is exact to the sample. No model is needed.

    Example: woodshed loop take3.wav --bpm 124 --bars 4
    """
    show_made(
        "loop",
        None,
        sounds,
        out=out,
        template=template,
        workspace=workspace,
        as_json=as_json,
        settings=settings,
    )
