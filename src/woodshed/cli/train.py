"""`woodshed train`."""

from __future__ import annotations

from typing import Annotated

import typer

from woodshed.cli.options import AsJson, WorkspaceFolder
from woodshed.cli.render import emit, progress, say

app = typer.Typer(add_completion=False)


@app.command()
def train(
    name: Annotated[str, typer.Argument(help="What the model shall be called.")],
    query: Annotated[
        str, typer.Option("--from", help="Which sounds: all, class:kick,snare, group:x, path:*dry*, -class:fx.")
    ] = "all",
    family: Annotated[str, typer.Option(help="Family of model.")] = "band-flow",
    preset: Annotated[str, typer.Option(help="Size of the model: debug, laptop, studio.")] = "laptop",
    budget: Annotated[
        str, typer.Option(help="How long: 3m, 1h, 10m-cpu (processor time, all threads) or 2000steps.")
    ] = "3m",
    rate: Annotated[int | None, typer.Option(help="Sample rate in Hz; without it the most common one.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed and sounds give the same model on the same machine.")] = 0,
    held_out: Annotated[float, typer.Option(min=0.0, max=0.5, help="Share of groups kept for judging.")] = 0.15,
    copy_report: Annotated[
        bool, typer.Option("--copy-report/--no-copy-report", help="Look for copies at the end; picks the weights too.")
    ] = True,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an earlier run of this name.")] = False,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Train a model on sounds whose owners allow it. Ctrl-C stops early and keeps a usable model.

    Example: woodshed train drums --from class:kick,snare --budget 5m
    """
    from woodshed.workspace import TrainingOrder, Workspace

    order = TrainingOrder(
        name=name,
        query=query,
        family=family,
        preset=preset,
        budget=budget,
        rate_hz=rate,
        seed=seed,
        held_out=held_out,
        copy_report=copy_report,
    )
    with progress(as_json) as on_event:
        report = Workspace(workspace).train(order, resume=resume, on_event=on_event)

    def table() -> None:
        say(f"{report.verdict}")
        say(f"Learned from {report.sounds} sounds; {report.held_out} of other groups were held out for judging.")
        say(f"Model: {report.path}")
        say(f"Next: woodshed generate {name} --class each --count 16, woodshed evaluate {name}")

    emit(report, as_json, table)
