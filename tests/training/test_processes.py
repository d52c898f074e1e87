"""Two processes train one model, through Accelerate."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.conftest import ROOT
from woodshed.training import Run


@pytest.mark.slow
def test_two_processes_agree(tmp_path: Path) -> None:
    script = tmp_path / "two.py"
    script.write_text(
        textwrap.dedent(
            f"""
            from pathlib import Path
            from tests.training.toy import toy, toy_examples
            from woodshed.training import Budget, Run, TrainingPlan, train
            run = Run(Path({str(tmp_path)!r}) / "run")
            done = train(toy(), toy_examples, plan=TrainingPlan(Budget(seconds=3.0)), run=run, held_out=toy_examples)
            print("level", float(done.model.state_dict()["level"]), done.steps, flush=True)
            """
        )
    )
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "OMP_NUM_THREADS": "1"}
    env["ACCELERATE_USE_CPU"] = "true"
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", str(script)]
    done = subprocess.run(launch, env=env, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    told = sorted(line.split("level ")[1] for line in done.stdout.splitlines() if "level " in line)
    assert len(told) == 2
    assert told[0] == told[1], "both processes end with the same weights after the same steps"
    assert Run(tmp_path / "run").state().status == "done"
