"""The circle: exact at any length, blind to where it begins, and resampled without an edge."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from woodshed.nn import (
    CircularTransformer,
    LoopSplitter,
    RingPrior,
    circle_lapped,
    circle_resampled,
    circle_steps,
    circle_unlapped,
)


@given(frames=st.integers(1, 5000), multiple=st.integers(1, 40))
@settings(max_examples=30, deadline=None)
def test_any_length_comes_back(frames: int, multiple: int) -> None:
    audio = torch.randn(2, frames, generator=torch.Generator().manual_seed(frames))
    steps = circle_steps(frames, hop_frames=64, multiple_of=multiple)
    back = circle_unlapped(circle_lapped(audio, steps=steps, hop_frames=64), frames=frames)
    assert float((back - audio).abs().max()) < 1e-4


def test_turning_the_loop_turns_its_spectra() -> None:
    audio = torch.randn(1, 4096, generator=torch.Generator().manual_seed(1))
    spectra = circle_lapped(audio, steps=64, hop_frames=64)
    turned = circle_lapped(audio.roll(-640, -1), steps=64, hop_frames=64)
    assert float((turned - spectra.roll(-10, 1)).abs().max()) < 1e-4


@pytest.mark.parametrize("frames", [700, 1000, 1301])
def test_resampling_there_and_back_keeps_what_both_rates_hold(frames: int) -> None:
    spectrum = torch.zeros(501, dtype=torch.complex64)
    spectrum[1:200] = torch.randn(199, dtype=torch.complex64, generator=torch.Generator().manual_seed(2))
    audio = torch.fft.irfft(spectrum, n=1000)[None]
    back = circle_resampled(circle_resampled(audio, frames=frames), frames=1000)
    assert float((back - audio).abs().max()) < 1e-5


def test_the_network_turns_with_the_ring() -> None:
    """Turned by whole bars, it gives the same ring turned; heard twice over, the same ring twice over."""
    net = CircularTransformer(dims=3, dims_out=3, width=16, layers=2, heads=2, cond_width=8, bar_tokens=4)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)
        tokens, condition = torch.randn(1, 12, 3, generator=generator), torch.randn(1, 8, generator=generator)
        made = net(tokens, condition, torch.tensor([12]))
        turned = net(tokens.roll(-4, 1), condition, torch.tensor([12]))
        padded = net(torch.nn.functional.pad(tokens, (0, 0, 0, 5)), condition, torch.tensor([12]))
        twice = net(tokens.repeat(1, 2, 1), condition, torch.tensor([24]))
    assert float((turned - made.roll(-4, 1)).abs().max()) < 1e-4
    assert float((padded[:, :12] - made).abs().max()) < 1e-4
    assert float((twice - made.repeat(1, 2, 1)).abs().max()) < 1e-4
    assert float(padded[:, 12:].abs().max()) == 0.0


def test_statistics_of_repetition_are_those_of_the_class_and_hold_for_longer_rings() -> None:
    """Of one class each bar is like the first, of the other none: only the former is made to repeat from noise."""
    generator = torch.Generator().manual_seed(4)
    bars = torch.randn(80, 16, 1, generator=generator)
    others = torch.randn(80, 32, 1, generator=generator)
    prior = RingPrior(dims=1, bar_tokens=16, classes=2)
    prior.fit([(bar.repeat(2, 1), 0) for bar in bars] + [(ring, 1) for ring in others])
    noise = torch.randn(20, 64, 1, generator=generator).repeat(3, 1, 1)
    classes = torch.arange(3).repeat_interleave(20)  # the last is of all
    guess = prior.plain(noise, time=torch.full((60,), 0.5), counts=torch.full((60,), 64), classes=classes)[..., 0]
    rings = guess.reshape(3, 20, 64)
    alike = ((rings * rings.roll(16, -1)).mean((1, 2)) / rings.square().mean((1, 2))).tolist()
    assert alike[0] > 0.8
    assert alike[1] < alike[2] < alike[0]
    assert alike[1] < 0.4


@pytest.mark.parametrize("tokens", [1, 5, 16])
def test_a_shape_goes_through_tokens_unchanged(tokens: int) -> None:
    splitter = LoopSplitter(sample_rate_hz=22050, bands=20, token_steps=8, stereo=True)
    audio = torch.randn(2, 9001, generator=torch.Generator().manual_seed(3)) * 0.1
    shape = splitter.split(audio, tokens=tokens).shape
    back = splitter.from_tokens(splitter.to_tokens(shape))
    assert float((back.envelope - shape.envelope).abs().max()) < 1e-4
    assert float((back.width - shape.width).abs().max()) < 1e-4
    assert float((back.tone - shape.tone).abs().max()) < 1e-4


def test_a_tone_is_told_from_noise() -> None:
    splitter = LoopSplitter(sample_rate_hz=44100, bands=40, token_steps=8, stereo=False)
    time = torch.arange(44100) / 44100
    tone = splitter.split(torch.sin(2 * torch.pi * 500 * time)[None], tokens=8).shape.tone
    noise = splitter.split(torch.randn(1, 44100, generator=torch.Generator().manual_seed(0)), tokens=8).shape.tone
    assert float(tone[:, 3].mean()) > 0.7  # 400 to 800 Hz
    assert float(noise.mean()) < 0.35
