"""A second training under one name: nothing unfinished is lost, nothing of two runs is mixed, and all is said."""

from __future__ import annotations

import pytest

from tests.workspace import stopper
from woodshed.artifacts import ModelCard
from woodshed.base.errors import UsageError
from woodshed.base.events import Event, Note
from woodshed.tasks.distil import DistillingOrder, distil_model
from woodshed.workspace import TrainingOrder, Workspace

ORDER = TrainingOrder(name="r", query="class:kick,snare", budget="12steps", preset="debug")


def notes(events: list[Event]) -> str:
    return " ".join(event.text for event in events if isinstance(event, Note))


def facts_of(card: ModelCard) -> tuple[int, bool]:
    assert card.training is not None
    return card.training.steps, card.training.stopped_early


def test_an_unfinished_run_is_not_written_over(workspace: Workspace) -> None:
    stopped = workspace.train(ORDER, on_event=stopper(workspace, "r"))
    assert facts_of(stopped.card) == (1, True)
    with pytest.raises(UsageError, match=r"stopped at step 1 of 12.*woodshed train r --resume.*--anew"):
        workspace.train(ORDER)
    with pytest.raises(UsageError, match="both go on and begin anew"):
        workspace.train(ORDER, resume=True, anew=True)
    loaded = workspace.models.load("r")
    workspace.models.remove("r")
    with pytest.raises(UsageError, match=r"not finished.*choose another --name"):
        distil_model(workspace.bench, loaded, DistillingOrder("r", budget="1steps", pairs=8))
    assert facts_of(workspace.train(ORDER, anew=True).card) == (12, False)


def test_a_finished_run_is_replaced_and_its_previews_go(workspace: Workspace) -> None:
    events: list[Event] = []
    first = workspace.train(ORDER, on_event=events.append)
    assert "replaced" not in notes(events)
    old = {path.name for path in (first.run / "previews").iterdir()}
    assert any("kick" in name for name in old)
    workspace.train(
        TrainingOrder(name="r", query="class:clap", budget="6steps", preset="debug"), on_event=events.append
    )
    assert "The earlier model r was replaced" in notes(events)
    left = {path.name for path in (first.run / "previews").iterdir()}
    assert left
    assert not any("kick" in name for name in left)
