from functools import partial

import numpy as np
import pytest
import torch

from tests.nn import bursts
from woodshed.nn import ATTACK_NUMBERS, ATTACK_POINTS, Moments, PrincipalBasis, attack_of, attacked

RATE = 44100


burst = partial(bursts.burst, duration_s=0.2)


@pytest.fixture(scope="module")
def basis() -> PrincipalBasis:
    moments = Moments(ATTACK_POINTS)
    rng = np.random.default_rng(0)
    for seed in range(60):
        rise_s, fall_s = 10 ** rng.uniform(-3.7, -2), 10 ** rng.uniform(-2.5, -1)
        moments.add(attack_of(burst(seed=seed, rise_s=rise_s, fall_s=fall_s), sample_rate_hz=RATE)[None])
    basis = PrincipalBasis(width=ATTACK_POINTS, dims=ATTACK_NUMBERS)
    basis.fit(moments)
    return basis


@pytest.mark.parametrize("rise_s", [0.0003, 0.002, 0.01])
def test_a_beginning_takes_the_shape_asked_for(basis: PrincipalBasis, rise_s: float) -> None:
    wanted = attack_of(burst(seed=100, rise_s=rise_s, fall_s=0.02), sample_rate_hz=RATE)
    sound = burst(seed=200, rise_s=0.005, fall_s=0.05)
    numbers = basis.squeeze(wanted)
    got = attack_of(attacked(sound, basis=basis, numbers=numbers, sample_rate_hz=RATE), sample_rate_hz=RATE)
    before = float((basis.squeeze(attack_of(sound, sample_rate_hz=RATE)) - numbers).norm())
    assert float((basis.squeeze(got) - numbers).norm()) < 0.35 * before


def test_nothing_after_the_beginning_changes(basis: PrincipalBasis) -> None:
    sound = burst(seed=3, rise_s=0.005, fall_s=0.05)
    new = attacked(sound, basis=basis, numbers=torch.ones(ATTACK_NUMBERS), sample_rate_hz=RATE)
    late = round(0.03 * RATE)
    np.testing.assert_allclose(new[:, late:], sound[:, late:], atol=1e-6)
    assert np.abs(new[:, :late] - sound[:, :late]).max() > 0.1


def test_a_bass_is_left_alone(basis: PrincipalBasis) -> None:
    seconds = np.arange(RATE // 4) / RATE
    sine = np.sin(2 * np.pi * 55 * seconds)[None]
    new = attacked(sine, basis=basis, numbers=torch.ones(ATTACK_NUMBERS), sample_rate_hz=RATE)
    assert np.abs(new - sine)[:, 200:].max() < 0.01


@pytest.mark.parametrize("frames", [1, 30, 500])
def test_short_and_silent_sounds_come_through(basis: PrincipalBasis, frames: int) -> None:
    short = np.zeros((1, frames))
    assert not attacked(short, basis=basis, numbers=torch.ones(ATTACK_NUMBERS), sample_rate_hz=RATE).any()
    short[0, 0] = 1.0
    new = attacked(short, basis=basis, numbers=torch.ones(ATTACK_NUMBERS), sample_rate_hz=RATE)
    assert new.shape == (1, frames)
    assert np.isfinite(new).all()


def test_other_rates_tell_the_same() -> None:
    shapes = [
        attack_of(burst(seed=1, rise_s=0.004, fall_s=0.03, rate=rate), sample_rate_hz=rate) for rate in (44100, 48000)
    ]
    smooth = [np.convolve(shape.numpy(), np.ones(8) / 8, "valid") for shape in shapes]
    assert np.corrcoef(*smooth)[0, 1] > 0.9
