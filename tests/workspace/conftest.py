"""A small workspace with a kit and a trained debug model, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from woodshed.kit import make_kit
from woodshed.workspace import TrainingOrder, Workspace


@pytest.fixture(scope="session")
def kit_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kit")
    make_kit(folder, seed=3, count_per_class=4, loops=1, jobs=1)
    return folder


@pytest.fixture
def workspace(tmp_path: Path, kit_folder: Path) -> Workspace:
    """A fresh workspace with the kit in its library."""
    made = Workspace(tmp_path / "workspace")
    made.library.add(kit_folder, owner="Kit maker", licence="CC0-1.0")
    return made


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, kit_folder: Path) -> Workspace:
    """A workspace with a trained debug model 'hits'; tests must not change it."""
    made = Workspace(tmp_path_factory.mktemp("trained") / "workspace")
    made.library.add(kit_folder, owner="Kit maker", licence="CC0-1.0")
    made.train(TrainingOrder(name="hits", query="class:kick,snare,clap", budget="20steps", preset="debug", seed=2))
    return made
