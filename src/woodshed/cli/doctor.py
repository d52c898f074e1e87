"""`woodshed doctor`."""

from __future__ import annotations

import typer

from woodshed.cli.options import AsJson, WorkspaceFolder
from woodshed.cli.render import emit, say, show_table

app = typer.Typer(add_completion=False)

MARKS = {"good": "well", "optional": "could be", "bad": "MEND"}


@app.command()
def doctor(workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """Say what works on this machine, what does not, and how to mend it."""
    from woodshed.workspace import Workspace, examine

    findings = examine(Workspace(workspace).folder)
    bad = [finding for finding in findings if finding.state == "bad"]

    def table() -> None:
        show_table(
            ["what", "state", "found", "way out"], [[f.what, MARKS[f.state], f.found, f.way_out] for f in findings]
        )
        say(f"{len(bad)} thing(s) to mend." if bad else "All that is needed works.")

    emit(findings, as_json, table)
    if bad:
        raise typer.Exit(1)
