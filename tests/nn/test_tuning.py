"""Tuning: the tone that is heard stands where it was asked for, and is there if it was not."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from woodshed.dsp import fundamental_hz
from woodshed.nn import EnvelopeSplitter, Glide, Partials, Ringer, Shape, Shaper, Tuner

SPLITTER = EnvelopeSplitter(sample_rate_hz=44100, bands=40, token_steps=8, stereo=False, max_duration_s=2.0)
FRAMES = 120 * 256


def decaying(*, tilt: torch.Tensor, partials: Partials) -> Shape:
    time_s = torch.arange(121.0)[:, None] * 256 / 44100
    level = -60.0 * time_s * math.log(10) / 10 + tilt[None]
    envelope = torch.log(level.exp() + math.exp(SPLITTER.floor))
    return Shape(envelope, torch.full((121, 8), -9.2), partials)


def drum(*, share: float = 0.9, glide: float = 0.0) -> Shape:
    """Loud around 100 Hz, with a weaker mode at 230 Hz and noise above."""
    tilt = torch.full((40,), -7.0)
    tilt[:3] = torch.tensor([-1.0, 0.0, -3.0])
    shares = torch.tensor([share, 0.5 * share, 0.0, 0.0, 0.0, 0.0]).expand(16, -1)
    modes = torch.tensor([100.0, 230.0, 900.0, 1700.0, 2600.0, 3700.0])
    return decaying(tilt=tilt, partials=Partials(modes, Glide(glide, 0.02), False, shares))


def heard_hz(shape: Shape) -> tuple[float, float]:
    spectra = Ringer(Shaper(SPLITTER)).spectra(shape, frames=FRAMES, sides=1, seed=3)
    pitch = fundamental_hz(SPLITTER.join(spectra, frames=FRAMES).numpy(), 44100)
    return pitch.frequency_hz, pitch.strength


@pytest.mark.parametrize("wanted_hz", [45.0, 80.0, 150.0, 300.0, 600.0, 1200.0])
@pytest.mark.parametrize("glide", [0.0, 0.8])
def test_a_drum_is_heard_where_it_was_asked_for(wanted_hz: float, glide: float) -> None:
    hz, strength = heard_hz(Tuner(SPLITTER).tuned(drum(glide=glide), wanted_hz=wanted_hz))
    assert abs(12 * math.log2(hz / wanted_hz)) < 1.0
    assert strength > 0.5


@pytest.mark.parametrize("wanted_hz", [60.0, 250.0, 1000.0])
def test_a_sound_without_any_tone_is_given_one(wanted_hz: float) -> None:
    noise = drum(share=0.0)
    assert heard_hz(noise)[1] < 0.5
    hz, strength = heard_hz(Tuner(SPLITTER).tuned(noise, wanted_hz=wanted_hz))
    assert abs(12 * math.log2(hz / wanted_hz)) < 1.0
    assert strength > 0.5


def test_the_tone_that_leads_moves_though_it_is_not_the_lowest() -> None:
    low = drum()
    assert low.partials is not None
    shares = low.partials.shares.clone()
    shares[:, 0] = 0.05
    tilt = torch.full((40,), -9.0)
    tilt[int((SPLITTER.bands.centres_hz - 900.0).abs().argmin())] = 0.0
    shares[:, 2] = 0.95
    bell = decaying(tilt=tilt, partials=replace(low.partials, shares=shares))
    tuned = Tuner(SPLITTER).tuned(bell, wanted_hz=450.0)
    assert tuned.partials is not None
    assert float(tuned.partials.frequencies_hz[2]) == pytest.approx(450.0, rel=0.01)


def test_nothing_loud_stays_at_the_old_place() -> None:
    tuned = Tuner(SPLITTER).tuned(drum(), wanted_hz=500.0)
    power = tuned.envelope.exp().mean(0)
    at = {hz: int((SPLITTER.bands.centres_hz - hz).abs().argmin()) for hz in (100.0, 500.0)}
    assert float(power[at[100.0]] / power[at[500.0]]) < 10 ** (-9 / 10)


@pytest.mark.parametrize("wanted_hz", [2000.0, 5000.0])
def test_overtones_beyond_what_a_rate_can_hold_are_gone(wanted_hz: float) -> None:
    spans = torch.tensor([1.0, 2, 3, 5, 9, 17]) * 440
    note = decaying(tilt=torch.linspace(0, -8, 40), partials=Partials(spans, Glide(), True, torch.ones(16, 6)))
    tuned = Tuner(SPLITTER).tuned(note, wanted_hz=wanted_hz)
    top, below = tuned.envelope[:20, -1].mean(), tuned.envelope[:20, -6:-1].amax(1).mean()
    assert float(top) < float(below)


def test_a_series_keeps_its_multiples() -> None:
    spans = torch.tensor([1.0, 2, 3, 5, 9, 17]) * 110
    note = decaying(tilt=torch.linspace(0, -8, 40), partials=Partials(spans, Glide(), True, torch.ones(16, 6)))
    tuned = Tuner(SPLITTER).tuned(note, wanted_hz=165.0)
    assert tuned.partials is not None
    assert tuned.partials.harmonic
    np.testing.assert_allclose(tuned.partials.frequencies_hz.numpy(), spans.numpy() * 1.5, rtol=1e-4)
    assert heard_hz(tuned)[0] == pytest.approx(165.0, rel=0.02)
