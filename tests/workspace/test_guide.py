"""Guiding in a workspace: flags, recipes, Python; receipts, consent, and code that only runs when it may."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from woodshed.artifacts.guide_recipe import GuideRecipe, load_recipe, save_recipe
from woodshed.base.errors import ConsentRefused, HandshakeError, UnknownName, UsageError
from woodshed.library import Purpose
from woodshed.roles.guides import Function
from woodshed.tasks.guide import KNOBS, recipe_of
from woodshed.workspace import TrainingOrder, Workspace

SHORT = {"count": 1, "duration": 0.15, "steps": 2}
FULL = {
    "format": "woodshed-guide",
    "format_version": 1,
    "name": "everything",
    "guides": [
        {"kind": "heard-as", "class": "kick", "listener": "ears", "weight": 0.5},
        {"kind": "spectrum", "points": [[100, 0], [8000, -30]], "schedule": {"start": 0.2, "curve": "rising"}},
        {"kind": "loudness", "points": [[0, 0], [0.1, -40]]},
        {"kind": "groove", "points": [[0, 1], [0.1, 0]]},
        {"kind": "onsets", "bpm": 240, "count": 2, "per_beat": 2},
        {"kind": "unlike", "like": "away.wav", "distance_db": 9},
        {"kind": "brightness", "hz": 3000},
        {"kind": "decay", "ms": 60},
        {"kind": "function", "function": "own.py:quiet"},
    ],
}
OWN = "def quiet(audio, rate):\n    return audio.square().mean((1, 2))\n"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory, kit_folder: Path) -> Workspace:
    """A debug generator and a debug listener of another rate."""
    made = Workspace(tmp_path_factory.mktemp("guided") / "workspace")
    made.library.add(kit_folder, owner="Kit maker", licence="CC0-1.0")
    kinds = {"query": "class:kick,snare", "preset": "debug", "seed": 2}
    made.train(TrainingOrder(name="hits", budget="8steps", **kinds))  # type: ignore[arg-type]
    made.train(TrainingOrder(name="ears", family="mel-listener", rate_hz=16000, budget="8steps", **kinds))  # type: ignore[arg-type]
    return made


def a_sound(workspace: Workspace) -> str:
    return workspace.library.items("class:snare")[0].path


def test_flags_guide_and_receipts_name_all_of_it(ready: Workspace, tmp_path: Path) -> None:
    source, recipe = a_sound(ready), tmp_path / "mine.json"
    made = ready.guide(
        "hits", folder=tmp_path, heard_as="kick", listener="ears", like=source, brightness=2000.0,
        weights="0.5,brightness=2", save=str(recipe), **{"class": "kick"}, **SHORT,
    )  # fmt: skip
    receipt = made[0].receipt
    assert receipt.task == "guide"
    [given] = receipt.inputs
    assert given.name == Path(source).name
    assert "Kit maker" in given.owner
    assert str(receipt.knobs["listeners"]).startswith("ears ")
    assert "heard as kick by ears x0.5" in str(receipt.knobs["guides"])
    assert "brightness 2000 Hz x2" in str(receipt.knobs["guides"])
    assert ready.receipt(made[0].path) == receipt
    assert receipt.copy_check is not None
    assert [part.kind for part in load_recipe(recipe).guides] == ["heard-as", "spectrum", "brightness"]
    again = ready.guide(
        "hits", folder=tmp_path / "again", recipe=str(recipe), copies="keep", **{"class": "kick"}, **SHORT
    )
    assert again[0].sound.content_id == made[0].sound.content_id
    assert again[0].receipt.copy_check is None


def test_a_recipe_of_every_kind_with_names_relative_to_it(ready: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "away.wav").write_bytes(Path(a_sound(ready)).read_bytes())
    (folder / "own.py").write_text(OWN)
    (folder / "all.json").write_text(json.dumps(FULL))
    made = ready.guide("hits", folder=tmp_path, recipe=str(folder / "all.json"), allow_code=True, **SHORT)
    assert made[0].sound.duration_s > 0.1
    assert "spectrum of a curve x1 rising 0.2-1" in str(made[0].receipt.knobs["guides"])
    saved = folder / "copy.json"
    save_recipe(saved, load_recipe(folder / "all.json"))
    assert load_recipe(saved) == load_recipe(folder / "all.json") == GuideRecipe.model_validate(FULL)


def test_a_recipe_never_runs_code_by_itself(ready: Workspace, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    (tmp_path / "own.py").write_text(f"open({str(mark)!r}, 'w').close()\n{OWN}")
    part = {"kind": "function", "function": "own.py:quiet"}
    (tmp_path / "r.json").write_text(json.dumps({"format": "woodshed-guide", "guides": [part]}))
    with pytest.raises(UsageError, match=r"wants to run code: 'own.py:quiet'.*--allow-code"):
        ready.guide("hits", folder=tmp_path, recipe=str(tmp_path / "r.json"), **SHORT)
    with pytest.raises(UsageError, match="wants to run code"):  # naming one loss allows that one only
        ready.guide("hits", folder=tmp_path, recipe=str(tmp_path / "r.json"), loss="math:sqrt", **SHORT)
    assert not mark.exists()
    assert ready.guide("hits", folder=tmp_path, recipe=str(tmp_path / "r.json"), allow_code=True, **SHORT)
    assert mark.exists()
    mark.unlink()
    assert ready.guide("hits", folder=tmp_path, loss=f"{tmp_path / 'own.py'}:quiet", seed=3, **SHORT)
    assert mark.exists()


def test_losses_of_ones_own_in_python(ready: Workspace, tmp_path: Path) -> None:
    asked: list[int] = []

    def smooth(audio: Tensor, rate: int) -> Tensor:
        asked.append(rate)
        return torch.diff(audio).square().mean((1, 2))

    made = ready.guide("hits", folder=tmp_path, guides=[Function(function=smooth, name="smooth")], **SHORT)
    assert set(asked) == {44100}
    assert made[0].receipt.knobs["guides"] == "loss smooth x1"


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ("{", "is no recipe of guides"),
        ({"guides": [{"kind": "brightness", "hz": 300, "loud": 1}]}, r"guides\.0\.brightness\.loud"),
        ({"format_version": 2, "guides": [{"kind": "brightness", "hz": 300}]}, "format_version"),
        ({"guides": []}, "guides"),
        ({"guides": [{"kind": "spectrum", "like": "a.wav", "points": [[1, 0], [2, 0]]}]}, "not both"),
        ({"guides": [{"kind": "loudness", "points": [[1, 0], [0, 0]]}]}, "rise from left to right"),
        ({"guides": [{"kind": "decay", "ms": 100, "schedule": {"start": 0.9, "stop": 0.1}}]}, "before stop"),
        ({"guides": [{"kind": "brightness", "hz": float("nan")}]}, "hz"),
    ],
)
def test_a_bad_recipe_says_where(tmp_path: Path, facts: object, text: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(facts if isinstance(facts, str) else json.dumps(facts))
    with pytest.raises(UsageError, match=text):
        load_recipe(path)


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none.json cannot be read.*--save"):
        load_recipe(tmp_path / "none.json")


def test_refused_sounds_and_listeners_guide_nothing(tmp_path: Path, kit_folder: Path, ready: Workspace) -> None:
    mine = Workspace(tmp_path / "w")
    mine.library.add(kit_folder, owner="Kit maker", licence="CC0-1.0")
    order = {"query": "class:kick,snare", "preset": "debug", "budget": "2steps"}
    mine.train(TrainingOrder(name="ears", family="mel-listener", **order))  # type: ignore[arg-type]
    mine.models.path("hits").write_bytes(ready.models.path("hits").read_bytes())
    tom = mine.library.items("class:tom")[0]
    mine.withdraw(f"id:{tom.content_id}", party="Kit maker", purposes=[Purpose.AI_INFERENCE])
    for flags in ({"like": tom.path}, {"unlike": tom.content_id}):
        with pytest.raises(ConsentRefused, match="may not be given to a model"):
            mine.guide("hits", folder=tmp_path, **flags, **SHORT)
    mine.withdraw("class:kick,snare", party="Kit maker", purposes=[Purpose.AI_TRAINING])
    with pytest.raises(ConsentRefused):
        mine.guide("hits", folder=tmp_path, heard_as="kick", listener="ears", **SHORT)


def test_what_cannot_guide_is_named(ready: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Nothing guides.*--brightness"):
        ready.guide("hits", folder=tmp_path, **SHORT)
    with pytest.raises(UsageError, match=r"Nobody listens for 'kick'.*--listener"):
        ready.guide("hits", folder=tmp_path, heard_as="kick", **SHORT)
    with pytest.raises(HandshakeError, match="cannot say with a gradient"):
        ready.guide("hits", folder=tmp_path, heard_as="kick", listener="hits", **SHORT)
    with pytest.raises(HandshakeError, match="cannot be guided"):
        ready.guide("ears", folder=tmp_path, brightness=300.0, **SHORT)
    with pytest.raises(UnknownName, match=r"no class of the listener 'kik'.*near: kick"):
        ready.guide("hits", folder=tmp_path, heard_as="kik", listener="ears", **SHORT)
    with pytest.raises(UnknownName, match=r"no sound file or library sound 'none.wav'"):
        ready.guide("hits", folder=tmp_path, like="none.wav", **SHORT)
    with pytest.raises(UsageError, match=r"'mine:no' cannot be loaded"):
        ready.guide("hits", folder=tmp_path, loss="mine:no", **SHORT)
    with pytest.raises(UsageError, match="'soon' are no onsets"):
        ready.guide("hits", folder=tmp_path, onsets="soon", **SHORT)
    with pytest.raises(UsageError, match="no weights"):
        ready.guide("hits", folder=tmp_path, brightness=300.0, weights="much", **SHORT)


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        ({"listener": "nonexistent", "brightness": 3000.0}, r"nonexistent shall hear.*add --heard-as CLASS"),
        ({"aspect": "loudness", "brightness": 3000.0}, r"come near to in loudness.*add --like SOUND"),
        ({"aspect": "groove"}, r"come near to in groove"),
        ({"weights": "like=2", "brightness": 3000.0}, r"nothing of --like to weigh.*add --like"),
        ({"weights": "0.5,heard-as=2", "brightness": 3000.0}, r"nothing of --heard-as to weigh"),
        ({"weights": "0.5", "recipe": "mine.json"}, r"nothing of any flag to weigh.*a flag such as"),
    ],
)
def test_a_flag_without_its_partner_is_refused(flags: dict[str, float | str], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        recipe_of(KNOBS.settings(**flags))


def test_grids_and_weights_of_flags() -> None:
    recipe = recipe_of(KNOBS.settings(onsets="4@120/2", decay=80.0, weights="decay=0.25"))
    assert recipe is not None
    onsets, decay = recipe.guides
    assert onsets.kind == "onsets"
    assert onsets.times == (0.0, 0.25, 0.5, 0.75)
    assert (onsets.weight, decay.weight) == (1.0, 0.25)
