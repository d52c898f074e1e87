"""`woodshed cite`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.options import AsJson, WorkspaceFolder
from woodshed.cli.render import emit, say

app = typer.Typer(add_completion=False)


@app.command()
def cite(
    file: Annotated[Path, typer.Argument(help="A sound that Woodshed made.")],
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """List the papers behind the method and the sounds behind the model, with their owners."""
    from woodshed.workspace import Workspace

    citation = Workspace(workspace).cite(file)
    emit(citation, as_json, lambda: say(citation.text()))
