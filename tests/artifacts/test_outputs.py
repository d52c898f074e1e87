"""Receipts: inside, beside, and what is cited from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.artifacts.test_model_file import card
from woodshed.artifacts import InputSound, Lender, Receipt, cite_receipt, read_receipt, write_output
from woodshed.artifacts.workbench import OutputLog
from woodshed.base.errors import UsageError
from woodshed.sound import Sound, read_sound, write_sound


def receipt() -> Receipt:
    return Receipt(
        task="generate",
        made_at="2026-01-01T00:00:00Z",
        model="drums",
        model_digest="d" * 32,
        family="toy",
        seed=7,
        knobs={"count": 1, "class": "kick"},
        inputs=(InputSound(content_id="b" * 32, name="voice “é”\n.wav"),),
        lenders=(Lender(content_id="c" * 32, name="lent.wav", owner="Bo", credit="Bo (CC-BY-3.0)"),),
        sources={"Ada": 3},
        credits=("Ada (CC-BY-4.0)",),
        references=("A paper (2020)",),
    )


def sound() -> Sound:
    return Sound(np.linspace(-0.5, 0.5, 3000, dtype=np.float32), 44100)


def test_receipt_is_inside_and_beside_and_names_the_sound(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    written = write_output(path, sound(), receipt())
    assert read_receipt(path) == written
    assert written.content_id == sound().content_id
    beside = path.with_name("a.wav.json")
    assert Receipt.model_validate_json(beside.read_text()) == written
    beside.unlink()
    assert read_receipt(path) == written
    assert np.abs(read_sound(path).data - sound().data).max() < 2**-22


def test_receipt_survives_in_the_file_beside_when_tags_are_lost(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    written = write_output(path, sound(), receipt())
    write_sound(path, sound())
    assert read_receipt(path) == written


def test_a_spoiled_file_beside_is_no_receipt_and_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    written = write_output(path, sound(), receipt())
    path.with_name("a.wav.json").write_bytes(b"\xff\xfe{")
    assert read_receipt(path) == written
    write_sound(path, sound())
    with pytest.raises(UsageError, match="carries no Woodshed receipt"):
        read_receipt(path)


def test_no_receipt_is_a_sentence(tmp_path: Path) -> None:
    write_sound(tmp_path / "b.wav", sound())
    with pytest.raises(UsageError, match=r"b.wav carries no Woodshed receipt"):
        read_receipt(tmp_path / "b.wav")


def test_citation_names_everyone() -> None:
    with_card = cite_receipt(receipt(), card()).text()
    for words in ("A paper (2020)", "Bo (CC-BY-3.0)", "k.wav (Ada)", "(owner unknown)", "lent.wav (Bo)"):
        assert words in with_card
    assert "3 sounds (Ada)" in cite_receipt(receipt(), None).text()


def test_log_passes_over_a_torn_line(tmp_path: Path) -> None:
    log = OutputLog(tmp_path / "outputs.jsonl")
    log.add(tmp_path / "a.wav", receipt())
    with log.path.open("a") as file:
        file.write('{"path": "/half')
    entries = list(log)
    assert [entry.model for entry in entries] == ["drums"]
    assert entries[0].content_ids == {"b" * 32, "c" * 32}
    log.add(tmp_path / "b.wav", receipt())
    assert [Path(entry.path).name for entry in log] == ["a.wav", "b.wav"], "the torn line takes no other with it"
