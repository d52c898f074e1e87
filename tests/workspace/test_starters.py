"""A starter in an empty workspace: sounds before any training, credits in the papers, a base for own sounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_app import RUN, run, run_json
from woodshed.artifacts import SourceSound, save_model, shelf
from woodshed.cli.app import app
from woodshed.workspace import TrainingOrder, Workspace

CREDIT = "Lena Example, hits of a shed (CC-BY-4.0)"


@pytest.fixture
def starter(tmp_path: Path, trained: Workspace, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny model in the place of those that ship, taught by sounds that no ledger here knows."""
    loaded = trained.models.load("hits")
    sources = tuple(
        SourceSound(content_id=f"{number:032x}", name=f"hit{number}.flac", owner=owner, licence=licence, credit=credit)
        for number, (owner, licence, credit) in enumerate(
            [("Lena Example", "CC-BY-4.0", CREDIT)] * 120 + [("Kit maker", "CC0-1.0", None)] * 5
        )
    )
    facts = {"name": "starter", "sources": sources, "held_out": (), "merkle_root": "shipped", "licence": "Apache-2.0"}
    card = loaded.card.model_copy(update=facts)
    folder = tmp_path / "shipped"
    save_model(folder / "starter.safetensors", loaded.model, card)
    monkeypatch.setattr(shelf, "starters_folder", lambda: folder)
    return folder


@pytest.mark.parametrize("borrow", ["none", "own", "any"])
def test_an_empty_workspace_makes_sounds(tmp_path: Path, starter: Path, borrow: str) -> None:
    empty = Workspace(tmp_path / "empty")
    made = empty.generate("starter", folder=tmp_path / "made", count=2, steps=2, borrow=borrow, **{"class": "kick"})
    for one in made:
        assert one.receipt.model == "starter"
        assert one.receipt.credits == (CREDIT,)
        assert one.receipt.sources == {"Lena Example": 120, "Kit maker": 5}
        assert one.receipt.lenders == ()
        assert one.receipt.copy_check is None, "no sound that taught it is known here, so nobody judged"
    citation = empty.cite(made[0].path)
    assert CREDIT in citation.credits
    assert len(citation.sounds) == 125
    text = citation.text()
    assert "taught the model: 120 sounds (Lena Example)" in text
    assert "hit7.flac" not in text, "so many are counted, not listed"
    assert empty.standing("starter") == {}


def test_on_the_command_line(tmp_path: Path, starter: Path) -> None:
    at = ("--workspace", tmp_path / "empty")
    listed = run_json("models", "ls", *at)
    assert isinstance(listed, list)
    assert [(one["name"], one["state"]) for one in listed] == [("starter", "shipped")]
    assert not (tmp_path / "empty").exists(), "listing models makes no library"
    shown = run_json("models", "show", "starter", *at)
    assert isinstance(shown, dict)
    assert (shown["licence"], shown["credits"], shown["ships"]) == ("Apache-2.0", [CREDIT], True)
    made = run_json("generate", "starter", "--class", "kick", "--count", 2, "--out", tmp_path / "made", *at)
    assert isinstance(made, list)
    assert CREDIT in run("cite", made[0]["path"], *at)
    refused = RUN.invoke(app, ["models", "rm", "starter", "--workspace", str(tmp_path / "empty")])
    assert refused.exit_code == 2
    assert "ships with Woodshed" in refused.output
    assert (starter / "starter.safetensors").is_file()


def test_a_model_that_began_from_the_starter_keeps_its_credits(
    tmp_path: Path, starter: Path, workspace: Workspace
) -> None:
    order = TrainingOrder(name="mine", query="class:kick,snare", budget="6steps", preset="debug", base="starter")
    card = workspace.train(order).card
    assert card.base is not None
    assert card.base.name == "starter"
    assert card.credits == (CREDIT,)
    assert card.licence is None
    assert workspace.standing("mine") == {}
    [made] = workspace.generate("mine", folder=tmp_path / "made", count=1, steps=2)
    assert CREDIT in made.receipt.all_credits()
    shown = run_json("models", "show", "mine", "--workspace", workspace.folder)
    assert isinstance(shown, dict)
    assert "sources" not in shown["base"]


def test_sounds_known_here_are_asked_about_and_guarded(tmp_path: Path, starter: Path, workspace: Workspace) -> None:
    item = workspace.library.items("class:kick")[0]
    loaded = workspace.models.load("starter")
    known = SourceSound(content_id=item.content_id, name=item.name, owner="Kit maker", licence="CC0-1.0")
    save_model(starter / "starter.safetensors", loaded.model, loaded.card.model_copy(update={"sources": (known,)}))
    assert workspace.standing("starter") == {}
    [made] = workspace.generate("starter", folder=tmp_path, count=1, steps=2, **{"class": "kick"})
    assert made.receipt.copy_check is not None
    touched = workspace.withdraw(f"id:{item.content_id}", party="Kit maker")
    assert touched.models == ("starter",)
    assert list(workspace.standing("starter")) == [item.content_id]
    assert [(one["name"], one["state"]) for one in workspace.described_models()] == [("starter", "refused: consent")]
