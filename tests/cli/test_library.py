"""The commands of `woodshed library`, over a workspace that holds only a library."""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.library.sounds import fill
from woodshed.cli.library import app
from woodshed.library import Library


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of sounds; the workspace is beside it."""

    class Workspace:
        def __init__(self, place: Path) -> None:
            self.library = Library(place)

    stub = types.ModuleType("woodshed.workspace")
    stub.Workspace = Workspace  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "woodshed.workspace", stub)
    monkeypatch.setenv("WOODSHED_WORKSPACE", str(tmp_path / "workspace"))
    return fill(tmp_path / "pack", ["Kit/Kick 1.wav", "Kit/Snare 1.wav", "new\nline [bold]clap.wav"])


def run(*words: object, code: int = 0) -> Result:
    """Run a command and check its exit code."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


def as_json(*words: object, code: int = 0) -> dict[str, object]:
    """The JSON a command prints."""
    return json.loads(run(*words, "--json", code=code).stdout)


def test_the_way_of_a_folder(folder: Path) -> None:
    report = as_json("add", folder, "--mine")
    assert (report["added"], report["consented"], report["skipped"]) == (3, 3, [])
    listed = json.loads(run("ls", "class:kick,clap", "--json").stdout)
    assert sorted(item["class_name"] for item in listed) == ["clap", "kick"]
    shown = as_json("show", "Kick 1.wav")
    assert (shown["group"], shown["uses"]["generative-training"]) == ("pack/Kit", "allowed")  # type: ignore[index]
    assert "fingerprint" in as_json("show", "Kick 1.wav", "--fingerprint")
    assert as_json("relabel", "Kick 1.wav", "--class", "tom")["class_name"] == "tom"
    groups = json.loads(run("groups", "--json").stdout)
    assert groups[0]["name"] == "pack/Kit"
    assert as_json("verify")["whole"] is True
    (folder / "Kit").rename(folder / "Kit 2")
    assert len(as_json("verify", code=10)["missing"]) == 2  # type: ignore[arg-type]
    assert len(as_json("relocate", folder / "Kit", folder / "Kit 2")["moved"]) == 2  # type: ignore[arg-type]
    assert len(as_json("rm", "class:tom", "--yes")["removed"]) == 1  # type: ignore[arg-type]


def test_what_a_person_sees(folder: Path) -> None:
    (folder / "notes.txt").write_text("x")
    shown = run("add", folder, "--owner", "Ada", "--licence", "CC0-1.0").output
    assert "skipped: not a sound file (.txt)" in shown
    assert "3 sounds were spoken for; 0 have no owner yet." in shown
    listed = run("ls").output
    assert "Snare" in listed
    assert "new\\nline" in listed.replace("\n", "")
    assert "generative-training" in run("show", "Kick 1.wav").output
    assert "class clap" in run("relabel", "Kick 1.wav", "--class", "clap").output
    assert "their files stay" in run("rm", "Kick 1.wav", "--yes").output
    assert "near pairs" in run("groups").output
    assert "whole" in run("verify").output


def test_a_flat_folder_is_told_of_and_kits_are_named_later(folder: Path) -> None:
    flat = fill(folder.parent / "flat", [f"hit {number}.wav" for number in range(12)], first_seed=40)
    shown = " ".join(run("add", flat, "--mine").output.split())
    assert "12 of 12 sounds name no kit" in shown
    assert "Put every kit into a folder of its own" in shown
    (flat / "Tin Kit").mkdir()
    for sound in sorted(flat.glob("*.wav"))[:6]:
        sound.rename(flat / "Tin Kit" / sound.name)
    again = as_json("add", flat)
    assert (again["loose"], again["relabelled"], len(again["renamed"])) == (6, 6, 6)  # type: ignore[arg-type]
    assert json.loads(run("groups", "--json").stdout)[0]["kits"] == ["flat/Tin Kit"]


def test_sounds_without_a_class_are_told_of_and_named_by_their_folder_later(folder: Path) -> None:
    packs = fill(folder.parent / "packs", [f"Kit {n}/dusty {n}.wav" for n in range(4)], first_seed=80)
    shown = " ".join(run("add", packs, "--mine").output.split())
    assert "4 of 4 one-shots have no class, for example dusty 0.wav" in shown
    for number in range(3):
        kicks = packs / f"Kit {number}" / "Kicks"
        kicks.mkdir()
        (packs / f"Kit {number}" / f"dusty {number}.wav").rename(kicks / f"dusty {number}.wav")
    again = as_json("add", packs)
    assert (again["unclassed"], again["relabelled"], len(again["renamed"])) == (1, 3, 3)  # type: ignore[arg-type]
    assert len(json.loads(run("ls", "class:kick", "--json").stdout)) == 3


def test_a_manifest_speaks_before_the_folder_of_another_copy(folder: Path) -> None:
    packs = fill(folder.parent / "copies", ["Kit/dusty.wav"], first_seed=85)
    assert as_json("add", packs, "--mine")["unclassed"] == 1
    (packs / "Kicks").mkdir()
    (packs / "Kicks" / "dusty.wav").write_bytes((packs / "Kit" / "dusty.wav").read_bytes())
    (packs / "manifest.csv").write_text("path,class\nKit/dusty.wav,conga\n")
    assert as_json("add", packs)["relabelled"] == 1
    assert as_json("show", str(packs / "Kit" / "dusty.wav"))["class_name"] == "conga"
    assert as_json("add", packs)["relabelled"] == 0


def test_files_that_give_no_sound_are_named(folder: Path) -> None:
    bad = fill(folder.parent / "bad", ["Kick fine.wav"], first_seed=90)
    for number in range(9):
        (bad / f"torn {number}.wav").write_bytes(b"RIFF....WAVE")
        (bad / f".hidden {number}").write_bytes(b"")
    shown = run("add", bad, "--mine").output
    assert "torn 0.wav: " in shown
    assert "... and 1 more; --json names every one" in shown


def test_kits_in_folders_are_no_matter(folder: Path) -> None:
    kits = fill(folder.parent / "kits", [f"Kit {n % 3}/hit {n}.wav" for n in range(12)], first_seed=60)
    assert "name no kit" not in run("add", kits, "--mine").output


def test_an_empty_folder_is_said_to_be_empty(folder: Path) -> None:
    (folder / "nothing").mkdir()
    assert "No files lie there" in run("add", folder / "nothing", "--mine").output


def test_rm_asks(folder: Path) -> None:
    run("add", folder, "--mine")
    assert CliRunner().invoke(app, ["rm", "all"], input="n\n").exit_code == 1
    assert len(json.loads(run("ls", "--json").stdout)) == 3
