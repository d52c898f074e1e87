"""`woodshed evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from woodshed.base.knobs import KnobValue
from woodshed.cli.knobs import with_knobs
from woodshed.cli.options import AsJson, WorkspaceFolder
from woodshed.cli.render import emit, progress, say, show_table
from woodshed.workspace.knobs import TABLES

app = typer.Typer(add_completion=False)

EXIT_COPIES = 10


@app.command()
@with_knobs(TABLES["evaluate"])
def evaluate(
    model: Annotated[str, typer.Argument(help="Name of a trained model.")],
    settings: dict[str, KnobValue],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for page, JSON and sounds to play.")] = None,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Measure how near a model's sounds are to real ones, and whether they are new, beside honest reference rows.

    Exit code 10 if the sounds are copies more often than real sounds of unseen kits are.
    Example: woodshed evaluate drums --count 512
    """
    from woodshed.workspace import Workspace, summary_table

    with progress(as_json) as on_event:
        report, page = Workspace(workspace).evaluate(model, folder=out, on_event=on_event, **settings)

    def table() -> None:
        columns, rows = summary_table(report)
        show_table(columns, rows, title=f"{model}: {report.count} sounds")
        say(f"{report.verdict} What to do: {report.advice}.")
        say(f"Page: {page}")

    emit(report, as_json, table)
    if report.novelty == "copying":
        raise typer.Exit(EXIT_COPIES)
