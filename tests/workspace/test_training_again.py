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


def test_a_finished_run_has_nothing_to_resume(workspace: Workspace) -> None:
    made = workspace.train(ORDER)
    before = made.path.read_bytes()
    again = workspace.train(workspace.order("r", flags={"budget": "20s"}), resume=True)
    assert (again.trained, again.path.read_bytes()) == (False, before)
    assert "finished already, after 12 steps: nothing was trained" in again.verdict
    workspace.models.remove("r")
    assert workspace.train(TrainingOrder(name="r"), resume=True).trained, "its model is made from the checkpoint"


def test_what_a_resumed_run_does_not_heed_is_said(workspace: Workspace) -> None:
    events: list[Event] = []
    workspace.train(ORDER, on_event=stopper(workspace, "r"))
    flags = {"budget": "20s", "query": "class:kick,snare", "close": 0.3}
    done = workspace.train(workspace.order("r", flags=flags), resume=True, on_event=events.append)
    assert facts_of(done.card) == (12, False)
    assert "keeps its own settings; not heeded: budget, close" in notes(events)


def test_sounds_that_are_left_out_are_named_with_their_reasons(workspace: Workspace) -> None:
    claps = workspace.library.items("class:clap")
    workspace.library.ledger.revoke(party="Kit maker", content_ids=[clap.content_id for clap in claps])
    events: list[Event] = []
    order = TrainingOrder(name="r", query="class:kick,clap", budget="1steps", preset="debug")
    card = workspace.train(order, on_event=events.append).card
    told = notes(events)
    assert "4 chosen sounds are left out: Clap" in told
    assert sum(f"{clap.name} (Kit maker withdrew" in told for clap in claps) == 3
    assert "woodshed models card r" in told
    assert sorted(one.name for one in card.left_out) == sorted(clap.name for clap in claps)
    assert all("withdrew" in one.reason for one in card.left_out)


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
