"""`woodshed cross`."""

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
@with_knobs(TABLES["cross"])
def cross(
    settings: dict[str, KnobValue],
    sounds: Annotated[
        list[str] | None, typer.Argument(help="Sound files, or sounds of the library by name or id; none: a --query.")
    ] = None,
    out: OutFolder = Path("made"),
    template: Annotated[str, typer.Option(help="File names: {class} {number} {seed} {label}.")] = "",
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Cross sounds: the envelope of the first with the fine structure of the second; given, or drawn from one class.

    Example: woodshed cross A.wav B.wav; woodshed cross --class each --count 20
    """
    show_made(
        "cross",
        None,
        sounds or [],
        out=out,
        template=template,
        workspace=workspace,
        as_json=as_json,
        settings=settings,
    )
