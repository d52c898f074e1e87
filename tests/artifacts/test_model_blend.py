"""A blend of two models: its numbers lie between theirs, its papers are those of both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from woodshed.artifacts.card import ModelCard
from woodshed.artifacts.model_blend import KINDRED, blend_models, likeness
from woodshed.base.errors import ConsentRefused, HandshakeError, KnobOutOfRange, UsageError
from woodshed.base.events import Event, Note
from woodshed.kit import make_hit
from woodshed.sound import write_sound
from woodshed.workspace import TrainingOrder, Workspace


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Models of two owners' sounds."""
    folder = tmp_path_factory.mktemp("models")
    workspace = Workspace(folder / "workspace")
    for number, owner in enumerate(("Ada", "Bob")):
        for name in ("kick", "snare"):
            (folder / owner / name).mkdir(parents=True)
            write_sound(folder / owner / name / f"{name}.wav", make_hit(name, seed=number).sound.mono())
        workspace.library.add(folder / owner, owner=owner, licence="CC-BY-4.0")
        query = f"class:kick,snare owner:{owner}"
        workspace.train(
            TrainingOrder(name=owner, query=query, budget="2steps", preset="debug", seed=number, held_out=0)
        )
    return workspace


def test_numbers_lie_between_and_ends_are_the_models(pair: Workspace) -> None:
    first, second = pair.models.load("Ada"), pair.models.load("Bob")
    blended = blend_models(first, second, weight=0.25)
    again = blend_models(first, second, weight=0.25)
    ends = [blend_models(first, second, weight=weight).state_dict() for weight in (0.0, 1.0)]
    own, other = first.model.state_dict(), second.model.state_dict()
    for name, tensor in blended.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name])
        assert torch.equal(ends[0][name], own[name])
        assert torch.equal(ends[1][name], other[name])
        is_row_of_one = name.startswith("neighbourhood.") and "basis" not in name
        if not is_row_of_one and not name.endswith(".directions"):
            assert torch.allclose(tensor, 0.75 * own[name] + 0.25 * other[name], atol=1e-5)
    for name in (f"{kind}.directions" for kind in ("basis", "attacks", "courses", "neighbourhood.basis")):
        directions = blended.state_dict()[name]
        assert torch.allclose(directions.T @ directions, torch.eye(directions.shape[1]), atol=1e-5)


def test_a_blend_keeps_places_of_both_whole(pair: Workspace) -> None:
    first, second = pair.models.load("Ada"), pair.models.load("Bob")
    known = [
        {tuple(row) for row in one.model.state_dict()["neighbourhood.places"].tolist() if any(row)}
        for one in (first, second)
    ]
    rows = blend_models(first, second, weight=0.5).state_dict()
    kept = {
        tuple(row)
        for row, owner in zip(
            rows["neighbourhood.places"].tolist(), rows["neighbourhood.classes"].tolist(), strict=True
        )
        if owner >= 0
    }
    assert kept
    assert kept <= known[0] | known[1]


def test_the_card_carries_the_papers_of_both(pair: Workspace, tmp_path: Path) -> None:
    events: list[Event] = []
    card = pair.blend_models("Ada", "Bob", name="both", weight=0.3, on_event=events.append)
    cards = [pair.models.card(name) for name in ("Ada", "Bob")]
    assert {s.content_id for s in card.sources} == {s.content_id for one in cards for s in one.sources}
    assert card.credits == tuple(sorted({credit for one in cards for credit in one.credits}))
    assert card.owners == ("Ada", "Bob")
    assert [(one.name, one.weight) for one in card.ancestors] == [("Ada", 0.7), ("Bob", 0.3)]
    assert card.merkle_root not in {one.merkle_root for one in cards}
    assert card.training is None
    assert likeness(pair.models.load("Ada").model, pair.models.load("Bob").model) < KINDRED
    assert any(isinstance(event, Note) and "trained apart" in event.text for event in events)
    [made] = pair.generate("both", folder=tmp_path, count=1, borrow="none")
    assert set(made.receipt.sources) == {"Ada", "Bob"}
    with pytest.raises(UsageError, match="already"):
        pair.blend_models("Ada", "Bob", name="both")


def test_models_not_made_alike_are_refused(pair: Workspace) -> None:
    first, second = pair.models.load("Ada"), pair.models.load("Bob")

    def other(**changed: object) -> ModelCard:
        return second.card.model_copy(update=changed)

    for what, value in (
        ("classes", ("kick",)),
        ("sample rate hz", 48000),
        ("channels", 2),
        ("config", {**second.card.config, "steps": 3}),
    ):
        odd = replace(second, card=other(**{what.replace(" ", "_"): value}))
        with pytest.raises(HandshakeError, match=f"they differ in {what}"):
            blend_models(first, odd, weight=0.5)
    with pytest.raises(KnobOutOfRange, match="weight is 2"):
        blend_models(first, second, weight=2.0)


def test_a_withdrawn_sound_of_either_stops_both_ways(pair: Workspace, tmp_path: Path) -> None:
    pair.blend_models("Ada", "Bob", name="late")
    source = pair.models.card("Bob").sources[0]
    pair.library.ledger.revoke(party="Bob", content_ids=[source.content_id])
    with pytest.raises(ConsentRefused, match=r"woodshed models blend Ada Bob --name late"):
        pair.generate("late", folder=tmp_path, count=1)
    with pytest.raises(ConsentRefused, match="'Bob' learned from 1 sound"):
        pair.blend_models("Ada", "Bob", name="later")
