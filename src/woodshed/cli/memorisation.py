"""`woodshed memorisation`."""

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

EXIT_CODES = {"clean": 0, "copying": 10, "cannot tell": 11}


@app.command()
@with_knobs(TABLES["memorisation"])
def memorisation(
    model: Annotated[str, typer.Argument(help="Name of a trained model.")],
    settings: dict[str, KnobValue],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for page, JSON and playable pairs.")] = None,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Look for the sounds that taught a model among the sounds it makes: copies, whose they are, and what to do.

    Exit code 0 if there are no more copies than chance, 10 if there are, 11 if the check cannot tell.
    Example: woodshed memorisation drums --quick
    """
    from woodshed.workspace import Workspace

    with progress(as_json) as on_event:
        report, page = Workspace(workspace).memorisation(model, folder=out, on_event=on_event, **settings)

    def table() -> None:
        rows = [["new sounds", report.copies.text], [report.null_kind, report.null.text]]
        rows += [["planted copies with one change", report.control_found.text]]
        show_table(["sounds", "copies"], rows, title=f"{model}: {report.count} sounds")
        for one in report.most_copied[:5]:
            times = "once" if one.count == 1 else f"{one.count} times"
            say(f"Copied {times}: {one.name}{' by ' + one.owner if one.owner else ''}")
        for note in report.notes:
            say(note)
        say(f"{report.verdict} What to do: {report.advice}.")
        say(f"Page: {page}")

    emit(report, as_json, table)
    if code := EXIT_CODES[report.state]:
        raise typer.Exit(code)
