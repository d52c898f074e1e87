"""The real sounds, all of them: nothing is lost, rights are heeded, groups hold, names agree with labels."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from woodshed.library import Library, Purpose
from woodshed.library.names import guess_class

# what the labels call by a wider or narrower name than the files do
_ALSO = {("perc", "cajon"), ("fx", "synth"), ("rim", "snare"), ("snare", "rim"), ("perc", "bass"), ("perc", "fx")}


@pytest.mark.real
@pytest.mark.slow
def test_the_whole_corpus(library: Library, real_data: Path) -> None:
    with (real_data / "manifest.csv").open(encoding="utf-8") as table:
        rows = {row["path"]: row for row in csv.DictReader(table)}
    audio = {path: row for path, row in rows.items() if not path.endswith(".mid")}
    report = library.add(real_data)
    assert len(report.added) + len(report.copies) == len(audio)
    assert {entry.reason for entry in report.skipped} == {"not a sound file"}
    again = library.add(real_data)
    assert (again.unchanged, again.decoded, again.relabelled, again.consented) == (len(audio), 0, 0, 0)
    items = library.items()
    by_path = {str(Path(path).relative_to(real_data)): item for item in items for path in item.paths}
    assert all(by_path[path].sample_rate_hz == int(row["sample_rate"]) for path, row in audio.items())
    assert all(by_path[path].channels == int(row["channels"]) for path, row in audio.items())
    assert sum(by_path[path].class_name != row["class"] for path, row in audio.items()) <= len(report.copies)
    made = library.training_set("all", purpose=Purpose.GENERATIVE_TRAINING)
    refused = {row["group"] for row in audio.values() if row["train_ok"].startswith("no")}
    assert not {item.kit for item in made.items} & refused
    assert len(made) + len(made.refused) == len(items)
    split = library.split(library.items("kind:oneshot"), held_out=0.2, seed=1)
    assert not {item.kit for item in split.train} & {item.kit for item in split.held_out}
    assert 0.1 < len(split.held_out) / (len(split.train) + len(split.held_out)) < 0.3


@pytest.mark.real
def test_names_agree_with_the_labels(real_data: Path) -> None:
    """From the file name and its folder alone, without the manifest."""
    with (real_data / "manifest.csv").open(encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["kind"] == "oneshot"]
    said = [(row["class"], guess_class(row["path"].split("/")[-2:])) for row in rows]
    named = [(label, guess.class_name) for label, guess in said if guess is not None]
    right = sum(label == guess or (label, guess) in _ALSO for label, guess in named)
    assert len(named) / len(rows) > 0.93
    assert right / len(named) > 0.94
