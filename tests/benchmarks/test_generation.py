"""The benchmark of the generator runs on any corpus, here a small made kit and a model that hardly learned."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks._generation_quick import reference_rows, yardstick_of
from benchmarks._generation_sides import kept_side, table_text
from benchmarks._generation_stages import Order, Stage, save_sounds, sounds_from
from benchmarks.generation import PARTS, findings

from woodshed.kit import make_kit

ORDER = Order(preset="debug", steps=4, count=32, least=8, listener_steps=4, plants=4, held_out=0.3)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    make_kit(folder, seed=3, count_per_class=14, loops=0)
    return folder


@pytest.fixture(scope="module")
def stage(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(corpus, ORDER, folder=tmp_path_factory.mktemp("cache"))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_part_reports_and_none_breaks_off(stage: Stage) -> None:
    found = findings(stage.data, full=False, parts=PARTS, stage=stage)
    names = " ".join(check.name for check in found.checks)
    for part in ("fidelity", "passing", "new", "copied", "controlled", "speed", "threads", "own", "loops", "peers"):
        assert f"{part}:" in names or f"{part} " in names, part
    assert all(len(row) == len(table.columns) for table in found.tables for row in table.rows)
    again = findings(stage.data, full=False, parts=("passing",), stage=stage)
    assert [check.value for check in again.checks] == [c.value for c in found.checks if c.name.startswith("passing")]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_quick_row_reads_its_real_side_back(stage: Stage, tmp_path: Path) -> None:
    made = stage.made()
    save_sounds(tmp_path / "made.npz", made)
    back = sounds_from(tmp_path / "made.npz", rate_hz=1)
    assert back.class_names == made.class_names
    assert back.sounds[3].data.shape == made.sounds[3].data.shape
    first = yardstick_of(stage.training, stage.held_out, cache=tmp_path)
    second = yardstick_of(stage.training, stage.held_out, cache=tmp_path)
    assert (first.training.table == second.training.table).all()
    row = first.figures("made", kept_side(made, tmp_path, name="made"), sounds=made, judges=False, statistics=0)
    assert "made" in table_text([row])
    assert len(reference_rows(first, stage.training, stage.asked[:16], cache=tmp_path)) >= 5
