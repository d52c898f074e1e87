"""Settings in layers and fine-tuning, from a folder of sounds to a model's card."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from woodshed.base.errors import ConsentRefused, HandshakeError, UnknownName, UsageError
from woodshed.base.events import Event, Note
from woodshed.training.memorisation import Effort
from woodshed.workspace import TrainingOrder, Workspace


def test_layers_reach_the_card_with_their_origins(trained: Workspace, tmp_path: Path) -> None:
    own = Workspace(tmp_path / "own")
    (tmp_path / "my.toml").write_text('preset = "debug"\nlearning_rate = 1e-3\nbatch_size = 4\nseed = 5\n')
    flags = {"batch_size": 6, "budget": "9steps", "rank": None}
    order = own.order("drums", flags=flags, settings_file=tmp_path / "my.toml")
    assert (order.preset, order.seed, order.budget) == ("debug", 5, "9steps")
    assert order.settings == {"learning_rate": 1e-3, "batch_size": 6}
    assert order.origins["learning_rate"] == "file my.toml"
    assert order.origins["batch_size"] == "flag"
    again = trained.order("other", flags={"budget": "3steps"}, like="hits")
    assert again.query == "all", "a past run gives its settings, not its sounds"
    with pytest.raises(UnknownName, match=r"no setting 'learning_rat'.*near: learning_rate"):
        own.order("drums", flags={"learning_rat": 1})
    with pytest.raises(UnknownName, match=r"no run or model 'none'"):
        own.order("drums", flags={}, like="none")


def test_a_model_begins_from_another_and_carries_its_papers(workspace: Workspace) -> None:
    workspace.train(TrainingOrder(name="base", query="class:kick,snare", budget="9steps", preset="debug"))
    flags = {"query": "class:clap,kick", "budget": "9steps", "base": "base", "learning_rate": 1e-3}
    report = workspace.train(workspace.order("own", flags=flags))
    base, card = workspace.models.card("base"), report.card
    assert card.classes == ("kick", "snare", "clap")
    assert card.base is not None
    assert card.base.digest == workspace.models.load("base").digest
    taught = {source.content_id for source in card.teachers}
    assert {source.content_id for source in base.sources} <= taught
    assert len(taught) > len(card.sources)
    assert card.config["width"] == base.config["width"]
    assert card.training is not None
    assert card.training.settings_from["learning_rate"] == "flag"
    assert card.training.settings_from["pull"].endswith("sounds on a base")
    assert card.training.settings["pull"] > 1  # type: ignore[operator]
    assert card.training.settings["rehearsal"] == 0.5
    assert card.training.settings["roam"] == card.config["roam"] == 1.2
    assert card.training.settings_from["roam"].endswith(" sounds"), "there are few of them"
    entries = json.loads((report.run / "settings.json").read_bytes())
    assert entries["learning_rate"] == {"value": 1e-3, "from": "flag"}
    assert workspace.runs.names() == ["base", "own"]
    like = workspace.order("third", flags={}, like="own")
    assert like.settings["learning_rate"] == 1e-3
    assert not like.base

    snare = next(source for source in base.sources if source.class_name == "snare")
    workspace.withdraw(snare.content_id, party="Kit maker")
    assert "own" in workspace.touched([snare.content_id]).models, "what taught the base taught the model"
    assert snare.content_id in workspace.standing("own")
    with pytest.raises(ConsentRefused, match=r"'base' learned from 1 sound"):
        workspace.train(TrainingOrder(name="fourth", preset="debug", budget="3steps", base="base"))


def test_on_a_base_few_sounds_are_all_learned_from_unless_some_shall_be_held_out(workspace: Workspace) -> None:
    workspace.train(TrainingOrder(name="hits", query="class:kick,snare", budget="2steps", preset="debug"))
    order = TrainingOrder(name="all-of-them", budget="2steps", base="hits", copy_report=False)
    notes: list[Event] = []
    whole = workspace.train(order, on_event=notes.append)
    assert whole.held_out == 0
    assert any(isinstance(note, Note) and "only with --held-out" in note.text for note in notes)
    for name, asked in (
        ("some", replace(order, held_out=0.3)),
        ("usual", replace(order, origins={"held_out": "flag"})),
    ):
        report = workspace.train(replace(asked, name=name))
        assert report.held_out > 0
        assert report.sounds + report.held_out == whole.sounds


def test_where_whole_kits_leave_too_few_nothing_is_held_out_and_that_is_said(workspace: Workspace) -> None:
    notes: list[Event] = []
    order = TrainingOrder(name="most", budget="2steps", preset="debug", held_out=0.7)
    report = workspace.train(order, on_event=notes.append)
    assert report.held_out == 0
    warnings = [note.text for note in notes if isinstance(note, Note) and note.level == "warning"]
    assert any(text.startswith("Nothing is held out: whole kits for a share of 0.7") for text in warnings)


def test_a_base_of_another_family_is_refused(trained: Workspace) -> None:
    with pytest.raises(HandshakeError, match=r"of the family band-flow, and mel-listener"):
        trained.train(TrainingOrder(name="x", family="mel-listener", preset="debug", base="hits"))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("rate_hz", -5, r"rate_hz cannot be -5 Hz.*from flag.*8000 to 192000 Hz"),
        ("rate_hz", 10**9, r"rate_hz cannot be 1000000000 Hz"),
        ("rate_hz", 0, r"rate_hz cannot be 0 Hz"),
        ("rate_hz", float("inf"), r"is no number"),
        ("held_out", 2, r"held_out cannot be 2\..*0 to 0\.5"),
        ("held_out", float("nan"), r"held_out cannot be nan"),
        ("seed", -1, r"seed cannot be -1\..*0 or more"),
        ("augment", "no", r"augment cannot be 'no'.*write true or false: --set augment=false"),
        ("copy_report", "off", r"copy_report cannot be 'off'.*true or false"),
        ("copy_report", 0, r"copy_report cannot be 0"),
    ],
)
def test_parts_of_an_order_have_stops_from_flags_and_files(tmp_path: Path, name: str, value: object, said: str) -> None:
    own = Workspace(tmp_path / "own")
    with pytest.raises(UsageError, match=said):
        own.order("drums", flags={name: value})
    (tmp_path / "my.json").write_text(json.dumps({name: value}))
    with pytest.raises(UsageError, match=r"my\.json"):
        own.order("drums", flags={}, settings_file=tmp_path / "my.json")


def test_parts_of_an_order_at_their_stops_are_taken(tmp_path: Path) -> None:
    own = Workspace(tmp_path / "own")
    for flags in (
        {"rate_hz": 8000, "held_out": 0, "seed": 0, "augment": False},
        {"rate_hz": 192000, "held_out": 0.5, "copy_report": False},
    ):
        order = own.order("drums", flags=flags)
        assert {key: getattr(order, key) for key in flags} == flags


def test_a_preset_beside_a_base_is_refused_only_where_it_was_asked_for_just_now(
    workspace: Workspace, tmp_path: Path
) -> None:
    workspace.train(TrainingOrder(name="hits", query="class:kick,snare", budget="2steps", preset="debug"))
    with pytest.raises(UsageError, match=r"preset 'studio' would do nothing on the base hits.*leave out --preset"):
        workspace.train(workspace.order("own", flags={"base": "hits", "preset": "studio"}))
    assert workspace.runs.names() == ["hits"], "nothing was begun"
    (tmp_path / "my.toml").write_text('preset = "debug"\nrank = 2\n')
    flags = {"base": "hits", "query": "class:kick", "budget": "2steps", "copy_report": False}
    order = workspace.order("own", flags=flags, settings_file=tmp_path / "my.toml")
    assert workspace.train(order).card.base is not None


def test_how_to_learn_on_a_base_is_refused_without_one_unless_it_came_from_elsewhere(
    workspace: Workspace, tmp_path: Path
) -> None:
    usual = {"query": "class:kick,snare", "budget": "1steps", "preset": "debug"}
    settings = {"adapt": "low-rank", "rank": 2, "pull": 3.0, "rehearsal": 0.5}
    for name, value in settings.items():
        with pytest.raises(UsageError, match=rf"Without a base this would do nothing: {name}\..*--base starter"):
            workspace.train(workspace.order("own", flags={**usual, name: value}))
    (tmp_path / "my.json").write_text(json.dumps(settings))
    assert workspace.train(workspace.order("own", flags=usual, settings_file=tmp_path / "my.json")).trained
    like = workspace.order("again", flags=usual, like="own")
    assert like.settings == settings
    assert workspace.train(like).trained


def test_few_sounds_on_a_base_get_a_copy_report(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(Effort.quick_one(), count=8, plants=4)
    monkeypatch.setattr(Effort, "quick_one", lambda: small)
    workspace.train(TrainingOrder(name="hits", query="class:kick,snare", budget="2steps", preset="debug"))
    flags = {"query": "class:clap,hat-closed,tom", "budget": "4steps", "base": "hits"}
    report = workspace.train(workspace.order("own", flags=flags))
    assert 8 <= report.sounds < 20
    assert report.card.memorisation is not None
    assert "Copies were not looked for" not in report.verdict
