"""`woodshed restore`."""

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
@with_knobs(TABLES["restore"])
def restore(
    sounds: Annotated[list[str], typer.Argument(help="Sound files, or sounds of the library by name or id.")],
    settings: dict[str, KnobValue],
    model: Annotated[str | None, typer.Option(help="A trained model that knows what usually sounds up there.")] = None,
    out: OutFolder = Path("made"),
    template: Annotated[str, typer.Option(help="File names: {model} {number} {seed} {label}.")] = "",
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Restore sounds: clipped peaks, and the top that a low rate, a filter or a codec took; never trimmed or levelled.

    Example: woodshed restore old_break.wav; woodshed restore phone.wav --fault low_rate --model drums
    """
    show_made(
        "restore",
        model,
        sounds,
        out=out,
        template=template,
        workspace=workspace,
        as_json=as_json,
        settings=settings,
    )
