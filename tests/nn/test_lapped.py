"""The lapped transform and the bands over it, against what is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from woodshed.dsp import mdct_power
from woodshed.nn import BandMap, hop_frames_of, lapped, unlapped


@settings(max_examples=25, deadline=None)
@given(frames=st.integers(1, 3000), hop_frames=st.sampled_from([16, 64, 256]), seed=st.integers(0, 99))
def test_comes_back_exactly_at_any_length(frames: int, hop_frames: int, seed: int) -> None:
    audio = torch.randn(2, frames, generator=torch.Generator().manual_seed(seed))
    back = unlapped(lapped(audio, hop_frames=hop_frames), frames=frames)
    assert float((back - audio).abs().max()) < 1e-5


def test_power_of_white_noise_is_even_over_bins() -> None:
    audio = torch.randn(1, 256 * 2000, generator=torch.Generator().manual_seed(1))
    power = lapped(audio, hop_frames=256).abs().square().mean((0, 1))
    assert float(power[2:-2].mean()) == pytest.approx(1.0, rel=0.02)
    assert float(power[2:-2].std()) < 0.15


def test_power_equals_that_of_mdct_and_mdst() -> None:
    audio = np.random.default_rng(2).standard_normal(256 * 400).astype(np.float32)
    ours = lapped(torch.from_numpy(audio)[None], hop_frames=256).abs().square().mean()
    theirs = mdct_power(audio, hop_frames=256).mean()
    assert float(ours) == pytest.approx(float(theirs), rel=0.02)


def test_nothing_rings_before_the_onset() -> None:
    audio = torch.zeros(1, 2048)
    audio[:, 0] = 1.0
    spectra = lapped(audio, hop_frames=256)
    gains = torch.linspace(0.1, 2.0, 257)
    assert float(unlapped(spectra * gains, frames=2048)[:, 512:].abs().max()) < 1e-6


@pytest.mark.parametrize("rate", [44100, 48000, 96000, 22050])
def test_a_tone_falls_into_the_band_of_its_frequency(rate: int) -> None:
    hop = hop_frames_of(rate)
    bands = BandMap(sample_rate_hz=rate, hop_frames=hop, bands=40)
    for hz in (500.0, 2000.0, 8000.0):
        time = torch.arange(rate // 2) / rate
        power = lapped(torch.sin(2 * math.pi * hz * time)[None], hop_frames=hop).abs().square()[0, 10:-10]
        loudest = int(bands.gather(power).mean(0).argmax())
        near = bands.centres_hz[max(0, loudest - 1) : loudest + 2]
        assert float(near.min()) <= hz <= float(near.max())


def test_bands_above_half_the_rate_are_empty_and_weights_add_up() -> None:
    bands = BandMap(sample_rate_hz=8000, hop_frames=32, bands=40)
    assert float(bands.gather(torch.ones(33))[bands.centres_hz > 4500].abs().max()) == 0.0
    torch.testing.assert_close(bands.spreading.sum(0), torch.ones(33))
