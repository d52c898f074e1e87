"""`woodshed consent`: each command on a real workspace, as text and as JSON, with the exit codes of refusals."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.artifacts.test_outputs import receipt, sound
from woodshed.artifacts import InputSound, write_output
from woodshed.cli.app import app
from woodshed.sound import Sound, write_sound
from woodshed.workspace import Workspace

Run = Callable[..., str]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with three sounds of nobody."""
    folder = tmp_path_factory.mktemp("workspace")
    sounds = folder / "sounds"
    for number, name in enumerate(("kick_01", "kick_02", "snare_01")):
        noise = np.random.default_rng(number).normal(0, 0.1, (1, 4410)).astype(np.float32)
        write_sound(sounds / f"{name}.wav", Sound(noise, 44100))
    Workspace(folder / "own").library.add(sounds, jobs=1)
    return folder / "own"


@pytest.fixture
def workspace(template: Path, tmp_path: Path) -> Path:
    import shutil

    return shutil.copytree(template, tmp_path / "own")


@pytest.fixture
def run(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    def call(*words: str, code: int = 0, given: str | None = None) -> str:
        arguments = ["consent", *words, "--workspace", str(workspace)]
        monkeypatch.setattr(sys, "argv", ["woodshed", *arguments])
        result = CliRunner().invoke(app, arguments, input=given)
        assert result.exit_code == code, result.output
        return result.output

    return call


def as_json(run: Run, *words: str) -> Any:
    return json.loads(run(*words, "--json"))


def test_grant_explain_revoke(run: Run) -> None:
    assert "Anna allowed generative-training, ai-training" not in run("explain", "kick_01")
    told = run("grant", "class:kick", "--owner", "Anna", "--allow", "generative-training, ai-training")
    assert "Anna allowed ai-training, generative-training" in " ".join(told.split())
    (explained,) = as_json(run, "explain", "kick_01.wav")
    assert explained["decision"]["permission"] == "allowed"
    revoked = as_json(run, "revoke", "kick_01", "--owner", "Anna", "--reason", "new label")
    assert revoked["event"]["kind"] == "revoke"
    assert (revoked["touched"]["models"], revoked["touched"]["outputs"]) == ([], [])
    text = " ".join(run("explain", "kick_01.wav").split())
    assert "NOT ALLOWED: generative-training" in text
    assert "Anna withdrew generative-training" in text
    assert "It touches 0 models" in run("revoke", "kick_02", "--owner", "Anna", "--purpose", "ai-training")


def test_mine_allows_everything_and_show_counts(run: Run) -> None:
    run("grant", "all", "--mine")
    run("grant", "class:snare", "--owner", "Boris", "--licence", "cc by 4.0")
    shown = as_json(run, "show")
    assert shown["sounds"] == 3
    assert shown["purposes"]["resynthesise"] == {"allowed": 2, "constrained": 1}
    text = run("show")
    assert "generative-training" in text
    assert "Boris" in text
    assert shown["head"] in text


def test_deny_credit_and_conditions(run: Run) -> None:
    run("grant", "all", "--mine", "--deny", "sell-outputs")
    assert as_json(run, "show")["purposes"]["sell-outputs"] == {"not-allowed": 3}
    run("grant", "snare_01", "--mine", "--allow", "sell-outputs", "--credit", "Anna Berg", "--expires", "2030-12-31")
    (explained,) = as_json(run, "explain", "snare_01", "--purpose", "sell-outputs")
    assert explained["decision"]["credits"] == ["Anna Berg"]
    assert explained["events"][-1]["expires_at"].startswith("2031-01-01T00:00")
    run("grant", "snare_01", "--mine", "--allow", "sell-outputs", "--condition", "only in Norway")
    assert "only in Norway" in run("explain", "snare_01", "--purpose", "sell-outputs")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["grant", "all"], "Nobody speaks"),
        (["grant", "all", "--mine", "--owner", "Anna"], "Both --owner and --mine"),
        (["grant", "all", "--owner", "Anna"], "Nothing says what Anna allows"),
        (["grant", "all", "--mine", "--allow", "everything"], "There is no purpose"),
        (["grant", "all", "--mine", "--allow", "all", "--deny", "separate"], "both allowed and denied"),
        (["grant", "all", "--mine", "--expires", "tomorrow"], "is no date"),
        (["revoke", " ", "--mine"], "No sounds were chosen"),
        (["revoke", "no-such-sound", "--mine"], "There is no sound"),
        (["import", "no-such-file"], "There is no file"),
    ],
)
def test_slips_are_named_with_exit_code_2(run: Run, words: list[str], message: str) -> None:
    output = " ".join(run(*words, code=2).split())
    assert message in output
    assert "Way out:" in output


def test_of_many_outputs_ten_are_named(run: Run, workspace: Path, tmp_path: Path) -> None:
    own = Workspace(workspace)
    item = own.library.item("kick_01.wav")
    made = receipt().model_copy(update={"inputs": (InputSound(content_id=item.content_id, name="k.wav"),)})
    for number in range(13):
        own.bench.log.add(tmp_path / "sub" / ".." / f"made{number:02d}.wav", made)
    told = run("revoke", "kick_01", "--owner", "Anna")
    assert str(tmp_path.resolve() / "made09.wav") in told
    assert ".." not in told
    assert "made10.wav" not in told
    assert "and 3 more" in told
    assert len(as_json(run, "revoke", "kick_01", "--owner", "Anna")["touched"]["outputs"]) == 13


def test_an_output_is_told_from_a_sound_that_was_never_added(run: Run, tmp_path: Path) -> None:
    write_output(tmp_path / "made.wav", sound(), receipt())
    told = " ".join(run("explain", str(tmp_path / "made.wav"), code=2).split())
    assert "is an output of generate, not a sound of the library" in told
    assert "woodshed cite" in told
    write_sound(tmp_path / "kick_0.wav", sound())
    told = " ".join(run("explain", str(tmp_path / "kick_0.wav"), code=2).split())
    assert "near: kick_02.wav" in told or "use one of kick_01.wav, kick_02.wav" in told
    assert "cite" not in told


def test_verify_export_import(run: Run, tmp_path: Path, workspace: Path) -> None:
    run("grant", "all", "--mine")
    target = tmp_path / "ledger.jsonl"
    head = as_json(run, "export", str(target))["head"]
    run("revoke", "kick_01", "--mine")
    assert "The ledger is whole: 2 events about 3 sounds by 1 party." in run(
        "verify", "--against", str(target), "--head", head
    )
    assert as_json(run, "import", str(target))["added"] == 0
    refused = run("verify", "--head", "f" * 64, code=5)
    assert "recorded elsewhere is not in the consent ledger" in " ".join(refused.split())


def test_dispute_and_settle(run: Run, tmp_path: Path) -> None:
    run("grant", "all", "--mine")
    event = as_json(run, "dispute", "snare_01", "--owner", "Carl", "--reason", "my break")
    assert "Carl disputes" in run("explain", "snare_01")
    refused = run("dispute", "--settle", event["hash"][:12], "--mine", code=4)
    assert "without evidence" in " ".join(refused.split())
    letter = tmp_path / "letter.txt"
    letter.write_text("We agree.")
    run("dispute", "--settle", event["hash"][:12], "--mine", "--evidence", str(letter))
    assert "ALLOWED: generative-training" in run("explain", "snare_01")
    assert "1 document unchanged" in run("verify")


def test_opt_out_list_names_sounds_known_and_unknown(run: Run, tmp_path: Path, workspace: Path) -> None:
    run("grant", "all", "--mine")
    known = Workspace(workspace).library.item("kick_01.wav").content_id
    listed = tmp_path / "list.txt"
    listed.write_text(f"# from Dora\n{known.upper()}\n{'0' * 32} # not here yet\nprint:abc\n")
    event = as_json(run, "optout", "--list", str(listed), "--owner", "Dora")["event"]
    assert event["content_ids"] == ["0" * 32, known]
    assert event["fingerprints"] == ["abc"]
    assert "Dora opted out" in run("explain", "kick_01")
    assert "Dora opted out" in run("explain", "id:00000000")
    run("optout", "snare_01", "--owner", "Dora", "--reason", "no")
    assert as_json(run, "show")["purposes"]["ai-training"] == {"not-allowed": 2, "allowed": 1}


def test_a_sound_that_left_the_catalogue_can_still_be_withdrawn(run: Run, workspace: Path) -> None:
    run("grant", "all", "--mine")
    library = Workspace(workspace).library
    gone = library.item("kick_01.wav").content_id
    library.remove("path:*kick_01.wav")
    assert as_json(run, "revoke", gone[:12], "--mine")["event"]["content_ids"] == [gone]


def test_the_form_is_written_asked_and_filed(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "form.html"
    run("form", "class:kick", "--out", str(page), "--maker", "Anna Berg")
    assert "Anna Berg" in page.read_text()
    assert "kick_01.wav" in page.read_text()
    today = datetime.now(UTC).date().isoformat()
    answers = {"maker": "Anna Berg", "purposes": {"ai-training": "credit"}, "own_rights": True}
    saved = tmp_path / "consent-answers.json"
    saved.write_text(json.dumps(answers | {"signed_on": today, "signature": "on paper"}))
    filed = as_json(run, "form", "class:kick", "--file", str(saved), "--scan", str(page))
    assert len(filed["evidence"]) == 3
    assert "ALLOWED WITH CREDIT" in run("explain", "kick_01", "--purpose", "ai-training")
    replies = ["", "", "Studio", "Kit", *["yes"] * 10, "", "", "", "none", "yes", "Oslo", today, "Anna Berg"]
    run("form", "class:snare", "--ask", "--maker", "Anna Berg", given="\n".join(replies) + "\n")
    assert "ALLOWED: generative-training" in run("explain", "snare_01")
    incomplete = tmp_path / "incomplete.json"
    incomplete.write_text("{}")
    assert "The form is not complete" in run("form", "all", "--file", str(incomplete), code=2)
