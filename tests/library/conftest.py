"""Fixtures of the library's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.library.sounds import fill
from woodshed.library import Library


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """An empty library in a folder of its own."""
    return Library(tmp_path / "workspace")


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A folder with two kits of two hits each."""
    return fill(
        tmp_path / "pack",
        ["Roland/Kick_808_03.wav", "Roland/Snr 1.wav", "Studio/hat_closed.wav", "Studio/CP_01.wav"],
    )
