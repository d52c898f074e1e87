"""`woodshed runs`: listed, shown, told what to do."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from woodshed.cli.runs import app
from woodshed.training import Run, RunState, read_control


def test_a_run_is_shown_in_dates_and_words(tmp_path: Path) -> None:
    run = Run(tmp_path / "runs" / "drums")
    run.save(RunState(status="done", started_at=1.8e9))
    (run.folder / "events.jsonl").write_text('{"kind": "metric", "name": "loss", "value": 0.5641, "step": 108}')
    words = ["show", "drums", "--workspace", str(tmp_path)]
    shown = CliRunner().invoke(app, words).stdout
    assert "2027-01-1" in shown
    assert "0.564 at step 108" in shown
    assert "1.8e+09" not in shown
    assert json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)["losses"]["loss"] == [[108, 0.5641]]


def test_a_run_is_listed_shown_and_told_what_to_do(tmp_path: Path) -> None:
    run = Run(tmp_path / "runs" / "drums")
    run.save(RunState(status="done", step=7, total_steps=9, text="Trained for 7 steps."))
    (run.folder / "settings.json").write_text('{"rank": {"value": 4, "from": "flag"}}')
    words = ["--workspace", str(tmp_path)]
    listed = CliRunner().invoke(app, ["ls", *words])
    assert listed.exit_code == 0
    assert "Trained for 7 steps." in listed.stdout
    shown = json.loads(CliRunner().invoke(app, ["show", "drums", "--json", *words]).stdout)
    assert shown["settings"]["rank"] == {"value": 4, "from": "flag"}
    wishes = ["learning_rate=0.5", "preview_classes=kick,snare"]
    assert CliRunner().invoke(app, ["set", "drums", *wishes, *words]).exit_code == 0
    assert CliRunner().invoke(app, ["stop", "drums", *words]).exit_code == 0
    control = read_control(run.folder)
    assert (control.learning_rate, control.preview_classes, control.stop) == (0.5, "kick,snare", True)
