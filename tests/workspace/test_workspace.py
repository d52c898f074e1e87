"""The whole path in a workspace: training, making, papers, withdrawal."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.workspace import stopper
from woodshed.artifacts import Receipt
from woodshed.base.errors import (
    ConsentRefused,
    HandshakeError,
    KnobOutOfRange,
    RateMismatch,
    TrainingFailed,
    UnknownName,
    UsageError,
)
from woodshed.base.events import Event, Note
from woodshed.dsp import first_onset_s
from woodshed.library import Permission, Purpose
from woodshed.sound import Sound, read_sound, write_sound
from woodshed.workspace import TrainingOrder, Workspace

DEBUG = {"budget": "12steps", "preset": "debug"}


def test_card_says_who_taught_the_model(trained: Workspace) -> None:
    card = trained.models.card("hits")
    assert card.classes == ("clap", "kick", "snare")
    assert len(card.sources) + len(card.held_out) == 12
    assert card.owners == ("Kit maker",) or "Kit maker" in card.owners[0]
    assert card.merkle_root
    assert card.ledger_head
    assert card.training is not None
    assert card.training.steps == 20
    groups = {source.group for source in card.sources}
    items = {item.content_id: item for item in trained.library.items("")}
    assert not groups & {items[content_id].group for content_id in card.held_out}
    assert trained.standing("hits") == {}


def test_a_folder_may_be_given_as_text_as_the_pages_show_it(trained: Workspace, tmp_path: Path) -> None:
    [made] = trained.generate("hits", folder=str(tmp_path / "made"), count=1, steps=2)
    assert made.path.parent == tmp_path / "made"


def test_generated_files_are_ready_for_a_sampler(trained: Workspace, tmp_path: Path) -> None:
    made = trained.generate("hits", folder=tmp_path, count=6, seed=5, **{"class": "each"})
    assert [one.receipt.class_name for one in made] == ["clap", "kick", "snare"] * 2
    for one in made:
        sound = read_sound(one.path)
        assert sound.sample_rate_hz == 44100
        assert sound.peak <= 10 ** (-1 / 20) + 1e-4
        assert abs(float(sound.data.mean())) < 1e-3
        assert first_onset_s(sound.data, 44100) <= 0.001
        assert Receipt.model_validate_json(one.path.with_name(one.path.name + ".json").read_text()) == one.receipt
        assert trained.receipt(one.path) == one.receipt
    again = trained.generate("hits", folder=tmp_path / "again", count=1, seed=9, **{"class": "snare"})
    assert np.array_equal(again[0].sound.data, made[2].sound.data), "with each, the snares of seed 5 have 9 and 10"


def test_borrowing_can_be_forbidden_and_is_named(trained: Workspace, tmp_path: Path) -> None:
    own = trained.generate("hits", folder=tmp_path / "own", count=3, borrow="own", **{"class": "kick"})
    any_ = trained.generate("hits", folder=tmp_path / "any", count=3, borrow="any", **{"class": "kick"})
    none = trained.generate("hits", folder=tmp_path / "none", count=3, **{"class": "kick"})
    assert any(one.receipt.lenders for one in own)
    assert any(one.receipt.lenders for one in any_)
    assert not any(one.receipt.lenders for one in none)
    lender = next(one.receipt.lenders[0] for one in own if one.receipt.lenders)
    assert "Kit maker" in lender.owner
    assert lender.name.endswith(".wav")
    cited = trained.cite(next(one.path for one in own if one.receipt.lenders)).text()
    assert lender.name in cited
    assert "Lipman" in cited


def test_vary_at_zero_is_the_sound_and_names_a_stranger(trained: Workspace, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    source = Sound((rng.standard_normal((2, 9000)) * np.exp(-np.arange(9000) / 2000) * 0.2).astype(np.float32), 44100)
    path = write_sound(tmp_path / "mine.wav", source)
    heard = read_sound(path)
    card = trained.models.card("hits")
    if card.channels == 1:
        heard = heard.mono()
        path = write_sound(tmp_path / "mono.wav", heard)
        heard = read_sound(path)
    [same] = trained.vary("hits", path, folder=tmp_path / "v", amount=0.0)
    assert np.abs(read_sound(same.path).data - heard.data).max() < 1e-3 * heard.peak
    assert same.receipt.inputs[0].owner == "owner unknown"
    two = trained.vary("hits", path, folder=tmp_path / "w", amount=0.3, count=2)
    assert two[0].sound.content_id != two[1].sound.content_id
    assert "(owner unknown)" in trained.cite(two[0].path).text()


def test_blend_in_steps(trained: Workspace, tmp_path: Path) -> None:
    kick, snare = (trained.library.items(f"class:{name}")[0] for name in ("kick", "snare"))
    made = trained.blend("hits", kick.content_id, snare.content_id, folder=tmp_path, steps_between=3)
    assert [one.receipt.knobs["position"] for one in made] == [0.0, 0.5, 1.0]
    assert [part.name for part in made[1].receipt.inputs] == [Path(kick.path).name, Path(snare.path).name]


def test_mistakes_are_named(trained: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"no class 'kik'.*near: kick"):
        trained.generate("hits", folder=tmp_path, **{"class": "kik"})
    with pytest.raises(UnknownName, match=r"no model 'hit'.*near: hits"):
        trained.generate("hit", folder=tmp_path)
    with pytest.raises(KnobOutOfRange, match="amount is 2"):
        trained.vary("hits", trained.library.items("")[0].path, folder=tmp_path, amount=2.0)
    slow = write_sound(tmp_path / "slow.wav", Sound(np.sin(np.arange(4000) * 0.1).astype(np.float32), 22050))
    with pytest.raises(RateMismatch, match="22050 Hz where 44100 Hz"):
        trained.vary("hits", slow, folder=tmp_path)
    with pytest.raises(UnknownName, match="no sound file or library sound"):
        trained.vary("hits", tmp_path / "none.wav", folder=tmp_path)


def test_unknown_family_or_preset_is_found_before_any_work(workspace: Workspace) -> None:
    with pytest.raises(UnknownName, match=r"no family 'band-flo'.*near: band-flow"):
        workspace.train(TrainingOrder(name="x", family="band-flo"))
    with pytest.raises(UnknownName, match="no preset of band-flow 'lap'"):
        workspace.train(TrainingOrder(name="x", preset="lap"))
    with pytest.raises(UnknownName, match="no class 'theremin'"):
        workspace.train(TrainingOrder(name="x", query="class:theremin", **DEBUG))
    with pytest.raises(TrainingFailed, match=r"can be learned from.*the query matches nothing"):
        workspace.train(TrainingOrder(name="x", query="path:*nothing*", **DEBUG))


def test_withdrawn_sounds_stop_the_model_until_it_is_trained_anew(workspace: Workspace, tmp_path: Path) -> None:
    order = TrainingOrder(name="hits", query="class:kick,snare", **DEBUG)
    workspace.train(order)
    made = workspace.generate("hits", folder=tmp_path / "made", count=1)
    taught = {source.content_id: source.name for source in workspace.models.card("hits").sources}
    content_id, name = next(iter(taught.items()))
    owners = workspace.library.ledger.decide([content_id], Purpose.GENERATIVE_TRAINING)[content_id].owners
    path = workspace.models.path("hits")
    path.rename(path.with_name("other.safetensors"))
    renamed = workspace.touched([content_id])
    assert (renamed.models, renamed.outputs) == (("other",), (str(made[0].path.absolute()),))
    path.with_name("other.safetensors").rename(path)
    touched = workspace.withdraw(content_id, party=owners[0], reason="changed my mind")
    assert touched.models == ("hits",)
    assert touched.outputs == (str(made[0].path.absolute()),)
    with pytest.raises(ConsentRefused, match=rf"learned from 1 sound.*{name}.*train it anew"):
        workspace.generate("hits", folder=tmp_path / "more", count=1)
    assert not (tmp_path / "more").exists()
    workspace.train(order)
    assert content_id not in {source.content_id for source in workspace.models.card("hits").sources}
    assert workspace.touched([content_id]).outputs == touched.outputs, "the model before this one is not forgotten"
    workspace.models.remove("hits")
    other = next(other for other in taught if other != content_id)
    assert workspace.touched([other]).outputs == touched.outputs
    workspace.train(order)
    assert workspace.generate("hits", folder=tmp_path / "more", count=1)


def test_training_without_a_grant_is_refused_by_construction(tmp_path: Path, kit_folder: Path) -> None:
    workspace = Workspace(tmp_path / "w")
    lone = tmp_path / "lone"
    lone.mkdir()
    for path in sorted(kit_folder.rglob("*.wav"))[:4]:
        (lone / path.name).write_bytes(path.read_bytes())
    workspace.library.add(lone)
    with pytest.raises((TrainingFailed, ConsentRefused), match=r"not allowed|nobody|grant"):
        workspace.train(TrainingOrder(name="x", **DEBUG))


def test_resume_goes_on_with_what_it_began(workspace: Workspace) -> None:
    order = TrainingOrder(name="r", query="class:kick,snare", budget="6steps", preset="debug")
    workspace.train(order, on_event=stopper(workspace, "r"))
    report = workspace.train(TrainingOrder(name="r"), resume=True)
    assert report.card.training is not None
    assert report.card.training.query == "class:kick,snare"
    assert report.card.training.resumed
    state = json.loads((report.run / "state.json").read_text())
    assert state["status"] == "done"


def test_show_tells_facts_descriptors_and_receipt(trained: Workspace, tmp_path: Path) -> None:
    [one] = trained.generate("hits", folder=tmp_path, count=1, **{"class": "kick"})
    shown = trained.show(one.path, picture=tmp_path / "p.png")
    assert shown.facts["rate_hz"] == 44100
    assert shown.receipt == one.receipt
    assert {measured.name for measured in shown.descriptors} >= {"duration_s", "loudness_lufs"}
    assert (tmp_path / "p.png").read_bytes()[1:4] == b"PNG"


def test_outputs_are_never_replaced_by_other_sounds(trained: Workspace, tmp_path: Path) -> None:
    asked = {"folder": tmp_path, "count": 1, "seed": 3}
    [first] = trained.generate("hits", **asked, **{"class": "kick"})
    [again] = trained.generate("hits", **asked, **{"class": "kick"})
    assert again.path == first.path, "the same sound made again takes its place"
    [quiet] = trained.generate("hits", **asked, level=-40.0, **{"class": "kick"})
    assert quiet.path.name == f"{first.path.stem}-2.wav"
    assert trained.receipt(first.path) == again.receipt


def test_a_sound_whose_owner_does_not_allow_it_is_not_varied(workspace: Workspace, tmp_path: Path) -> None:
    workspace.train(TrainingOrder(name="hits", query="class:kick,snare", **DEBUG))
    clap = workspace.library.items("class:clap")[0]
    workspace.library.ledger.revoke(party="Kit maker", content_ids=[clap.content_id])
    for verb in (
        workspace.vary,
        lambda *a, **k: workspace.blend(*a, workspace.library.items("class:kick")[0].path, **k),
    ):
        with pytest.raises(ConsentRefused, match="may not be given to a model"):
            verb("hits", clap.path, folder=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_another_rate_is_brought_there_when_asked(trained: Workspace, tmp_path: Path) -> None:
    slow = write_sound(tmp_path / "slow.wav", Sound(np.sin(np.arange(4000) * 0.1).astype(np.float32) * 0.5, 22050))
    [made] = trained.vary("hits", slow, folder=tmp_path / "v", amount=0.0, resample=True)
    assert made.sound.sample_rate_hz == 44100
    assert made.receipt.knobs["resample"] is True


def test_borrowing_from_nobody_is_told(trained: Workspace, workspace: Workspace, tmp_path: Path) -> None:
    def told(made_in: Workspace, model: str, **knobs: str) -> list[str]:
        said: list[Event] = []
        made_in.generate(model, folder=tmp_path, count=1, on_event=said.append, **{"class": "kick"}, **knobs)
        return [one.text for one in said if isinstance(one, Note) and "borrow" in one.text]

    assert told(trained, "hits", borrow="own") == []
    bare = Workspace(tmp_path / "bare")
    model = str(trained.models.path("hits"))
    assert told(bare, model) == []
    nobody = "is in this library and may lend, so nothing is borrowed"
    assert told(bare, model, borrow="own") == [f"--borrow own: no sound that taught hits {nobody}"]
    assert told(bare, model, borrow="any") == [f"--borrow any: no sound of kind:oneshot {nobody}"]
    workspace.train(TrainingOrder(name="waves", query="class:kick,snare", family="wave-unet", **DEBUG))
    assert told(workspace, "waves", borrow="any") == ["--borrow any does nothing: wave-unet models never borrow"]


def test_a_listener_does_not_generate(workspace: Workspace, tmp_path: Path) -> None:
    workspace.train(TrainingOrder(name="ears", query="class:kick,snare", family="mel-listener", **DEBUG))
    with pytest.raises(HandshakeError, match="ears cannot generate sounds"):
        workspace.generate("ears", folder=tmp_path)


def test_a_second_owner_who_has_not_allowed_it_stops_the_model(workspace: Workspace, tmp_path: Path) -> None:
    workspace.train(TrainingOrder(name="hits", query="class:kick,snare", **DEBUG))
    source = workspace.models.card("hits").sources[0]
    workspace.library.ledger.grant(
        party="Another owner", content_ids=[source.content_id], permissions={Purpose.FINGERPRINT: Permission.ALLOWED}
    )
    assert workspace.standing("hits").keys() == {source.content_id}
    with pytest.raises(ConsentRefused, match="Another owner has rights in this sound and has not allowed"):
        workspace.generate("hits", folder=tmp_path / "more", count=1)


def test_cite_does_not_take_another_training_of_that_name_for_the_teacher(workspace: Workspace, tmp_path: Path) -> None:
    workspace.train(TrainingOrder(name="hits", query="class:kick,snare", **DEBUG))
    [one] = workspace.generate("hits", folder=tmp_path, count=1, borrow="none")
    assert "taught the model: Kick" in workspace.cite(one.path).text()
    workspace.train(TrainingOrder(name="hits", query="class:clap", **DEBUG))
    told = workspace.cite(one.path).text()
    assert "Clap" not in told
    assert f"taught the model: {sum(one.receipt.sources.values())} sounds" in told


def test_evaluation_stays_in_the_workspace_whatever_the_card_calls_the_model(
    trained: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from woodshed.workspace import workspace as module

    folders: list[Path] = []

    def noted(*_args: object, folder: Path, **_named: object) -> None:
        folders.append(folder)
        raise InterruptedError

    loaded = trained.models.load("hits")
    renamed = replace(loaded, card=loaded.card.model_copy(update={"name": "../../elsewhere"}))
    monkeypatch.setattr(trained.models, "load", lambda _name: renamed)
    monkeypatch.setattr(module, "evaluate_model", noted)
    with pytest.raises(InterruptedError):
        trained.evaluate("hits")
    assert folders == [trained.folder / "evaluations" / "hits"]


def test_resume_refuses_sounds_that_were_relabelled(workspace: Workspace) -> None:
    workspace.train(
        TrainingOrder(name="r", query="class:kick,snare,cowbell", **DEBUG), on_event=stopper(workspace, "r")
    )
    source = next(source for source in workspace.models.card("r").sources if source.class_name == "kick")
    workspace.library.relabel(source.content_id, class_name="cowbell")
    with pytest.raises(TrainingFailed, match="The run cannot go on"):
        workspace.train(TrainingOrder(name="r"), resume=True)


def test_a_class_called_like_a_path_leads_nowhere(workspace: Workspace) -> None:
    for item in workspace.library.items("class:kick"):
        workspace.library.relabel(item, class_name="../../../kick/deep")
    report = workspace.train(TrainingOrder(name="odd", query="kick", **DEBUG))
    previews = sorted(path.relative_to(report.run).as_posix() for path in report.run.parent.parent.rglob("step*.wav"))
    assert previews == [f"previews/step0000{step}__.._.._kick_deep.wav" for step in ("04", "12")]


def test_a_damaged_order_of_a_run_is_a_sentence(workspace: Workspace) -> None:
    report = workspace.train(TrainingOrder(name="r", query="class:kick", **DEBUG), on_event=stopper(workspace, "r"))
    (report.run / "order.json").write_text("")
    with pytest.raises(UsageError, match="no earlier run of 'r'"):
        workspace.train(TrainingOrder(name="r"), resume=True)


def test_a_copying_report_goes_to_folder_and_card(trained: Workspace, tmp_path: Path) -> None:
    report, page = trained.memorisation("hits", folder=tmp_path / "report", quick=True, count=8, steps=1)
    assert report.state == "cannot tell"  # twelve sounds are too few for a null
    assert page.is_file()
    assert (tmp_path / "report" / "report.json").is_file()
    memorised = trained.models.card("hits").memorisation
    assert memorised is not None
    assert memorised["state"] == "cannot tell"
