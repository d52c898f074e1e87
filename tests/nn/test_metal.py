"""Metal: told in what rings in many lines, not in hiss or in a few partials, and made so that it is told again."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from woodshed.nn import (
    LINE_POINTS,
    METAL_NUMBERS,
    EnvelopeSplitter,
    Shape,
    Shaper,
    lines_of,
    metal_of,
    noise_with,
    retuned_lines,
)

RATES = (22050, 44100, 48000)


def noise(share: float, *, frames: int, rate: int = 44100, seed: int = 0, sides: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    metal = torch.full((METAL_NUMBERS,), share)
    return noise_with(metal, sides=sides, frames=frames, sample_rate_hz=rate, generator=generator)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("share", [0.0, 0.5, 0.8, 1.0])
def test_what_is_made_is_told_at_every_rate(rate: int, share: float) -> None:
    made = [noise(share, frames=rate, rate=rate, seed=seed)[0].numpy() for seed in range(12)]
    regions = 3 if rate < 40000 else METAL_NUMBERS
    told = torch.stack([metal_of(one, sample_rate_hz=rate)[:regions] for one in made])
    assert float(told.mean()) == pytest.approx(share, abs=0.15)


@pytest.mark.parametrize("share", [0.0, 0.6, 1.0])
def test_its_power_is_one(share: float) -> None:
    power = torch.stack([noise(share, frames=20000, seed=seed).square().mean() for seed in range(8)]).mean()
    assert float(power) == pytest.approx(1.0, abs=0.1)


def test_both_sides_have_their_lines_at_one_place_and_are_not_alike() -> None:
    mid, side = noise(1.0, frames=44100, sides=2).numpy()
    lines = [np.abs(np.fft.rfft(one * np.hanning(len(one))))[4000:9000] ** 2 for one in (mid, side)]
    assert np.corrcoef(lines[0], lines[1])[0, 1] > 0.3
    assert abs(np.corrcoef(mid, side)[0, 1]) < 0.2


def test_partials_that_are_told_by_themselves_are_no_metal() -> None:
    time_s = np.arange(44100) / 44100
    hiss = np.random.default_rng(1).normal(size=44100)
    partials_hz = np.array([700.0, 900.0, 1010.0, 1240.0])
    struck = hiss + 0.2 * np.sin(2 * np.pi * np.outer(time_s, partials_hz)).sum(axis=1)
    told = metal_of(struck, sample_rate_hz=44100)
    assert float(metal_of(struck, sample_rate_hz=44100, partials_hz=partials_hz)[0]) < float(told[0]) - 0.1


@pytest.mark.parametrize("frames", [0, 1, 300, 4000])
def test_what_is_too_short_or_silent_has_none(frames: int) -> None:
    assert not metal_of(np.zeros(frames), sample_rate_hz=44100).any()
    assert not metal_of(np.ones(frames), sample_rate_hz=44100).any()
    assert bool(torch.isfinite(metal_of(np.eye(1, 20000)[0], sample_rate_hz=44100)).all())


def test_a_shape_without_metal_is_filled_with_the_noise_it_always_was() -> None:
    splitter = EnvelopeSplitter(sample_rate_hz=44100, bands=40, token_steps=8, stereo=True, max_duration_s=1.0)
    shaper, shape = Shaper(splitter), Shape(torch.zeros(40, 40), torch.zeros(40, 8))
    plain, none, ringing = (
        shaper.noise(
            Shape(shape.envelope, shape.width, metal=metal), sides=2, generator=torch.Generator().manual_seed(1)
        )
        for metal in (None, torch.zeros(METAL_NUMBERS), torch.ones(METAL_NUMBERS))
    )
    assert torch.equal(plain, none)
    assert not torch.equal(plain, ringing)
    assert float(ringing.abs().square().sum() / plain.abs().square().sum()) == pytest.approx(1.0, abs=0.25)


def cymbal(rate: int, *, seconds: float = 1.0, seed: int = 4) -> np.ndarray:
    """Two hundred modes of very different strength that die away."""
    rng = np.random.default_rng(seed)
    hz, level, phase = rng.uniform(350, 9000, 200), 10 ** rng.uniform(-1.5, 0, 200), rng.uniform(0, 6.28, 200)
    time_s = np.arange(round(seconds * rate))[:, None] / rate
    return (level * np.sin(2 * np.pi * hz * time_s + phase) * np.exp(-3 * time_s)).sum(axis=1) * 0.05


@pytest.mark.parametrize("rate", RATES)
def test_lines_of_a_cymbal_come_back_in_noise_made_like_it(rate: int) -> None:
    told = lines_of(cymbal(rate), sample_rate_hz=rate)
    inside = slice(12, LINE_POINTS - 48 if rate > 40000 else 200)
    likeness = []
    for lines in (told, None):
        generator = torch.Generator().manual_seed(0)
        made = noise_with(
            torch.ones(METAL_NUMBERS), sides=1, frames=rate, sample_rate_hz=rate, generator=generator, lines=lines
        )
        again = lines_of(made[0].numpy(), sample_rate_hz=rate)
        likeness.append(float(torch.corrcoef(torch.stack([told[inside], again[inside]]))[0, 1]))
    assert likeness[0] > 0.75
    assert abs(likeness[1]) < 0.25


def test_lines_are_the_same_at_every_rate_and_level() -> None:
    told = [lines_of(gain * cymbal(rate), sample_rate_hz=rate)[12:220] for rate, gain in ((44100, 1.0), (48000, 0.01))]
    assert float(torch.corrcoef(torch.stack(told))[0, 1]) > 0.98


@pytest.mark.parametrize("frames", [600, 3000, 20000])
def test_noise_of_lines_has_power_one_at_every_length(frames: int) -> None:
    lines = lines_of(cymbal(44100), sample_rate_hz=44100)
    metal = torch.full((METAL_NUMBERS,), 0.8)
    made = [
        noise_with(
            metal,
            sides=2,
            frames=frames,
            sample_rate_hz=44100,
            generator=torch.Generator().manual_seed(seed),
            lines=lines,
        )
        for seed in range(8)
    ]
    assert float(torch.stack(made).square().mean()) == pytest.approx(1.0, abs=0.15)
    assert bool(torch.isfinite(torch.stack(made)).all())


@pytest.mark.parametrize("frames", [0, 1, 300, 1500])
def test_what_is_too_short_or_silent_has_even_lines(frames: int) -> None:
    assert not lines_of(np.ones(frames), sample_rate_hz=44100).any()
    assert not lines_of(np.zeros(20000), sample_rate_hz=44100).any()


def test_retuned_lines_move_by_two_points_in_half_a_semitone() -> None:
    lines = lines_of(cymbal(44100), sample_rate_hz=44100)
    assert torch.allclose(retuned_lines(lines, semitones=0.5)[2:], lines[:-2], atol=1e-6)
    assert torch.allclose(retuned_lines(lines, semitones=-0.5)[:-2], lines[2:], atol=1e-6)


@pytest.mark.parametrize("rate", [44100, 96000])
@pytest.mark.parametrize("last", [-2.0, 1.0])
def test_above_the_last_point_noise_is_as_strong_as_it_is(rate: int, last: float) -> None:
    lines = torch.zeros(LINE_POINTS)
    lines[-1] = last
    generator = torch.Generator().manual_seed(0)
    made = noise_with(
        torch.ones(METAL_NUMBERS), sides=1, frames=rate, sample_rate_hz=rate, generator=generator, lines=lines
    )
    power = np.square(np.abs(np.fft.rfft(made[0].numpy(), norm="ortho")))
    assert power[17000:22000].mean() == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("rate", [8000, 22050])
@pytest.mark.parametrize("semitones", [-1.5, 1.5])
def test_at_low_rates_moved_lines_leave_no_hole_at_the_top(rate: int, semitones: float) -> None:
    hiss = np.random.default_rng(0).normal(size=2 * rate)
    lines = retuned_lines(lines_of(hiss, sample_rate_hz=rate), semitones=semitones)
    generator = torch.Generator().manual_seed(0)
    made = noise_with(
        torch.ones(METAL_NUMBERS), sides=1, frames=2 * rate, sample_rate_hz=rate, generator=generator, lines=lines
    )
    power = np.square(np.abs(np.fft.rfft(made[0].numpy(), norm="ortho")))
    assert power[int(0.9 * rate) :].mean() == pytest.approx(1.0, abs=0.4)


def test_what_hardly_sounds_has_even_lines() -> None:
    click = np.zeros(20000, np.float32)
    click[0], click[300:] = 0.5, 1e-25
    assert not lines_of(click, sample_rate_hz=44100).any()


def test_partials_that_are_told_by_themselves_are_not_in_the_lines() -> None:
    time_s = np.arange(44100) / 44100
    hiss = np.random.default_rng(1).normal(size=44100)
    struck = hiss + 3.0 * np.sin(2 * np.pi * 700.0 * time_s)
    point = round(48 * np.log2(700.0 / 300.0))
    alone, beside = (
        lines_of(struck, sample_rate_hz=44100, partials_hz=partials) for partials in (None, np.array([700.0]))
    )
    assert float(alone[point]) > 0.8
    assert abs(float(beside[point])) < 0.4
    assert float(alone[point - 5]) < -0.8 < float(beside[point - 5])
