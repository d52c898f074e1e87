"""The example of docs/guide.md runs, and its recipe is one."""

from __future__ import annotations

import json
import re
from pathlib import Path

from docs_src.guiding import guiding

from tests.conftest import ROOT
from woodshed.artifacts.guide_recipe import recipe_from
from woodshed.kit import make_kit
from woodshed.workspace import TrainingOrder, Workspace


def test_the_example_runs(tmp_path: Path) -> None:
    make_kit(tmp_path / "kit", seed=1, count_per_class=2, loops=0, jobs=1)
    workspace = Workspace(tmp_path / "workspace")
    workspace.library.add(tmp_path / "kit", owner="Woodshed", licence="CC0-1.0")
    workspace.train(TrainingOrder(name="drums", query="class:kick,snare", budget="4steps", preset="debug"))
    paths = guiding(workspace, tmp_path, count=1)
    assert len(paths) == 2
    assert all(path.is_file() for path in paths)


def test_the_recipe_of_the_page_is_one() -> None:
    [text] = re.findall(r"```json\n(.*?)```", (ROOT / "docs" / "guide.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(recipe_from(json.loads(text)).guides) == 10
