"""A fresh ledger for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from woodshed.library.consent import Ledger
from woodshed.library.store import open_store


@pytest.fixture
def library_path(tmp_path: Path) -> Path:
    return tmp_path / "library.sqlite"


@pytest.fixture
def ledger(library_path: Path) -> Ledger:
    return Ledger(open_store(library_path))
