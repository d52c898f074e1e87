"""Settings in layers, wishes while it runs, and loggers that are only fakes here."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

from tests.training.toy import toy, toy_examples
from woodshed.base.errors import KnobOutOfRange, TrainingFailed, UnknownName, UsageError
from woodshed.base.events import Event, Metric, Note, ignore
from woodshed.roles import FEW_SOUNDS
from woodshed.training import Budget, Run, Runs, RunSettings, TrainingPlan, read_control, train
from woodshed.training.loggers import logging_to
from woodshed.training.settings import Layer, checked_model, layered, parse_setting, read_settings, settings_from_base


def test_the_last_layer_wins_and_is_named() -> None:
    layers = [
        Layer("preset", {"width": 8, "rank": 2}),
        Layer("file my.toml", {"width": 16}),
        Layer("flag", {"rank": 4}),
    ]
    found = layered(layers, known=["width", "rank"])
    assert found.values == {"width": 16, "rank": 4}
    assert found.origins == {"width": "file my.toml", "rank": "flag"}


def test_few_sounds_on_a_base_are_rehearsed_and_many_are_watched() -> None:
    few, many = (settings_from_base(count, rehearses=True) for count in (FEW_SOUNDS - 1, FEW_SOUNDS))
    assert few["rehearsal"] == 0.5
    assert "patience" not in few
    assert "rehearsal" not in many
    assert many["patience"] == 3
    for settings in (few, many):
        assert RunSettings.model_validate(settings).learning_rate_factor < 1
    assert float(str(settings_from_base(20, rehearses=True)["pull"])) > float(str(few["pull"])), (
        "the fewer, the stronger"
    )


def test_unknown_settings_are_refused_with_near_matches() -> None:
    with pytest.raises(UnknownName, match=r"no setting 'acumulate'.*near: accumulate"):
        layered([Layer("flag", {"acumulate": 2})], known=RunSettings.model_fields)


def test_files_and_words(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text('learning_rate = 1e-3\nprecision = "bf16"\n')
    assert read_settings(tmp_path / "my.toml") == {"learning_rate": 1e-3, "precision": "bf16"}
    (tmp_path / "tables.toml").write_text("[a]\nb = 1\n")
    with pytest.raises(UsageError, match=r"more than names and values"):
        read_settings(tmp_path / "tables.toml")
    with pytest.raises(UsageError, match=r"cannot be read as settings"):
        read_settings(tmp_path / "none.toml")
    with pytest.raises(UsageError, match=r"no = between"):
        parse_setting("learning_rate")


def test_a_setting_that_cannot_be_is_named() -> None:
    with pytest.raises(KnobOutOfRange, match=r"accumulate cannot be 0"):
        checked_model(RunSettings, {"accumulate": 0})


def test_wishes_are_heeded_recorded_and_refused(tmp_path: Path) -> None:
    runs, run = Runs(tmp_path), Run(tmp_path / "drums")
    events: list[Event] = []

    def half_way(_model: object, step: int) -> None:
        if step < 40:
            runs.change("drums", {"learning_rate": 0.25, "preview_classes": "kick"})

    done = train(
        toy(), toy_examples, plan=TrainingPlan(Budget(steps=40)), run=run, on_preview=half_way, on_event=events.append
    )
    assert {(change.name, change.value) for change in done.changes} == {
        ("learning_rate", 0.25),
        ("preview_classes", "kick"),
    }
    assert any("learning_rate is 0.25" in event.text for event in events if isinstance(event, Note))
    assert len(run.state().changes) == 2
    with pytest.raises(UnknownName, match=r"no wish 'learning_rat'"):
        runs.change("drums", {"learning_rat": 1})
    with pytest.raises(KnobOutOfRange, match=r"learning_rate cannot be -1"):
        runs.change("drums", {"learning_rate": -1})
    with pytest.raises(UnknownName, match=r"no run 'bass'"):
        runs.state("bass")


def test_a_run_can_be_told_to_stop(tmp_path: Path) -> None:
    runs, run = Runs(tmp_path), Run(tmp_path / "drums")
    done = train(
        toy(),
        toy_examples,
        plan=TrainingPlan(Budget(steps=60)),
        run=run,
        on_preview=lambda _model, step: step < 60 and runs.change("drums", {"stop": True}) and None,
    )
    assert done.stopped_early
    assert done.steps < 60
    assert not read_control(run.folder).stop, "the wish was fulfilled"


def test_a_wish_edited_by_hand_into_nonsense_is_named(tmp_path: Path) -> None:
    (tmp_path / "control.json").write_text("{")
    with pytest.raises(TrainingFailed, match=r"control.json holds no wishes"):
        read_control(tmp_path)


@pytest.mark.parametrize("name", ["wandb", "trackio"])
def test_metrics_reach_a_logger(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    there = types.SimpleNamespace(
        log=lambda values, step=None: told.append((values, step)), finish=lambda: told.append("finished")
    )
    fake = types.ModuleType(name)
    fake.init = lambda project, name, config: told.append((project, name, config)) or there  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, name, fake)
    with logging_to(name, run="drums", settings={"rank": 8}, onward=ignore) as tell:
        tell(Metric(name="loss", value=0.5, step=3))
    assert told == [("woodshed", "drums", {"rank": 8}), ({"loss": 0.5}, 3), "finished"]


def test_metrics_reach_tensorboard(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []

    class Writer:
        def __init__(self, log_dir: str) -> None:
            told.append(log_dir)

        def add_text(self, name: str, text: str) -> None:
            told.append(name)

        def add_scalar(self, name: str, value: float, step: int) -> None:
            told.append((name, value, step))

        def close(self) -> None:
            told.append("closed")

    fake = types.ModuleType("torch.utils.tensorboard")
    fake.SummaryWriter = Writer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", fake)
    with logging_to("tensorboard", run="drums", settings={}, onward=ignore) as tell:
        tell(Metric(name="loss", value=0.5, step=3))
    assert told == ["runs/drums", "settings", ("loss", 0.5, 3), "closed"]


def test_a_logger_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with (
        pytest.raises(UsageError, match=r"pip install 'woodshed\[wandb\]'"),
        logging_to("wandb", run="drums", settings={}, onward=ignore),
    ):
        pass
    with (
        pytest.raises(UnknownName, match=r"no logger 'wandbb'.*near: wandb"),
        logging_to("wandbb", run="drums", settings={}, onward=ignore),
    ):
        pass
