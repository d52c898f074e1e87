"""The trainer: budgets, exact resume, Ctrl-C, refusals, and a kill at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import torch

from tests.conftest import ROOT
from tests.training.toy import toy, toy_examples
from woodshed.base.errors import TrainingFailed, UsageError
from woodshed.base.events import Event, Metric, Note
from woodshed.training import Budget, Run, RunState, TrainingPlan, parse_budget, train


def plan(steps: int = 40, seed: int = 0) -> TrainingPlan:
    return TrainingPlan(Budget(steps=steps), seed=seed)


def test_it_learns_and_tells_so(tmp_path: Path) -> None:
    events: list[Event] = []
    done = train(
        toy(), toy_examples, plan=plan(300), run=Run(tmp_path), held_out=lambda: toy_examples(4), on_event=events.append
    )
    assert done.steps == 300
    assert not done.stopped_early
    assert done.loss_last < 0.5 * done.loss_first
    assert done.loss_held_out is not None
    assert "The loss fell by" in done.verdict
    assert {e.name for e in events if isinstance(e, Metric)} == {"loss", "loss_held_out"}
    assert Run(tmp_path).state().status == "done"
    assert len(Run(tmp_path).metrics("loss")) == 100


def test_minutes_become_a_recorded_number_of_steps_that_repeats_exactly(tmp_path: Path) -> None:
    events: list[Event] = []
    budget = TrainingPlan(Budget(seconds=0.5))
    timed = train(toy(), toy_examples, plan=budget, run=Run(tmp_path / "a"), on_event=events.append)
    assert any("Repeat exactly with --budget" in e.text for e in events if isinstance(e, Note))
    again = train(toy(), toy_examples, plan=plan(timed.planned_steps), run=Run(tmp_path / "b"))
    assert torch.equal(timed.model.state_dict()["level"], again.model.state_dict()["level"])


def test_processor_time_becomes_steps_and_is_never_overspent(tmp_path: Path) -> None:
    train(toy(), toy_examples, plan=plan(2), run=Run(tmp_path / "first"))  # the first of a process loads libraries too
    events: list[Event] = []
    began = time.process_time()
    budget, run = TrainingPlan(Budget(cpu_seconds=4.0)), Run(tmp_path / "timed")
    done = train(toy(), toy_examples, plan=budget, run=run, on_event=events.append)
    assert done.steps > 10
    assert 0 < done.cpu_seconds <= 4.0
    assert done.cpu_seconds <= time.process_time() - began
    assert run.state().cpu_seconds == done.cpu_seconds
    assert run.state().status == "done", "what ends as planned was not stopped"
    assert not done.stopped_early
    assert any("of processor time here" in e.text for e in events if isinstance(e, Note))


def test_cancelled_run_resumes_to_the_same_weights(tmp_path: Path) -> None:
    whole = train(toy(), toy_examples, plan=plan(), run=Run(tmp_path / "whole"), data_key="d")
    run = Run(tmp_path / "parts")
    first = train(toy(), toy_examples, plan=plan(), run=run, data_key="d", on_preview=lambda m, s: run.cancel())
    assert first.stopped_early
    assert "usable" in first.verdict
    second = train(toy(), toy_examples, plan=plan(), run=run, data_key="d", resume=True)
    assert torch.equal(whole.model.state_dict()["level"], second.model.state_dict()["level"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_kill_keep_a_usable_model_and_a_checkpoint(tmp_path: Path, number: signal.Signals) -> None:
    pressed: list[int] = []
    before = signal.getsignal(number)
    told: list[Event] = []

    def interrupt(_model: object, step: int) -> None:
        if not pressed:
            pressed.append(step)
            os.kill(os.getpid(), number)

    done = train(
        toy(), toy_examples, plan=plan(), run=Run(tmp_path), data_key="d", on_preview=interrupt, on_event=told.append
    )
    assert done.stopped_early
    assert torch.isfinite(done.model.state_dict()["level"]).all()
    assert signal.getsignal(number) is before
    assert any("a checkpoint is kept" in event.text for event in told if isinstance(event, Note))
    assert not train(toy(), toy_examples, plan=plan(), run=Run(tmp_path), data_key="d", resume=True).stopped_early


def test_a_run_that_is_under_way_is_left_alone(tmp_path: Path) -> None:
    run = Run(tmp_path / "drums")
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        (run.folder / "state.json").write_text(RunState(status="training", step=7, pid=other.pid).model_dump_json())
        with pytest.raises(TrainingFailed, match=r"'drums' is under way already .*step 7.*another name"):
            run.require_free()
    finally:
        other.kill()
        other.wait()
    run.require_free()  # a run whose process is gone may be taken up


def test_other_sounds_or_seed_cannot_be_resumed(tmp_path: Path) -> None:
    run = Run(tmp_path)
    train(toy(), toy_examples, plan=plan(10), run=run, data_key="one")
    for key, seed in (("two", 0), ("one", 1)):
        with pytest.raises(TrainingFailed, match=r"sounds, seed or family are not those"):
            train(toy(), toy_examples, plan=plan(10, seed), run=run, data_key=key, resume=True)
    with pytest.raises(TrainingFailed, match=r"no checkpoint.*without --resume"):
        train(toy(), toy_examples, plan=plan(10), run=Run(tmp_path / "none"), data_key="one", resume=True)


def test_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    run = Run(tmp_path)
    train(toy(), toy_examples, plan=plan(10), run=run, data_key="d")
    checkpoint = tmp_path / "checkpoint.safetensors"
    checkpoint.write_bytes(checkpoint.read_bytes()[:40])
    with pytest.raises(TrainingFailed, match=r"no checkpoint that can be resumed"):
        train(toy(), toy_examples, plan=plan(10), run=run, data_key="d", resume=True)


def test_a_run_that_another_version_began_is_named(tmp_path: Path) -> None:
    run = Run(tmp_path)
    train(toy(), toy_examples, plan=plan(10), run=run, data_key="d")
    newer = toy()
    newer.register_buffer("names", torch.zeros(3))
    with pytest.raises(TrainingFailed, match=r"1 tensors .*another version.*without --resume"):
        train(newer, toy_examples, plan=plan(20), run=run, data_key="d", resume=True)


def test_nothing_to_train_on(tmp_path: Path) -> None:
    def one_then_none() -> list:
        return []

    model = toy()
    model.fit = lambda examples, *, seed: None  # type: ignore[method-assign]
    with pytest.raises(TrainingFailed, match=r"no sound to train on.*consent explain"):
        train(model, one_then_none, plan=plan(), run=Run(tmp_path))


def test_a_loss_that_is_no_number_stops_the_run(tmp_path: Path) -> None:
    model = toy()
    with torch.no_grad():
        model.level.fill_(float("nan"))
    with pytest.raises(TrainingFailed, match=r"no longer a number at step 0"):
        train(model, toy_examples, plan=plan(), run=Run(tmp_path))
    assert Run(tmp_path).state().status == "failed"
    assert "no longer a number" in Run(tmp_path).state().text


def test_an_old_wish_to_stop_is_not_meant_for_a_new_run(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.cancel()
    assert train(toy(), toy_examples, plan=plan(12), run=run).steps == 12


@pytest.mark.slow
def test_killed_run_resumes_to_the_same_weights(tmp_path: Path) -> None:
    script = textwrap.dedent(
        f"""
        import os, sys, signal
        from pathlib import Path
        import woodshed.training.trainer as trainer
        from tests.training.toy import toy, toy_examples
        from woodshed.training import Budget, Run, TrainingPlan, train
        trainer.CHECKPOINT_SECONDS = 0.0
        calls = 0
        save = trainer.save_checkpoint
        def save_then_die(*args, **kwargs):
            global calls
            save(*args, **kwargs)
            calls += 1
            if calls == 17:
                os.kill(os.getpid(), signal.SIGKILL)
        trainer.save_checkpoint = save_then_die
        train(toy(), toy_examples, plan=TrainingPlan(Budget(steps=40)), run=Run(Path({str(tmp_path)!r})), data_key="d")
        """
    )
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    killed = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert not list(tmp_path.glob(".woodshed-*"))
    resumed = train(toy(), toy_examples, plan=plan(), run=Run(tmp_path), data_key="d", resume=True)
    whole = train(toy(), toy_examples, plan=plan(), run=Run(tmp_path / "whole"), data_key="d")
    assert torch.equal(whole.model.state_dict()["level"], resumed.model.state_dict()["level"])


@pytest.mark.parametrize("text", ["", "3", "fast", "-3m", "0m", "1.5steps", "3 days", "10-cpu", "9steps-cpu"])
def test_budgets_that_cannot_be_read(text: str) -> None:
    with pytest.raises(UsageError, match=r"cannot be read.*3m"):
        parse_budget(text)
