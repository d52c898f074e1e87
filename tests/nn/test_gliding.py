"""Sweeps of what lies low: found at any rate, told from noise and from what stands still."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from woodshed.nn import Glide
from woodshed.nn.gliding import SWEPT_OCTAVES, analytic_below, frequency_course, smoothed, sweep_of


def kick(glide: Glide, *, rate: int, hz: float = 50.0) -> np.ndarray:
    time_s = np.arange(rate // 2) / rate
    return np.sin(2 * np.pi * hz * glide.turns(len(time_s), rate)) * np.exp(-time_s / 0.2)


@pytest.mark.parametrize("rate", [22050, 44100, 48000, 96000])
@pytest.mark.parametrize("glide", [Glide(3.0, 0.05), Glide(1.2, 0.12, dive_octaves=2.0, dive_s=0.006)])
def test_a_sweep_is_found_at_any_rate(rate: int, glide: Glide) -> None:
    found, lows = sweep_of(kick(glide, rate=rate), sample_rate_hz=rate)
    heard_s = torch.tensor([0.01, 0.03, 0.1])
    assert float((found.course(heard_s) / glide.course(heard_s)).log2().abs().max()) < 0.35
    assert 28 + int(np.argmax(lows)) == pytest.approx(50, abs=3)


@pytest.mark.parametrize("seed", range(4))
def test_noise_and_what_stands_still_do_not_sweep(seed: int) -> None:
    rng = np.random.default_rng(seed)
    time_s = np.arange(22050) / 44100
    low = smoothed(rng.normal(size=22050), 300)
    still = np.sin(2 * np.pi * rng.uniform(40, 200) * time_s) * np.exp(-time_s / 0.1)
    for audio in (low, low * np.exp(-time_s / 0.05), still, still + 0.3 * low):
        found, lows = sweep_of(audio, sample_rate_hz=44100)
        assert abs(found.all_octaves) < SWEPT_OCTAVES
        assert not len(lows)


@pytest.mark.parametrize("frames", [0, 1, 500, 1763, 1765])
@pytest.mark.parametrize("level", [0.0, 1e-170, 1.0])
def test_short_and_silent_sounds_do_not_sweep(frames: int, level: float) -> None:
    found, lows = sweep_of(np.full(frames, level), sample_rate_hz=44100)
    assert np.isfinite(found.all_octaves)
    assert np.isfinite(lows).all()


def test_the_course_of_a_still_tone_is_its_frequency() -> None:
    tone = np.sin(2 * np.pi * 120 * np.arange(22050) / 44100)
    seconds, hz, energy = frequency_course(*analytic_below(tone, 44100, pass_hz=(15.0, 600.0, 690.0)))
    middle = (seconds > 0.05) & (seconds < 0.4)
    assert hz[middle] == pytest.approx(120.0, abs=1.0)
    assert float(energy[middle].min()) > 0.5 * float(energy[middle].max())
