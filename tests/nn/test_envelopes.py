"""The split of a sound into envelope and fine part, and giving one sound the shape of another."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from woodshed.nn import EnvelopeSplitter, Shape, Shaper, leaned, sounding_span

RATE = 44100


def splitter_of(*, stereo: bool = True) -> EnvelopeSplitter:
    return EnvelopeSplitter(sample_rate_hz=RATE, bands=40, token_steps=8, stereo=stereo, max_duration_s=1.0)


def burst(*, channels: int, frames: int = 9001, seed: int = 0) -> Tensor:
    noise = torch.randn(channels, frames, generator=torch.Generator().manual_seed(seed))
    return noise * torch.exp(-torch.arange(frames) / 2000.0) * 0.3


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("frames", [1, 100, 256, 9001])
def test_split_and_join_give_the_sound_back(channels: int, frames: int) -> None:
    audio = burst(channels=channels, frames=frames)
    splitter = splitter_of()
    back = splitter.join(splitter.split(audio).spectra, frames=frames)
    assert float((back - audio).abs().max()) < 1e-5


@pytest.mark.parametrize("channels", [1, 2])
def test_the_own_shape_changes_nothing(channels: int) -> None:
    splitter, audio = splitter_of(), burst(channels=channels)
    split = splitter.split(audio)
    own = Shape(split.envelope, split.width)
    reshaped = Shaper(splitter).reshape(split, own, own)
    back = splitter.join(reshaped.spectra * np.exp(0.5 * split.reference), frames=split.frames)
    assert float((back - audio).norm() / audio.norm()) < 1e-4


def test_gain_moves_the_reference_and_not_the_envelope() -> None:
    splitter = splitter_of()
    one, two = splitter.split(burst(channels=2)), splitter.split(burst(channels=2) * 0.01)
    torch.testing.assert_close(one.envelope, two.envelope, atol=1e-3, rtol=0)
    assert one.reference - two.reference == pytest.approx(2 * np.log(100), abs=1e-3)


def test_silence_lies_at_the_floor() -> None:
    splitter = splitter_of()
    split = splitter.split(torch.zeros(2, 2000))
    assert float((split.envelope - splitter.floor).abs().max()) < 1e-4


def test_width_says_how_loud_the_side_is() -> None:
    splitter, mono = splitter_of(), burst(channels=1)
    narrow = splitter.split(mono.repeat(2, 1))
    assert float(narrow.width.max()) == pytest.approx(-9.2, abs=0.01)
    wide = splitter.split(burst(channels=2))
    assert abs(float(wide.width[2:20].mean())) < 0.3  # two unlike channels: side as loud as mid


def test_tokens_keep_length_and_levels() -> None:
    splitter = splitter_of()
    split = splitter.split(burst(channels=2))
    tokens = splitter.to_tokens(split.envelope, split.width)
    assert tokens.shape == (splitter.tokens_of(9001), splitter.token_width)
    envelope, width = splitter.from_tokens(tokens, steps=len(split.envelope))
    torch.testing.assert_close(envelope, split.envelope)
    assert width.shape == split.width.shape


def test_noise_takes_the_shape_it_is_given() -> None:
    splitter = splitter_of(stereo=False)
    wanted = splitter.split(burst(channels=1, seed=3))
    shape = Shape(wanted.envelope, wanted.width)
    made = Shaper(splitter).noise(shape, sides=1, generator=torch.Generator().manual_seed(0))
    loud = splitter.bands.gather(made.abs().square()[0]).mean(0).log() - wanted.envelope.exp().mean(0).log()
    assert float((loud - loud.mean())[3:].abs().mean()) < 0.5


def test_an_absent_lender_is_marked_and_filled() -> None:
    splitter = splitter_of(stereo=False)
    shaper = Shaper(splitter)
    short, long = splitter.split(burst(channels=1, frames=2000)), splitter.split(burst(channels=1, frames=9001))
    target = Shape(long.envelope, long.width)
    lent = shaper.reshape(short, Shape(short.envelope, short.width), target)
    assert float(lent.presence[12:].max()) == 0.0
    noise = shaper.noise(target, sides=1, generator=torch.Generator().manual_seed(0))
    assert float(shaper.filled(lent, noise, air=0.0)[:, 20].abs().mean()) > 0.1 * float(noise[:, 20].abs().mean())


def test_leaning_by_nothing_changes_nothing_and_decay_shortens() -> None:
    splitter = splitter_of()
    envelope = splitter.split(burst(channels=1)).envelope
    facts = {"centres_hz": splitter.bands.centres_hz, "floor": splitter.floor}
    torch.testing.assert_close(leaned(envelope, tilt_db=0, decay_db=0, **facts), envelope, atol=1e-3, rtol=0)
    shorter = leaned(envelope, tilt_db=0, decay_db=12, **facts)
    assert float(shorter[-3:].mean()) < float(envelope[-3:].mean()) - 1.0


def test_sounding_span_begins_at_the_onset_and_ends_with_the_sound() -> None:
    audio = torch.zeros(1, 44100)
    audio[:, 10000:20000] = burst(channels=1, frames=10000)
    start, stop = sounding_span(audio, sample_rate_hz=RATE)
    assert abs(start - 10000) < 20
    assert 15000 < stop <= 20000
    assert sounding_span(torch.zeros(1, 50), sample_rate_hz=RATE) == (0, 50)


def test_highs_that_are_wide_leave_lows_that_are_mono() -> None:
    splitter = EnvelopeSplitter(sample_rate_hz=44100, bands=40, token_steps=8, stereo=True, max_duration_s=1.0)
    noise = torch.randn(2, 22050, generator=torch.Generator().manual_seed(4))
    spectrum = torch.fft.rfft(noise)
    low = torch.arange(spectrum.shape[-1]) * 2.0 < 250.0
    spectrum[1] = torch.where(low, spectrum[0], spectrum[1])
    width = splitter.split(torch.fft.irfft(spectrum, n=22050)).width[5:-5].mean(0)
    assert float(width[0]) < -6.0
    assert float(width[2:].abs().max()) < 0.5
    drawn = splitter.width_over_bands(width[None])[0]
    assert float(drawn[:2].max()) < -6.0
