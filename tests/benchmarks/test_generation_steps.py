"""The curve of quality against steps runs from end to end on a small made kit; its figures mean nothing here."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks._generation_stages import Order, Stage
from benchmarks._generation_steps import steps_checks

from woodshed.kit import make_kit


@pytest.mark.slow
def test_steps_before_and_after(tmp_path: Path) -> None:
    make_kit(tmp_path / "corpus", seed=3, count_per_class=14, loops=0, jobs=1)
    order = Order(preset="debug", steps=4, count=32, least=8, held_out=0.3)
    stage = Stage(tmp_path / "corpus", order, folder=tmp_path / "cache")
    checks, [table] = steps_checks(stage, budget="4steps", steps=(1,), pairs=16)
    assert [check.target for check in checks] == ["<= 1", "<= 1"]
    assert [row[:2] for row in table.rows] == [
        ["teacher", "1"],
        ["teacher", "2"],
        ["teacher", "4"],
        ["distilled", "1"],
        ["distilled", "4"],
    ]
    again, _ = steps_checks(stage, budget="4steps", steps=(1,), pairs=16)
    assert [check.value for check in again] == [check.value for check in checks]
