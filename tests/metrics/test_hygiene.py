from __future__ import annotations

import numpy as np
import pytest
from tests.metrics.sounds import RATE_HZ, noise_hit, tone_hit

from woodshed.metrics import FAULTS, fault_counts, hygiene
from woodshed.sound import Sound

GOOD = tone_hit(3, duration_s=0.8)


def changed(data: np.ndarray) -> Sound:
    return Sound(data, RATE_HZ)


MADE_FAULTS = {
    "not numbers": changed(np.where(np.arange(GOOD.frames) == 9, np.nan, GOOD.data)),
    "silent": GOOD.scaled(1e-4),
    "over full scale": GOOD.scaled(1.01 / GOOD.peak),
    "clipped": changed(np.clip(GOOD.data, -0.4, 0.4)),
    "dc": changed(GOOD.data + 0.05),
    "late start": changed(np.pad(GOOD.data, ((0, 0), (600, 0)))),
    "cut tail": GOOD.section(0, 4000),
    "noise floor": changed(GOOD.data + 0.05 * np.random.default_rng(0).normal(size=GOOD.data.shape)),
}


def test_every_fault_has_a_made_example() -> None:
    assert set(MADE_FAULTS) == set(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_made_faults_are_seen(fault: str) -> None:
    found = hygiene(MADE_FAULTS[fault])
    assert fault in found.faults
    assert not found.clean


@pytest.mark.parametrize("sound", [GOOD, tone_hit(5, duration_s=1.0), noise_hit(1, duration_s=0.6)])
def test_good_sounds_are_clean(sound: Sound) -> None:
    assert hygiene(sound).faults == ()


def test_empty_and_tiny_sounds_have_an_answer() -> None:
    assert hygiene(Sound(np.zeros((2, 0)), RATE_HZ)).faults == ("not numbers",)
    assert "cut tail" in hygiene(Sound(np.ones((1, 1)) * 0.5, RATE_HZ)).faults


def test_counts_name_every_fault() -> None:
    counts = fault_counts([hygiene(sound) for sound in MADE_FAULTS.values()])
    assert tuple(counts) == FAULTS
    assert all(counts.values())


def test_gain_changes_no_shape_fault() -> None:
    for fault in ("clipped", "dc", "late start", "cut tail", "noise floor"):
        assert fault in hygiene(MADE_FAULTS[fault].scaled(0.25)).faults
