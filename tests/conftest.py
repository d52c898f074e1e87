"""Shared fixtures: where the real sounds are, small made sounds, and a fence against warnings of third parties."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

# The same examples at every run and no clock, so that a red test is the change's doing and not that of a busy machine;
# WOODSHED_EXPLORE=1 looks for new examples.
unhurried = hypothesis.settings(
    hypothesis.settings.get_profile("default"), deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile("steady", unhurried, derandomize=True)
hypothesis.settings.register_profile("explore", unhurried)
hypothesis.settings.load_profile("explore" if os.environ.get("WOODSHED_EXPLORE") else "steady")

ROOT = Path(__file__).resolve().parents[1]


def _data_folder() -> Path:
    return Path(os.environ.get("WOODSHED_DATA") or ROOT.parent / "shared" / "data").resolve()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real sounds; its absence fails where CI=true and skips elsewhere."""
    folder = _data_folder()
    if not (folder / "manifest.csv").is_file():
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(f"the real sounds are missing: {folder}")
        pytest.skip(f"the real sounds are not here: {folder} (set WOODSHED_DATA)")
    return folder
