"""`woodshed models`."""

from __future__ import annotations

from typing import Annotated

import typer

from woodshed.cli.options import AsJson, WorkspaceFolder
from woodshed.cli.render import emit, progress, say, show_table

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Trained models: one file each, with their papers.")

ModelName = Annotated[str, typer.Argument(help="Name of a model, or path of a model file.")]


@app.command()
def ls(workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """List all models: your own, then those that ship with Woodshed and are not hidden by an own one."""
    from woodshed.workspace import Workspace

    described = Workspace(workspace).described_models()
    columns = ["name", "family", "sounds", "classes", "rate_hz", "channels", "made_at", "state"]
    emit(described, as_json, lambda: show_table(columns, [[one[column] for column in columns] for one in described]))


@app.command()
def show(name: ModelName, workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """Show what a model is, how it was trained, and whether it may be used now."""
    from woodshed.workspace import Workspace

    own = Workspace(workspace)
    card, refused = own.models.card(name), own.standing(name)
    left_out = dict.fromkeys(("sources", "config", "report", "held_out", "references"), True)
    facts = card.model_dump(mode="json", exclude={**left_out, "base": {"sources"}})
    facts |= {"sounds": len(card.sources), "withdrawn": refused, "owners": card.owners, "credits": card.credits}
    facts |= {"ships": own.models.ships(name)}

    def table() -> None:
        copying = card.memorisation and card.memorisation.get("verdict")
        short = {**facts, "memorisation": copying, "left_out": len(card.left_out)}
        show_table(
            ["what", "value"], [[key, value] for key, value in short.items() if key not in ("training", "withdrawn")]
        )
        if card.training:
            show_table(
                ["training", "value"],
                [
                    [key, value]
                    for key, value in card.training.model_dump(exclude={"settings", "settings_from"}).items()
                ],
            )
        say(
            f"{len(refused)} of its sounds were withdrawn; it refuses to work."
            if refused
            else "All its sounds are still allowed."
        )

    emit(facts, as_json, table)


@app.command()
def card(name: ModelName, workspace: WorkspaceFolder = None) -> None:
    """Print the whole card as JSON: manifest, credits, training, report."""
    from woodshed.workspace import Workspace

    found = Workspace(workspace).models.card(name)
    emit(found, True, lambda: None)


@app.command()
def blend(
    first: ModelName,
    second: Annotated[str, typer.Argument(help="Name of another model of the same kind.")],
    name: Annotated[str, typer.Option("--name", help="Name of the new model.")],
    weight: Annotated[float, typer.Option("--weight", help="From 0, the first, to 1, the second.")] = 0.5,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make a model between two of the same kind; it carries the sounds, credits and consent of both.

    Example: woodshed models blend warm bright --weight 0.3 --name between
    """
    from woodshed.workspace import Workspace

    with progress(as_json) as on_event:
        card = Workspace(workspace).blend_models(first, second, name=name, weight=weight, on_event=on_event)
    emit(card, as_json, lambda: say(f"{card.name} learned from {len(card.sources)} sounds of {first} and {second}."))


@app.command()
def rm(name: ModelName, workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """Delete a model file. Its run folder stays."""
    from woodshed.workspace import Workspace

    path = Workspace(workspace).models.remove(name)
    emit({"removed": path}, as_json, lambda: say(f"Removed {path}"))
