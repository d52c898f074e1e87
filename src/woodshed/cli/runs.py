"""`woodshed runs`."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated

import typer

from woodshed.cli.options import AsJson, WorkspaceFolder
from woodshed.cli.render import emit, say, show_table

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Trainings, past and under way.")

RunName = Annotated[str, typer.Argument(help="Name of a run: that of the model it trains.")]


@app.command()
def ls(workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """List all runs."""
    from woodshed.workspace import Workspace

    runs = Workspace(workspace).runs
    found = {name: runs.state(name) for name in runs.names()}
    rows = [[name, one.status, one.step, one.total_steps, one.text] for name, one in found.items()]
    emit(found, as_json, lambda: show_table(["name", "status", "step", "of", "text"], rows))


@app.command()
def show(name: RunName, workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """Show how a run goes: steps, losses, wishes, and every setting with where it came from."""
    from woodshed.workspace import Workspace

    own = Workspace(workspace)
    state, control, settings = own.runs.state(name), own.runs.control(name), own.run_settings(name)
    losses = {metric: own.runs.metrics(name, metric)[-1:] for metric in ("loss", "loss_held_out")}

    def table() -> None:
        facts = {**state.model_dump(exclude={"settings"}), **control.model_dump()}
        facts |= {"started_at": _date(state.started_at)}
        facts |= {key: f"{found[0][1]:.3g} at step {found[0][0]}" if found else None for key, found in losses.items()}
        show_table(["what", "value"], [[key, value] for key, value in facts.items()])
        show_table(["setting", "value", "from"], [[key, one["value"], one["from"]] for key, one in settings.items()])

    emit({"state": state, "control": control, "settings": settings, "losses": losses}, as_json, table)


@app.command("set")
def set_wishes(
    name: RunName,
    wishes: Annotated[list[str], typer.Argument(help="learning_rate=0.5, preview_classes=kick,snare")],
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Change something while it runs; heeded within ten steps and written into the model's card.

    Example: woodshed runs set drums learning_rate=0.5
    """
    from woodshed.workspace import Workspace

    pairs = [wish.partition("=") for wish in wishes]
    control = Workspace(workspace).runs.change(name, {key: _value(value) for key, _, value in pairs})
    emit(control, as_json, lambda: say("Noted; the run takes it in within ten steps."))


@app.command()
def stop(name: RunName, workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """Stop a run after its current step and keep the model."""
    from woodshed.workspace import Workspace

    control = Workspace(workspace).runs.change(name, {"stop": True})
    emit(control, as_json, lambda: say("It stops within ten steps and keeps the model; --resume goes on later."))


def _date(seconds: float) -> str | None:
    """A moment as people here write it; None for none."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z") if seconds else None


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
