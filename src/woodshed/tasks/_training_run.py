"""The folder of a run that is to begin, to begin again or to go on."""

from __future__ import annotations

import json

from woodshed.artifacts.card import ModelCard
from woodshed.artifacts.workbench import Workbench
from woodshed.base.errors import UsageError
from woodshed.base.events import EventSink, Note
from woodshed.base.files import printable, write_text_atomically
from woodshed.tasks._training_order import Resolved, TrainingOrder
from woodshed.training import Run, RunState


def free_run(bench: Workbench, order: TrainingOrder, *, resume: bool, anew: bool) -> Run:
    """The run's folder, if it is free for what is wanted."""
    if resume and anew:
        raise UsageError(
            "A run cannot both go on and begin anew",
            cause="--resume and --anew were given together",
            way_out="leave out one of them",
        )
    run = Run(bench.runs / bench.shelf.place(order.name).stem)
    run.require_free()
    if not resume and not anew:
        go_on = f"woodshed train {printable(order.name)} --resume"
        run.require_over(way_out=f"go on: {go_on}; or start over: the same command with --anew")
    return run


def finished_card(bench: Workbench, run: Run, name: str) -> ModelCard | None:
    """The card of the model a finished run came to; None where it is not finished, or its model is not there."""
    state = run.state()
    card = dict(bench.shelf.cards()).get(name)
    facts = card.training if isinstance(card, ModelCard) else None
    made_by_it = facts is not None and (facts.steps, facts.seconds) == (state.step, round(state.seconds, 3))
    return card if state.status == "done" and made_by_it and isinstance(card, ModelCard) else None


def begin(run: Run, order: TrainingOrder, found: Resolved) -> None:
    """Clear the run's folder and write down what is to be trained."""
    run.clear()
    run.save(RunState(settings=dict(vars(order))))
    write_text_atomically(run.folder / "order.json", json.dumps(vars(order), indent=1))
    found.write(run.folder)


def remembered(run: Run, order: TrainingOrder, on_event: EventSink) -> TrainingOrder:
    """What the run was begun with; anything else that was given now is told of.

    Raises
    ------
    UsageError
        If it was never begun.
    """
    try:
        begun = TrainingOrder(**json.loads((run.folder / "order.json").read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(
            f"There is no earlier run of {order.name!r} to go on with",
            cause="it was never begun here, or its folder was deleted or damaged",
            way_out=f"begin it: woodshed train {order.name} --from QUERY",
        ) from error
    asked = {**vars(order), **order.settings}
    kept = {**vars(begun), **begun.settings}
    if other := sorted(key for key in order.origins if asked.get(key) != kept.get(key)):
        text = f"A run that goes on keeps its own settings; not heeded: {', '.join(other)}"
        on_event(Note(level="warning", text=text))
    return begun


def way_on(run: Run, name: str) -> str:
    """What to type where a run was stopped before it had a model."""
    if run.checkpoint.is_file():
        return f"No model was made yet, but a checkpoint was kept. Go on: woodshed train {printable(name)} --resume"
    return "No model was made, and there is no checkpoint yet. Begin again with the same command"
