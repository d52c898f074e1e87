"""The maker of starters runs from end to end on made sounds, takes only what says yes, and goes on where it stood."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from benchmarks._starter_papers import machine_words, public_card, refuse_machine_words, require_small
from benchmarks.make_starters import STARTERS, Starter, main

from woodshed.artifacts import load_model, read_card
from woodshed.kit import make_kit

CREDIT = "Lena Example (CC-BY-4.0)"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Made hits as a corpus: one lent by name, one whose line says no."""
    data = tmp_path / "data"
    make_kit(data, seed=5, count_per_class=1, loops=1, jobs=1)
    with (data / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    hits = [row for row in rows if row["kind"] == "oneshot"]
    hits[0] |= {"licence": "CC-BY-4.0", "author": "Lena Example"}
    hits[1] |= {"train_ok": "no (share-alike)"}
    with (data / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return data


def test_from_a_corpus_to_files_that_ship(tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STARTERS, "starter", Starter("starter", "band-flow", "oneshot", hits_per_class=1))
    words = ["--data", str(corpus), "--out", str(tmp_path / "out"), "--work", str(tmp_path / "work")]
    words += ["--only", "starter", "--preset", "debug", "--budget", "4steps"]
    assert main(words) == 0
    path = tmp_path / "out" / "starter.safetensors"
    card = read_card(path)
    assert card.licence == "Apache-2.0"
    assert card.credits == (CREDIT,)
    assert len(card.sources) == 13 + 14, "all hits of the corpus but one, and the kit; no loop"
    assert card.held_out == ()
    assert machine_words(card.model_dump_json()) == []
    told = (tmp_path / "out" / "CREDITS.md").read_text(encoding="utf-8")
    assert f"| Lena Example | 1 | {CREDIT} |" in told
    digest = load_model(path).digest
    path.unlink()
    assert main(words) == 0
    assert load_model(path).digest == digest, "a second call finds the trained model"


def test_a_card_that_names_the_machine_is_refused(tmp_path: Path, corpus: Path) -> None:
    words = ["--data", str(corpus), "--out", str(tmp_path), "--only", "strater"]
    with pytest.raises(SystemExit):
        main(words)
    (tmp_path / "large.safetensors").write_bytes(b"")
    with (tmp_path / "large.safetensors").open("r+b") as file:
        file.truncate(40_000_001)
    with pytest.raises(SystemExit, match="at most 40 MB"):
        require_small(tmp_path)
    from tests.artifacts.test_model_file import card

    assert public_card(card()).licence
    with pytest.raises(SystemExit, match="names this machine"):
        refuse_machine_words(card(name="of /Users/ada/sounds"))
