"""The two ways to new sounds that need no model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from woodshed.base.errors import KnobOutOfRange, RateMismatch, UnknownName, UsageError
from woodshed.base.events import Event, Note
from woodshed.library import Purpose
from woodshed.sound import Sound, read_sound, write_sound
from woodshed.workspace import Workspace

VERBS = ("mix", "cross")


@pytest.fixture
def bare(tmp_path: Path) -> Workspace:
    """A workspace whose library is empty."""
    return Workspace(tmp_path / "bare")


def two_files(folder: Path, *, rates: tuple[int, int] = (44100, 44100)) -> list[Path]:
    paths = [folder / "Ada kick.wav", folder / "bo.wav"]
    for path, rate, hz in zip(paths, rates, (60.0, 700.0), strict=True):
        time = np.arange(rate // 4) / rate
        write_sound(path, Sound(np.sin(2 * np.pi * hz * time) * np.exp(-15 * time), rate))
    return paths


@pytest.mark.parametrize("verb", VERBS)
def test_two_files_are_enough(bare: Workspace, tmp_path: Path, verb: str) -> None:
    files = two_files(tmp_path)
    [made] = bare.make(verb, None, *files, folder=tmp_path / "made")
    assert made.path.name == f"Ada kick_bo_{verb}_001.wav"
    assert [part.name for part in made.receipt.inputs] == ["Ada kick.wav", "bo.wav"]
    assert not made.receipt.has_model
    assert made.receipt.lenders == ()
    assert "given: bo.wav" in bare.cite(made.path).text()


@pytest.mark.parametrize("verb", VERBS)
def test_a_level_of_what_is_not_finished_is_refused(bare: Workspace, tmp_path: Path, verb: str) -> None:
    files = two_files(tmp_path)
    with pytest.raises(UsageError, match="leave out --no-finish"):
        bare.make(verb, None, *files, folder=tmp_path / "made", finish=False, level=-20.0)
    assert not (tmp_path / "made").exists()
    [made] = bare.make(verb, None, *files, folder=tmp_path / "made", finish=False)
    assert made.receipt.finishing == {}


@pytest.mark.parametrize("verb", VERBS)
def test_library_sounds_of_one_class_are_paired_and_both_owners_named(
    workspace: Workspace,
    tmp_path: Path,
    verb: str,
) -> None:
    made = workspace.make(verb, None, folder=tmp_path, count=8, **{"class": "kick"})
    pairs = [tuple(part.content_id for part in one.receipt.lenders) for one in made]
    kicks = {item.content_id for item in workspace.library.items("class:kick")}
    assert all(len(set(pair)) == 2 and set(pair) <= kicks for pair in pairs)
    assert len(set(pairs)) == 8, "no ordered pair twice before all were taken"
    assert len({one.sound.content_id for one in made}) == 8
    assert all("Kit maker" in part.owner for one in made for part in one.receipt.lenders)
    assert all(one.receipt.class_name == "kick" for one in made)
    touched = workspace.touched([pairs[3][0]])
    assert str(made[3].path) in touched.outputs


@pytest.mark.parametrize("verb", VERBS)
def test_a_seed_alone_makes_the_same_sound_again(workspace: Workspace, tmp_path: Path, verb: str) -> None:
    many = workspace.make(verb, None, folder=tmp_path / "a", count=3, seed=5)
    [again] = workspace.make(verb, None, folder=tmp_path / "b", seed=7)
    assert again.sound.content_id == many[2].sound.content_id


def test_each_takes_the_classes_in_turn(workspace: Workspace, tmp_path: Path) -> None:
    made = workspace.make("mix", None, folder=tmp_path, count=3, **{"class": "each", "query": "class:snare,kick,tom"})
    assert [one.receipt.class_name for one in made] == ["kick", "snare", "tom"]


def test_several_classes_are_taken_in_turn_in_the_order_asked(workspace: Workspace, tmp_path: Path) -> None:
    made = workspace.make("mix", None, folder=tmp_path, count=3, **{"class": "tom,kick"})
    assert [one.receipt.class_name for one in made] == ["tom", "kick", "tom"]
    with pytest.raises(UnknownName, match="'snar'"):
        workspace.make("mix", None, folder=tmp_path, **{"class": "kick,snar"})
    with pytest.raises(UsageError, match=r"of class 'tom'.*leave out 'tom'"):
        workspace.make("mix", None, folder=tmp_path, sounds=8, **{"class": "tom,kick"})


@pytest.mark.parametrize("word", ["tom,kick", "each"])
def test_one_of_several_classes_is_made_again_from_its_receipt(workspace: Workspace, tmp_path: Path, word: str) -> None:
    made = workspace.make("cross", None, folder=tmp_path / "a", count=3, seed=4, **{"class": word})
    for one in made:
        [again] = workspace.make("cross", None, folder=tmp_path / "b", **one.receipt.knobs)
        assert again.sound.content_id == one.sound.content_id


def test_one_file_takes_company_out_of_the_library(workspace: Workspace, tmp_path: Path) -> None:
    mine = two_files(tmp_path)[0]
    made = workspace.make("cross", None, mine, folder=tmp_path, count=2, **{"class": "snare"})
    assert [len(one.receipt.lenders) for one in made] == [1, 1]
    assert made[0].receipt.lenders != made[1].receipt.lenders
    assert made[0].receipt.inputs[0].name == mine.name


def test_withdrawn_sounds_are_never_taken(workspace: Workspace, tmp_path: Path) -> None:
    kicks = workspace.library.items("class:kick")
    workspace.withdraw("class:kick", party="Kit maker", purposes=[Purpose.RESYNTHESISE])
    with pytest.raises(UnknownName):
        workspace.make("mix", None, folder=tmp_path, **{"class": "kick"})
    assert kicks


def test_more_than_two_and_their_weights(workspace: Workspace, tmp_path: Path) -> None:
    [made] = workspace.make("mix", None, folder=tmp_path, sounds=3, weights="2,1,1", **{"class": "snare"})
    assert len(made.receipt.lenders) == 3
    assert made.receipt.knobs["weights"] == "2,1,1"
    for wrong in ("2,1", "a,b,c", "1,1,-1"):
        with pytest.raises(KnobOutOfRange, match="3 sounds go together"):
            workspace.make("mix", None, folder=tmp_path, sounds=3, weights=wrong, **{"class": "snare"})


@pytest.mark.parametrize("verb", VERBS)
def test_other_rates_are_refused_unless_resampling_is_asked_for(bare: Workspace, tmp_path: Path, verb: str) -> None:
    files = two_files(tmp_path, rates=(44100, 48000))
    with pytest.raises(RateMismatch):
        bare.make(verb, None, *files, folder=tmp_path)
    [made] = bare.make(verb, None, *files, folder=tmp_path, resample=True)
    assert read_sound(made.path).sample_rate_hz == 44100


@pytest.mark.parametrize("verb", VERBS)
def test_surround_is_mixed_down_and_that_is_said(bare: Workspace, tmp_path: Path, verb: str) -> None:
    files = two_files(tmp_path)
    write_sound(tmp_path / "wide.wav", Sound(np.repeat(read_sound(files[0]).data, 7, axis=0), 44100))
    said: list[Event] = []
    [made] = bare.make(verb, None, tmp_path / "wide.wav", files[1], folder=tmp_path / "made", on_event=said.append)
    assert made.sound.channels == 1
    assert [one.text for one in said if isinstance(one, Note)] == ["wide.wav has 7 channels, and was mixed down to one"]


def test_an_empty_library_says_what_to_do(bare: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No class in the library has 2 sounds"):
        bare.make("mix", None, folder=tmp_path)
