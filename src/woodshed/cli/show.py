"""`woodshed show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.options import AsJson, WorkspaceFolder
from woodshed.cli.render import emit, say, show_table

app = typer.Typer(add_completion=False)


@app.command()
def show(
    file: Annotated[Path, typer.Argument(help="A sound file.")],
    picture: Annotated[Path | None, typer.Option(help="Also draw waveform and spectrogram into this PNG.")] = None,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show a sound file: what it is, what it measures, and the receipt it carries, if any."""
    from woodshed.workspace import Workspace

    shown = Workspace(workspace).show(file, picture=picture)

    def table() -> None:
        show_table(["sound", "value"], [[key, value] for key, value in shown.facts.items()])
        show_table(["descriptor", "value", "unit"], [[d.name, d.value, d.unit] for d in shown.descriptors])
        if shown.receipt:
            receipt = shown.receipt.model_dump(mode="json", exclude_defaults=True)
            show_table(["receipt", "value"], [[key, value] for key, value in receipt.items()])
        else:
            say("No Woodshed receipt: it was not made here, or its papers were lost.")

    emit(shown, as_json, table)
