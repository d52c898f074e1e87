"""Seam and grid: a made loop passes, torn and drifting ones do not."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.base.errors import UsageError
from woodshed.kit import make_loop
from woodshed.metrics import grid_fit, seam_of
from woodshed.sound import Sound

RATE = 22050


@pytest.fixture(scope="module")
def loop() -> Sound:
    return make_loop(seed=4, bpm=120.0, bars=2, sample_rate_hz=RATE).sound


def test_a_closed_loop_has_no_seam_and_a_torn_one_has(loop: Sound) -> None:
    assert seam_of(loop, sixteenths=32).jump_percentile < 95
    hum = np.sin(np.arange(RATE) / RATE * 2 * np.pi * 100.5)
    assert seam_of(Sound(hum, RATE)).jump_percentile > 99.9


def test_a_hole_at_the_seam_is_a_sudden_change_of_spectrum() -> None:
    noise = np.random.default_rng(0).normal(size=RATE) * 0.1
    even = seam_of(Sound(noise, RATE)).flux_percentile
    noise[-1500:] = 0.0
    assert seam_of(Sound(noise, RATE)).flux_percentile > 95 > even


def test_tempo_and_offset_are_those_that_were_played(loop: Sound) -> None:
    fit = grid_fit(loop, sixteenths=32)
    assert fit.onsets >= 8
    assert abs(fit.tempo_ratio - 1) < 0.002
    shifted = Sound(np.roll(loop.data, 700, axis=1), RATE)
    assert grid_fit(shifted, sixteenths=32).offset_ms == pytest.approx(fit.offset_ms, abs=2.0)


def test_too_few_hits_tell_nothing() -> None:
    fit = grid_fit(Sound(np.sin(np.arange(RATE) * 0.05), RATE), sixteenths=16)
    assert np.isnan(fit.tempo_ratio)


def test_nothing_cannot_be_measured() -> None:
    with pytest.raises(UsageError, match="16 a bar"):
        seam_of(Sound(np.zeros(100), RATE), sixteenths=0)
