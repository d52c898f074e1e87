"""`woodshed distil`."""

from __future__ import annotations

from typing import Annotated

import typer

from woodshed.base.knobs import KnobValue
from woodshed.cli.knobs import with_knobs
from woodshed.cli.options import AsJson, WorkspaceFolder
from woodshed.cli.render import emit, progress, say
from woodshed.workspace.knobs import TABLES

app = typer.Typer(add_completion=False)


@app.command()
@with_knobs(TABLES["distil"])
def distil(
    model: Annotated[str, typer.Argument(help="Name of the model that teaches, or path of its file.")],
    name: Annotated[str, typer.Option("--name", help="What the new model shall be called.")],
    settings: dict[str, KnobValue],
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make a faster model out of one: it learns from that model's own sounds, and needs few steps and no guidance.

    Example: woodshed distil drums --name fast --budget 2m-cpu
    """
    from woodshed.workspace import Workspace

    own = Workspace(workspace)
    with progress(as_json) as on_event:
        report = own.distil(model, name=name, on_event=on_event, **settings)

    def table() -> None:
        say(f"{report.verdict}")
        say(f"Learned from {report.pairs} sounds that {model} drew; it makes its own in {settings['steps']} steps.")
        say(f"Model: {report.path}")
        say(f"Next: woodshed generate {name} --class each --count 16, woodshed evaluate {name}")

    emit(report, as_json, table)
