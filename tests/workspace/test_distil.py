"""A faster model from another one's own sounds: its papers, its refusals, and that it makes sounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from woodshed.base.errors import ConsentRefused, HandshakeError, KnobOutOfRange, UsageError
from woodshed.library import Library
from woodshed.workspace import TrainingOrder, Workspace


@pytest.fixture
def taught(workspace: Workspace) -> Workspace:
    workspace.train(TrainingOrder(name="hits", query="class:kick,snare", budget="9steps", preset="debug"))
    return workspace


def test_the_papers_of_the_teacher_stay(taught: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def unread(*_: object, **__: object) -> None:
        raise AssertionError("a sound of the library was read")

    with monkeypatch.context() as patched:
        for name in ("sound", "training_set"):
            patched.setattr(Library, name, unread)
        report = taught.distil("hits", name="fast", budget="8steps", pairs=24, steps=2)
    teacher, card = taught.models.load("hits"), taught.models.card("fast")
    assert card.teacher is not None
    assert (card.teacher.name, card.teacher.digest, card.teacher.pairs) == ("hits", teacher.digest, 24)
    assert (card.sources, card.credits, card.owners) == (
        teacher.card.sources,
        teacher.card.credits,
        teacher.card.owners,
    )
    assert (card.config["steps"], card.config["guidance"]) == (2, 1.0)
    assert card.training is not None
    assert card.training.settings["pairs"] == 24
    assert card.training.settings["learning_rate_factor"] == 0.4
    assert any("rectified flow" in paper for paper in card.references)
    assert report.pairs == 24
    made = taught.generate("fast", folder=tmp_path / "out", count=2)
    assert all(one.path.is_file() for one in made)


def test_what_is_refused(taught: Workspace) -> None:
    with pytest.raises(UsageError, match="a model 'hits' already"):
        taught.distil("hits", name="hits", budget="3steps", pairs=8)
    with pytest.raises(KnobOutOfRange, match="steps"):
        taught.distil("hits", name="fast", steps=0)
    order = TrainingOrder(name="wave", query="class:kick", family="wave-unet", budget="2steps", preset="debug")
    taught.train(order)
    with pytest.raises(HandshakeError, match="cannot teach"):
        taught.distil("wave", name="fast", budget="3steps")
    taught.distil("hits", name="fast", budget="3steps", pairs=8)
    taught.withdraw("class:kick", party="Kit maker")
    with pytest.raises(ConsentRefused, match="woodshed distil hits --name fast"):
        taught.generate("fast", folder=taught.folder / "out", count=1)
    with pytest.raises(ConsentRefused):
        taught.distil("hits", name="other", budget="3steps", pairs=8)


def test_a_budget_buys_pairs(taught: Workspace) -> None:
    from woodshed.roles import Distils
    from woodshed.tasks.distil import affordable_pairs
    from woodshed.training import Budget

    model = taught.models.load("hits").model
    assert isinstance(model, Distils)
    assert affordable_pairs(model, Budget(steps=5), seed=1) == 2000
    assert affordable_pairs(model, Budget(cpu_seconds=0.1), seed=1) == 500
    assert affordable_pairs(model, Budget(cpu_seconds=9000.0), seed=1) == 4000
