"""Whole kits on disk: every file labelled, tagged, reproducible."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from woodshed.base.errors import UsageError
from woodshed.base.events import Event
from woodshed.kit import KIT_CLASSES, KitReport, make_kit
from woodshed.sound import probe_sound, read_sound, read_tags


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, KitReport, list[Event]]:
    folder = tmp_path_factory.mktemp("kit")
    events: list[Event] = []
    return folder, make_kit(folder, seed=3, count_per_class=2, loops=2, on_event=events.append), events


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_manifest_names_every_file_and_nothing_else(kit: tuple[Path, KitReport, list[Event]]) -> None:
    folder, report, events = kit
    rows = _rows(folder)
    assert {row["path"] for row in rows} == {path.relative_to(folder).as_posix() for path in folder.rglob("*.wav")}
    assert report.hits == 2 * len(KIT_CLASSES)
    assert len(rows) == report.hits + report.loops == len(events)
    assert {row["licence"] for row in rows} == {"CC0-1.0"}
    assert {row["train_ok"] for row in rows} == {"yes"}
    assert {row["class"] for row in rows if row["kind"] == "oneshot"} == set(KIT_CLASSES)
    assert {row["group"] for row in rows} == set(report.groups)


def test_files_are_24_bit_and_as_the_manifest_says(kit: tuple[Path, KitReport, list[Event]]) -> None:
    folder, _, _ = kit
    for row in _rows(folder):
        info = probe_sound(folder / row["path"])
        assert (info.encoding, info.container) == ("PCM_24", "WAV")
        assert str(info.sample_rate_hz) == row["sample_rate"]
        assert str(info.channels) == row["channels"]
        assert abs(info.frames / info.sample_rate_hz - float(row["duration_s"])) < 1e-3


def test_loops_say_their_tempo_and_notes_their_pitch(kit: tuple[Path, KitReport, list[Event]]) -> None:
    folder, _, _ = kit
    rows = _rows(folder)
    for row in rows:
        tags = read_tags(folder / row["path"])
        if row["kind"] == "loop":
            assert tags.tempo is not None
            assert tags.tempo.bpm == pytest.approx(float(row["bpm"]), abs=1e-3)
            assert tags.tempo.beats == 4 * int(row["bars"])
            assert tags.loops[0].stop_frame == probe_sound(folder / row["path"]).frames
            assert f"{row['bpm']}bpm" in row["path"]
        elif row["class"] in ("bass", "pluck", "pad"):
            assert tags.root_pitch_midi == float(row["pitch_midi"])
            assert f"_{row['pitch_name']}_" in row["path"]


def test_records_hold_the_truth_of_every_file(kit: tuple[Path, KitReport, list[Event]]) -> None:
    folder, _, _ = kit
    records = [json.loads(line) for line in (folder / "records.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [record["path"] for record in records] == [row["path"] for row in _rows(folder)]
    assert all(record.get("parameters") or record.get("strokes") for record in records)


def test_same_seed_same_files_whatever_the_threads(tmp_path: Path) -> None:
    for name, jobs in (("a", 1), ("b", 2)):
        make_kit(tmp_path / name, seed=8, count_per_class=1, loops=1, jobs=jobs)
    for path in (tmp_path / "a").rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_a_smaller_kit_leaves_nothing_of_the_larger_one(tmp_path: Path) -> None:
    make_kit(tmp_path, seed=8, count_per_class=1, loops=1)
    make_kit(tmp_path, seed=8, count_per_class=1, loops=0)
    assert len(list(tmp_path.rglob("*.wav"))) == len(KIT_CLASSES) == len(_rows(tmp_path))


def test_rate_is_as_asked(tmp_path: Path) -> None:
    make_kit(tmp_path, seed=1, count_per_class=0, loops=1, sample_rate_hz=48000)
    (row,) = _rows(tmp_path)
    assert read_sound(tmp_path / row["path"]).sample_rate_hz == 48000


def test_a_folder_of_recordings_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("path,class\nmine.wav,kick\n")
    with pytest.raises(UsageError, match="new, empty folder"):
        make_kit(tmp_path, seed=1)
    assert (tmp_path / "manifest.csv").read_text().endswith("mine.wav,kick\n")
    with pytest.raises(UsageError, match="--count"):
        make_kit(tmp_path / "none", seed=1, count_per_class=0, loops=0)
