"""Differentiable measurements against those of dsp, analytic truth, and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
import torch
from torch import Tensor

from woodshed.dsp import amplitude_envelope, describe, momentary_loudness_lufs, stft
from woodshed.nn import (
    at_rate,
    centroid_hz,
    envelope_db,
    loudness_db,
    mel_levels_db,
    octave_centres_hz,
    octave_levels_db,
    power_pieces,
    rises_db,
)

RATE = 44100


def burst(*, channels: int = 1, frames: int = 8820, seed: int = 0, rate: int = RATE) -> Tensor:
    rng = np.random.default_rng(seed)
    data = rng.standard_normal((1, channels, frames)) * np.exp(-np.arange(frames) / rate * 20)
    return torch.from_numpy(data.astype(np.float32))


@pytest.mark.parametrize(("here", "there"), [(44100, 16000), (48000, 44100), (16000, 44100), (44100, 22050)])
def test_another_rate_keeps_a_tone_and_its_length(here: int, there: int) -> None:
    time = np.arange(here // 5) / here
    tone = np.sin(2 * np.pi * 1234.5 * time) * np.hanning(len(time))
    ours = at_rate(torch.from_numpy(tone), sample_rate_hz=here, wanted_hz=there).numpy()
    assert len(ours) == there // 5
    truth = np.sin(2 * np.pi * 1234.5 * np.arange(len(ours)) / there)
    truth *= np.interp(np.arange(len(ours)) / there, time, np.hanning(len(time)))
    assert np.abs(ours - truth).max() < 2e-3
    other = soxr.resample(tone, here, there, quality="VHQ")
    assert np.abs(ours[100:-100] - other[100 : len(ours) - 100]).max() < 2e-3


def test_pieces_are_those_of_dsp() -> None:
    audio = burst(channels=2)
    ours = power_pieces(audio, window_frames=512, hop_frames=128)[0].numpy()
    theirs = np.square(np.abs(stft(audio[0].numpy(), window_frames=512, hop_frames=128))).sum(0)
    assert np.allclose(ours, theirs, rtol=1e-3, atol=1e-4 * theirs.max())


def test_brightness_and_decay_are_those_of_the_descriptors() -> None:
    audio = burst(seed=3)
    facts = describe(audio[0].numpy(), RATE)
    assert float(centroid_hz(audio, sample_rate_hz=RATE)) == pytest.approx(facts["centroid_hz"], rel=0.03)
    level = envelope_db(audio, sample_rate_hz=RATE, hop_s=0.001)[0].numpy()
    truth = amplitude_envelope(audio[0].numpy(), RATE).amplitude
    there = 20 * np.log10(truth / truth.max())
    loud = there[: len(level)] > -30
    assert np.abs(level[: len(there)] - there[: len(level)])[loud[: len(level)]].max() < 3.0


def test_loudness_is_weighted_as_the_meter_does() -> None:
    time = np.arange(RATE) / RATE
    low, high = (np.sin(2 * np.pi * hz * time) for hz in (60.0, 3000.0))
    meter = [float(np.median(momentary_loudness_lufs(tone, RATE))) for tone in (low, high)]
    both = torch.from_numpy(np.concatenate([low, high]).astype(np.float32))[None, None]
    ours = loudness_db(both, sample_rate_hz=RATE, hop_s=0.1)[0]
    assert float(ours[15] - ours[5]) == pytest.approx(meter[1] - meter[0], abs=0.3)


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_white_noise_has_a_flat_density(rate: int) -> None:
    noise = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 1, 2 * rate)).astype(np.float32))
    levels = octave_levels_db(noise, sample_rate_hz=rate)[0].numpy()
    centres = octave_centres_hz(sample_rate_hz=rate)
    assert len(levels) == len(centres)
    slope = np.polyfit(np.log2(centres[8:-1]), levels[8:-1], 1)[0]
    assert slope == pytest.approx(3.01, abs=0.25), "a third of an octave is twice as wide an octave higher"


def test_level_changes_nothing() -> None:
    audio = burst(channels=2)
    for measure in (
        lambda x: loudness_db(x, sample_rate_hz=RATE, hop_s=0.01),
        lambda x: mel_levels_db(x, sample_rate_hz=RATE, hop_s=0.01, floor_db=-60),
        lambda x: octave_levels_db(x, sample_rate_hz=RATE),
        lambda x: centroid_hz(x, sample_rate_hz=RATE),
    ):
        assert torch.allclose(measure(audio), measure(audio * 0.01), rtol=1e-3, atol=1e-2)


def test_rises_stand_where_something_begins() -> None:
    audio = torch.zeros(1, 1, RATE // 2)
    for start in (4410, 13230):
        audio[..., start : start + 4000] += burst(frames=4000, seed=start)
    picture = mel_levels_db(audio, sample_rate_hz=RATE, hop_s=0.006, floor_db=-50)
    curve = rises_db(picture, floor_db=-50)[0]
    top = torch.topk(torch.nn.functional.max_pool1d(curve[None], 9, 1, 4)[0] * (curve > 3), 6).indices * 0.006
    assert bool((((top - 0.1).abs() < 0.03) | ((top - 0.3).abs() < 0.03)).all())


@pytest.mark.parametrize("name", ["loudness", "mel", "octaves", "centroid", "envelope"])
def test_gradients_equal_finite_differences(name: str) -> None:
    measures = {
        "loudness": lambda x: loudness_db(x, sample_rate_hz=8000, hop_s=0.01),
        "mel": lambda x: mel_levels_db(at_rate(x, sample_rate_hz=8000, wanted_hz=6000), sample_rate_hz=6000,
                                       hop_s=0.01, bands=8, floor_db=-60),
        "octaves": lambda x: octave_levels_db(x, sample_rate_hz=8000),
        "centroid": lambda x: centroid_hz(x, sample_rate_hz=8000) / 100,
        "envelope": lambda x: envelope_db(x, sample_rate_hz=8000),
    }  # fmt: skip
    audio = burst(channels=2, frames=800, rate=8000).double()
    weights = torch.from_numpy(np.random.default_rng(1).standard_normal(10_000))

    def loss(x: Tensor) -> Tensor:
        values = measures[name](x).flatten()
        return (values * weights[: len(values)]).mean()

    audio.requires_grad_()
    (gradient,) = torch.autograd.grad(loss(audio), audio)
    along = torch.from_numpy(np.random.default_rng(2).standard_normal(audio.shape))
    step = 1e-5
    with torch.no_grad():
        slope = (loss(audio + step * along) - loss(audio - step * along)) / (2 * step)
    assert float((gradient * along).sum()) == pytest.approx(float(slope), rel=1e-3, abs=1e-6)
