"""The command line as a person meets it: help, errors with exit codes, JSON, the path from kit to citation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from woodshed.artifacts import read_receipt
from woodshed.base.errors import UsageError
from woodshed.base.events import Note
from woodshed.cli.app import Terminated, app
from woodshed.cli.render import progress, say, show_error, show_table
from woodshed.cli.table import COMMANDS
from woodshed.roles import FAMILIES
from woodshed.sound import read_sound, write_sound
from woodshed.workspace import Workspace

RUN = CliRunner()


def run(*words: object, code: int = 0) -> str:
    result = RUN.invoke(app, [str(word) for word in words])
    assert result.exit_code == code, f"{result.output}\n{result.exception!r}"
    return result.output


def run_json(*words: object) -> object:
    result = RUN.invoke(app, [*(str(word) for word in words), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_help_lists_every_command() -> None:
    text = run("--help")
    for name in COMMANDS:
        assert name in text


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_help(name: str) -> None:
    assert len(run(name, "--help")) > 200


def test_unknown_command_names_the_nearest() -> None:
    assert "Did you mean generate" in run("generat", code=2)


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt, 130), (Terminated, 143)])
def test_ctrl_c_and_kill_have_their_exit_codes(
    error: type[BaseException], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise error

    monkeypatch.setattr("woodshed.workspace.Workspace", stopped)
    assert "Nothing half-written" in run("models", "ls", code=code)


def test_a_kill_before_the_first_model_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = ("--workspace", tmp_path / "w")
    run("kit", "make", tmp_path / "kit", "--seed", 1, "--count", 1, "--loops", 0)
    run("library", "add", tmp_path / "kit", "--mine", *at)

    def killed(*_: object, **__: object) -> None:
        raise Terminated

    monkeypatch.setattr("woodshed.tasks.train.train", killed)
    order = ("train", "hits", "--preset", "debug", "--budget", "10steps", *at)
    assert "there is no checkpoint yet" in " ".join(run(*order, code=143).split())
    (tmp_path / "w" / "runs" / "hits" / "checkpoint.safetensors").write_bytes(b"")
    monkeypatch.setattr("woodshed.tasks.train.begin", lambda *_: None)
    assert "Go on: woodshed train hits --resume" in " ".join(run(*order, "--anew", code=143).split())


def test_what_training_cannot_be_told_is_refused_as_a_flag_and_with_set(tmp_path: Path) -> None:
    at = ("--workspace", tmp_path)
    assert "8000" in run("train", "hits", "--rate", 7, *at, code=2)
    assert "seed cannot be -1" in run("train", "hits", "--set", "seed=-1", *at, code=2)
    assert "augment cannot be 'no'" in run("train", "hits", "--set", "augment=no", *at, code=2)
    assert "do nothing: rank" in " ".join(run("train", "hits", "--rank", 2, *at, code=2).split())


def test_version() -> None:
    assert run("--version").startswith("woodshed 0.")


def test_doctor_finds_the_formats(tmp_path: Path) -> None:
    findings = run_json("doctor", "--workspace", tmp_path)
    assert isinstance(findings, list)
    states = {finding["what"]: finding["state"] for finding in findings}
    assert states["Audio: FLAC"] == "good"
    assert states["Disk"] in ("good", "bad")
    assert all(finding["way_out"] for finding in findings if finding["state"] == "bad")


def test_from_kit_to_citation(tmp_path: Path) -> None:
    at = ("--workspace", tmp_path / "w")
    run("kit", "make", tmp_path / "kit", "--seed", 1, "--count", 4, "--loops", 0)
    added = run_json("library", "add", tmp_path / "kit", "--owner", "Kit", "--licence", "CC0-1.0", *at)
    assert isinstance(added, dict)
    assert added["added"] == 56
    report = run_json("train", "hits", "--from", "class:kick,snare", "--preset", "debug", "--budget", "10steps", *at)
    assert isinstance(report, dict)
    assert "Trained for 10 steps" in report["verdict"]
    made = run_json("generate", "hits", "--class", "kick", "--count", 2, "--seed", 4, "--out", tmp_path / "made", *at)
    assert isinstance(made, list)
    path = Path(made[0]["path"])
    assert path.name == "hits_kick_001_seed4.wav"
    facts = run_json("show", path, *at)
    assert isinstance(facts, dict)
    assert facts["receipt"]["seed"] == 4
    assert "Kit" in run("cite", path, *at)
    varied = run_json("vary", "hits", path, "--amount", 0.5, "--count", 2, "--out", tmp_path / "v", *at)
    assert isinstance(varied, list)
    assert len(varied) == 2
    loud = read_sound(path)
    write_sound(tmp_path / "loud.wav", loud.scaled(1.5 / loud.peak), encoding="FLOAT")
    told = " ".join(run("vary", "hits", tmp_path / "loud.wav", "--amount", 0, "--out", tmp_path / "f", *at).split())
    assert "Over full scale (peak 1.500), so kept as 32-bit float" in told
    assert "full scale" not in run("vary", "hits", path, "--amount", 0, "--out", tmp_path / "f", *at)
    blended = run_json("blend", "hits", path, made[1]["path"], "--steps-between", 3, "--out", tmp_path / "b", *at)
    assert isinstance(blended, list)
    assert len(blended) == 3
    listed = run_json("models", "ls", *at)
    assert isinstance(listed, list)
    assert listed[0]["name"] == "hits"
    assert json.loads(run("models", "card", "hits", *at))["family"] == "band-flow"
    models, copying = Workspace(tmp_path / "w").models, {"verdict": "Cannot tell: few.", "most_copied": []}
    models.attach_report(models.load("hits"), copying, field="memorisation")
    shown = run("models", "show", "hits", *at)
    assert "Cannot tell: few." in shown
    assert "most_copied" not in shown, "of the copying report only the finding is shown"
    run("models", "rm", "hits", *at)
    left = run_json("models", "ls", *at)
    assert isinstance(left, list)
    assert [one for one in left if one["state"] != "shipped"] == []


def test_help_shows_the_words_an_option_knows() -> None:
    shown = " ".join(RUN.invoke(app, ["generate", "--help"]).output.replace("│", " ").split())
    assert "any sound that may lend (none, own, any)" in shown
    assert "or keep it (refuse, keep)" in shown
    shown = " ".join(RUN.invoke(app, ["train", "--help"]).output.replace("│", " ").split())
    for usual in ("all", "band-flow", "laptop", "3m", "0", "0.15", "on", "full", "8"):
        assert f"[default: ({usual})]" in shown
    for family in FAMILIES:
        assert family in shown


def test_what_lies_in_a_receipt_is_shown_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(["receipt", "value"], [["take_of", {"name": "kick", "owner": None, "shares": [0.25, 1]}]])
    assert "name: kick, owner: -, shares: 0.25, 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("generate", "nothing"), 2, "There is no model 'nothing'"),
        (("generate", "nothing", "--count", "0"), 2, "count is 0"),
        (("train", "a b"), 2, "cannot be called 'a b'"),
        (("train", "x", "--budget", "soon"), 2, "The budget 'soon' cannot be read"),
        (("train", "x", "--resume"), 2, "no earlier run of 'x'"),
        (("show", "nowhere.wav"), 3, "nowhere.wav"),
        (("vary", "starter", "nowhere.wav"), 2, "Likely cause: a typing slip, or it was moved"),
        (("vary", "starter", "."), 2, "a folder was given where one sound is wanted"),
        (("models", "show", "nothing"), 2, "There is no model 'nothing'"),
    ],
)
def test_errors_have_an_exit_code_and_a_way_out(tmp_path: Path, words: tuple[str, ...], code: int, text: str) -> None:
    result = RUN.invoke(app, [*words, "--workspace", str(tmp_path)])
    assert result.exit_code == code, result.output
    flat = " ".join(result.output.split())
    assert text in flat
    assert "Way out:" in flat or "Try" in flat


def test_error_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["generate", "nothing", "--workspace", str(tmp_path), "--json"]
    monkeypatch.setattr("sys.argv", ["woodshed", *words])
    result = RUN.invoke(app, words)
    assert result.exit_code == 2
    parts = json.loads(result.stdout)
    assert parts["error"]["kind"] == "UnknownName"
    assert parts["error"]["way_out"]


def test_demo_without_a_word_on_ownership_explains_and_stops(tmp_path: Path) -> None:
    (tmp_path / "sounds").mkdir()
    result = RUN.invoke(app, ["demo", "--sounds", str(tmp_path / "sounds"), "--out", str(tmp_path / "demo")])
    assert result.exit_code == 4
    assert "MINE=1" in result.output
    assert not (tmp_path / "demo" / "kit").exists()


def test_nothing_a_file_says_reaches_the_terminal_as_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    say("Sounds\n  given: \x1b]0;owned\x07kick\x1b[2J (Ada)")
    show_error(UsageError("bad \x1b[31m name", cause="\x9b1m", way_out="none"), json_mode=False)
    with progress(False) as on_event:
        on_event(Note(text="kick\x1b[2J is left out"))
    told = capsys.readouterr()
    assert not {"\x1b", "\x9b", "\x07"} & set(told.out + told.err)
    assert told.out.startswith("Sounds\n  given: ")


def test_with_json_warnings_go_to_standard_error_and_nothing_else_does(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(True) as on_event:
        on_event(Note(text="all is well"))
        on_event(Note(level="warning", text="pitch 40 Hz is not met\x1b[2J"))
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("pitch 40 Hz is not met")
    assert "\x1b" not in told.err


def test_the_list_names_the_sounds_of_which_some_are_further_takes(tmp_path: Path) -> None:
    told = run(
        *("generate", "starter", "--class", "snare", "--count", 6),
        *("--out", tmp_path / "made", "--workspace", tmp_path / "w"),
    )
    takes = [receipt.take_of for receipt in map(read_receipt, (tmp_path / "made").glob("*.wav")) if receipt.take_of]
    assert 1 <= len(takes) < 6, "the starter makes mostly what is new"
    assert "further take of" in told
    assert all(take.name in told for take in takes)


def test_editing_from_the_command_line(tmp_path: Path) -> None:
    at = ("--workspace", tmp_path / "w")
    run("kit", "make", tmp_path / "kit", "--seed", 1, "--count", 1, "--loops", 0)
    run("library", "add", tmp_path / "kit", "--owner", "Kit", "--licence", "CC0-1.0", *at)
    for name in ("one", "two"):
        run("train", name, "--from", "class:kick,snare", "--preset", "debug", "--budget", "2steps", *at)
    sounds = sorted((tmp_path / "kit").rglob("*.wav"))[:3]
    for words, count in (
        (("blend", "one", *sounds, "--weights", "1:2:1"), 1),
        (("morph", "one", *sounds, "--rows", 2, "--columns", 2), 4),
        (("inpaint", "one", sounds[0], "--regions", "0.01:0.03", "--count", 2), 2),
        (("extend", "one", sounds[0], "--longer", 0.1), 1),
        (("combine", "one", *sounds, "--weights", "1:-1:1"), 1),
    ):
        made = run_json(*words, "--out", tmp_path / "out", *at)
        assert isinstance(made, list)
        assert len(made) == count
        assert all(one["receipt"]["task"] == words[0] for one in made)
    card = run_json("models", "blend", "one", "two", "--weight", 0.3, "--name", "both", *at)
    assert isinstance(card, dict)
    assert [ancestor["name"] for ancestor in card["ancestors"]] == ["one", "two"]
