"""Partials: found in sounds whose modes are known, kept through numbers, rung again where they were."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from woodshed.nn import (
    PARTIAL_NUMBERS,
    EnvelopeSplitter,
    Glide,
    Partials,
    Ringer,
    Shape,
    Shaper,
    partials_of,
    unsmeared,
)
from woodshed.nn.gliding import LEAST_OCTAVES, MOST_OCTAVES
from woodshed.nn.partials import HARMONIC_SPANS

RATE = 44100
TOKEN = 2048


def struck(frequencies_hz: list[float], *, seconds: float = 0.6, decay_s: float = 0.15) -> np.ndarray:
    time_s = np.arange(round(seconds * RATE)) / RATE
    fade = np.exp(-time_s / decay_s)
    return sum(np.sin(2 * np.pi * hz * time_s) * fade for hz in frequencies_hz) / len(frequencies_hz)


def found(audio: np.ndarray) -> Partials:
    return partials_of(audio, sample_rate_hz=RATE, token_frames=TOKEN, tokens=-(-len(audio) // TOKEN))


def splitter(rate: int = RATE) -> EnvelopeSplitter:
    return EnvelopeSplitter(sample_rate_hz=rate, bands=40, token_steps=8, stereo=True, max_duration_s=2.0)


def test_modes_of_a_bell_are_found_to_a_hertz() -> None:
    wanted = [620.0, 1575.0, 2460.0]
    partials = found(struck(wanted))
    assert not partials.harmonic
    for hz in wanted:
        assert float((partials.frequencies_hz - hz).abs().min()) < 1.5
    assert float(partials.shares[:4, :3].min()) > 0.9


def test_a_note_is_heard_as_a_harmonic_series() -> None:
    partials = found(struck([65.0 * n for n in range(1, 9)]))
    assert partials.harmonic
    assert float(partials.frequencies_hz[0]) == pytest.approx(65.0, rel=0.01)


def saw(hz: float, *, seconds: float = 0.6) -> np.ndarray:
    """All multiples of a frequency up to 8 kHz, each as strong as one over its number."""
    time = np.arange(round(seconds * RATE)) / RATE
    numbers = np.arange(1, int(8000 / hz) + 1)
    return (np.sin(2 * np.pi * hz * np.outer(time, numbers)) / numbers).sum(axis=1)


@pytest.mark.parametrize("hz", [32.7, 46.2, 131.0, 440.0])
def test_all_of_a_saw_is_tone_however_low(hz: float) -> None:
    """Where its lines lie nearer to each other than windows of a spectrum tell, and a third of a Hz off is much."""
    partials = found(saw(hz))
    assert partials.harmonic
    assert partials.frequencies_hz[0] == pytest.approx(hz, rel=1e-3)
    rung = [low * hz < 6000 for low, _ in HARMONIC_SPANS]
    assert partials.shares[1:-3, rung].min() > 0.9


@pytest.mark.parametrize(("hz", "seconds"), [(55.0, 0.1), (110.0, 0.06), (41.2, 0.6), (440.0, 0.5)])
def test_a_note_is_tone_to_its_end(hz: float, seconds: float) -> None:
    partials = found(saw(hz, seconds=seconds))
    assert partials.harmonic
    assert partials.shares[:, 3].min() > 0.85


def test_where_a_note_is_silent_it_has_no_tone() -> None:
    note = saw(110.0)
    note[RATE // 5 : RATE // 5 * 2] = 0.0
    shares = found(note).shares[:, 3]
    assert shares[1] > 0.9
    assert shares[6] < 0.1


@pytest.mark.parametrize("hz", [46.2, 220.0])
def test_hiss_in_a_note_is_told_from_its_tone(hz: float) -> None:
    """As loud as the tone between the 17th and 32nd multiple, and nowhere else."""
    size = round(0.6 * RATE)
    bins = np.fft.rfftfreq(size, 1 / RATE)
    noise = np.fft.rfft(np.random.default_rng(0).normal(size=size)) * ((bins > 16.5 * hz) & (bins < 32.5 * hz))
    note, hiss = saw(hz), np.fft.irfft(noise, size)
    above = np.fft.irfft(np.fft.rfft(note) * ((bins > 16.5 * hz) & (bins < 32.5 * hz)), size)
    shares = found(note + hiss * above.std() / hiss.std()).shares[1:-3].mean(0)
    assert shares[3] > 0.95
    assert 0.3 < shares[5] < 0.6


def test_noise_rings_hardly() -> None:
    noise = np.random.default_rng(0).normal(size=RATE // 2)
    assert float(found(noise).shares.mean()) < 0.25


def swept(glide: Glide, *, hz: float = 50.0, decay_s: float = 0.2) -> np.ndarray:
    time_s = np.arange(RATE // 2) / RATE
    course = hz * glide.course(torch.from_numpy(time_s)).numpy()
    return np.sin(2 * np.pi * np.cumsum(course) / RATE) * np.exp(-time_s / decay_s)


@pytest.mark.parametrize(
    "glide",
    [Glide(1.2, 0.02), Glide(3.5, 0.06), Glide(3.0, 0.015), Glide(1.2, 0.12, dive_octaves=2.0, dive_s=0.006)],
    ids=["near", "far", "sudden", "with a dive"],
)
def test_the_glide_of_a_kick_is_followed(glide: Glide) -> None:
    partials = found(swept(glide))
    assert float(partials.frequencies_hz[0]) == pytest.approx(50.0, rel=0.05)
    heard_s = torch.tensor([0.01, 0.02, 0.05, 0.1])
    apart = (partials.course(heard_s) / glide.course(heard_s)).log2().abs()
    assert float(apart.max()) < 0.35, apart
    assert float(partials.shares[1:4, 0].mean()) > 0.7
    assert float(partials.shares[:, 1:].max()) < 0.3, "a sweep alone is one mode, not several"


def test_a_far_sweep_comes_back_from_its_numbers_and_is_rung() -> None:
    glide = Glide(2.0, 0.08, dive_octaves=1.5, dive_s=0.006)
    kick = torch.from_numpy(swept(glide)).float()
    parts = splitter()
    split = parts.split(kick[None])
    partials = Partials.from_numbers(found(kick.numpy()).to_numbers())
    spectra = Ringer(Shaper(parts)).spectra(
        Shape(split.envelope, split.width, partials), frames=len(kick), sides=1, seed=3
    )
    made = parts.join(spectra, frames=len(kick))[0]
    for start_s, stop_s in ((0.02, 0.06), (0.1, 0.2), (0.3, 0.45)):
        piece = slice(round(start_s * RATE), round(stop_s * RATE))
        turns = [int((audio[piece].sign().diff() != 0).sum()) for audio in (kick, made)]
        assert turns[1] == pytest.approx(turns[0], abs=2 + 0.15 * turns[0])


@pytest.mark.parametrize(("octaves", "glide_s"), [(0.15, 0.1), (0.3, 0.06), (0.4, 0.2)])
def test_the_slight_glide_of_a_tom_is_followed_beside_a_mode_as_loud(octaves: float, glide_s: float) -> None:
    time_s = np.arange(RATE) / RATE
    course = np.cumsum(2 ** (octaves * np.exp(-time_s / glide_s))) / RATE
    noise = np.random.default_rng(2).normal(size=len(time_s)) * np.exp(-time_s / 0.05)
    tom = np.sin(2 * np.pi * 90 * course) * np.exp(-time_s / 0.3) + 0.1 * noise
    tom += 0.7 * np.sin(2 * np.pi * 371 * course) * np.exp(-time_s / 0.2)
    partials = found(tom)
    early, late = partials.course(torch.tensor([0.01, 0.5])).log2()
    wanted = octaves * np.exp(-np.array([0.01, 0.5]) / glide_s)
    assert float(early - late) == pytest.approx(wanted[0] - wanted[1], rel=0.3)


def test_what_stands_still_has_no_glide() -> None:
    noise = np.random.default_rng(3).normal(size=RATE // 2) * np.exp(-np.arange(RATE // 2) / RATE / 0.03)
    for decay_s in (0.05, 0.15):
        still = struck([120.0], seconds=0.5, decay_s=decay_s) + 0.03 * noise
        assert abs(found(still).glide.all_octaves) < 0.06


@pytest.mark.parametrize("frames", [0, 1, 40, 900])
def test_tiny_and_silent_sounds_have_no_tone(frames: int) -> None:
    partials = partials_of(np.zeros(frames), sample_rate_hz=RATE, token_frames=TOKEN, tokens=1)
    assert partials.shares.shape == (1, 6)
    assert float(partials.shares.max()) == 0.0


def test_numbers_bring_the_same_partials_back() -> None:
    partials = found(struck([180.0, 330.0, 700.0]))
    numbers = partials.to_numbers()
    again = Partials.from_numbers(numbers)
    assert numbers.shape == (len(partials.shares), PARTIAL_NUMBERS)
    assert torch.allclose(again.frequencies_hz, partials.frequencies_hz, rtol=1e-3)
    assert torch.allclose(again.shares, partials.shares, atol=1e-5)


@pytest.mark.parametrize("seed", range(8))
def test_any_numbers_give_usable_partials(seed: int) -> None:
    wild = 50 * torch.randn(5, PARTIAL_NUMBERS, generator=torch.Generator().manual_seed(seed))
    partials = Partials.from_numbers(wild)
    assert bool(torch.isfinite(partials.frequencies_hz).all())
    assert LEAST_OCTAVES - 1e-6 <= partials.glide.all_octaves <= MOST_OCTAVES + 1e-6
    assert bool(torch.isfinite(partials.course(torch.linspace(0, 3, 100))).all())
    assert 0.0 <= float(partials.shares.min()) <= float(partials.shares.max()) <= 1.0


@pytest.mark.parametrize(
    "glide", [Glide(), Glide(-0.2, 0.1), Glide(3.5, 0.06), Glide(1.0, 0.25, 2.0, 0.1), Glide(1.2, 0.12, 2.0, 0.006)]
)
def test_a_glide_comes_back_from_its_numbers(glide: Glide) -> None:
    partials = Partials(torch.tensor([50.0, 80, 130, 200, 310, 480]), glide, False, torch.ones(4, 6))
    heard_s = torch.linspace(0.001, 0.5, 50)
    again = Partials.from_numbers(partials.to_numbers())
    assert torch.allclose(again.course(heard_s), glide.course(heard_s), rtol=0.01)


@pytest.mark.parametrize("hz", [28.0, 31.0])
def test_a_kick_at_the_lower_edge_stays_there(hz: float) -> None:
    partials = found(swept(Glide(3.0, 0.05), hz=hz))
    assert float(partials.frequencies_hz[0]) == pytest.approx(hz, abs=3.0)


def test_what_sweeps_from_above_half_the_rate_is_silent_until_it_comes_below() -> None:
    parts = splitter()
    frames = RATE // 4
    steps = -(-frames // parts.hop_frames) + 1
    partials = Partials(torch.tensor([3000.0] + [60000.0] * 5), Glide(4.5, 0.1), False, torch.ones(6, 6))
    shape = Shape(torch.zeros(steps, 40), torch.full((steps, 8), -9.2), partials)
    ringer = Ringer(Shaper(parts))
    with_it, without = (
        parts.join(ringer.spectra(one, frames=frames, sides=1, seed=3), frames=frames)[0]
        for one in (shape, Shape(shape.envelope, shape.width))
    )
    early = slice(0, round(0.02 * RATE))  # where it would be above 22 kHz
    assert torch.allclose(with_it[early], without[early], atol=0.05 * float(without.abs().max()))


@pytest.mark.parametrize("rate", [44100, 48000])
def test_a_rung_sound_has_the_pitch_and_level_asked_for(rate: int) -> None:
    parts = splitter(rate)
    time_s = np.arange(rate // 2) / rate
    tone = torch.from_numpy(np.sin(2 * np.pi * 200.0 * time_s) * np.exp(-time_s / 0.2)).float()
    split = parts.split(tone[None])
    partials = partials_of(tone.numpy(), sample_rate_hz=rate, token_frames=TOKEN, tokens=parts.tokens_of(len(tone)))
    shape = Shape(split.envelope, split.width, partials)
    spectra = Ringer(Shaper(parts)).spectra(shape, frames=len(tone), sides=1, seed=3)
    made = parts.join(spectra, frames=len(tone))[0] * np.exp(0.5 * split.reference)
    peak_hz = float(np.argmax(np.abs(np.fft.rfft(made.numpy())))) * rate / len(tone)
    assert peak_hz == pytest.approx(200.0, abs=3.0)
    assert float(10 * torch.log10(made.square().sum() / tone.square().sum())) == pytest.approx(0.0, abs=1.5)


def test_without_partials_there_is_noise_and_the_seed_decides_it() -> None:
    parts = splitter()
    shape = Shape(torch.zeros(40, 40), torch.full((40, 8), -9.2))
    ringer = Ringer(Shaper(parts))
    one, again, other = (ringer.spectra(shape, frames=9000, sides=2, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert float(one[1].abs().max()) == 0.0  # a narrow shape has no side


def test_unsmearing_gives_the_envelope_back() -> None:
    steps = torch.arange(60.0)[:, None]
    wanted = (-0.6 * steps).clamp(min=-19.0).expand(-1, 40)
    gain = (unsmeared(wanted) / 2).exp()
    before = torch.cat([torch.zeros(1, 40), gain[:-1]])
    after = torch.cat([gain[1:], torch.zeros(1, 40)])
    heard = torch.log(0.625 * gain**2 + 0.0625 * (before**2 + after**2) + 0.125 * gain * (before + after))
    assert float((heard - wanted)[:25].abs().max()) < 0.35
