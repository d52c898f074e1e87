"""The report of a benchmark: JSON alone on stdout, the exit code, and nothing that names the machine."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks._report import Check, at_least, at_most, machine_facts

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import os
from benchmarks._report import Check, at_least, progress, run_benchmark

def checks(data, full):
    print("noise on stdout")
    os.system("echo noise of a child")
    progress("working")
    return [at_least("speed", {value}, 3.0), Check("count", 2, "= 2", holds=True)]

run_benchmark("made-up", checks)
"""


def run(value, *words, folder):
    return subprocess.run(
        [sys.executable, "-c", SCRIPT.format(value=value), "--data", str(folder), *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_json_stands_alone(tmp_path):
    done = run(4.5, "--json", folder=tmp_path)
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert report["checks"][0] == {"name": "speed", "value": 4.5, "target": ">= 3", "holds": True}
    assert "noise of a child" in done.stderr
    assert "2 of 2 checks hold" in done.stderr
    assert str(tmp_path) not in done.stdout
    assert report["machine"]["cores"] >= 1


@pytest.mark.parametrize("value", [2.0, "float('nan')"])
def test_a_check_that_fails_is_an_exit_code(value, tmp_path):
    done = run(value, "--json", folder=tmp_path)
    assert done.returncode == 1
    assert json.loads(done.stdout)["checks"][0]["holds"] is False


def test_without_json_stdout_is_empty(tmp_path):
    assert run(4, folder=tmp_path).stdout == ""


def test_missing_folder_is_a_wrong_call(tmp_path):
    done = run(4, folder=tmp_path / "none")
    assert done.returncode == 2
    assert "no such folder" in done.stderr


def test_bounds():
    assert at_least("a", 3, 3).holds
    assert not at_most("a", float("nan"), 3).holds
    assert at_most("a", float("inf"), 3).as_json()["value"] is None
    assert Check("a", "word", "any", holds=True).as_json()["value"] == "word"


def test_the_machine_is_not_named():
    assert socket.gethostname() not in json.dumps(machine_facts())
