"""Crossings: the envelope of the one, the partials of the other, noise where nothing is lent."""

from __future__ import annotations

import numpy as np
import torch

from woodshed.nn import EnvelopeSplitter, crossed

RATE = 44100


def noise(*, seconds: float, decay: float, late: int = 0, channels: int = 1, seed: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    data = 0.3 * rng.standard_normal((channels, len(time))) * np.exp(-time * decay)
    return np.pad(data, ((0, 0), (late, 0))).astype(np.float32)


def bell(*, seconds: float) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.4 * sum(np.sin(2 * np.pi * hz * time) for hz in (700, 1900, 4100)) * np.exp(-3 * time))[None]


def envelope_db(data: np.ndarray) -> np.ndarray:
    """Band levels averaged over 16 steps, ``(blocks, bands)``."""
    splitter = EnvelopeSplitter(sample_rate_hz=RATE, bands=24, token_steps=8, stereo=False, max_duration_s=1)
    split = splitter.split(torch.from_numpy(data[:1].astype(np.float32)))
    power = np.exp(split.envelope.numpy() + split.reference)
    blocks = power[: len(power) // 16 * 16].reshape(-1, 16, 24).mean(axis=1)
    return 10 * np.log10(blocks + 1e-7)


def test_the_envelope_is_the_one_asked_for() -> None:
    one, two = noise(seconds=0.6, decay=10), noise(seconds=0.5, decay=25, late=700, seed=6)
    made = crossed(one, two, sample_rate_hz=RATE, bands=24, seed=1)
    heard = envelope_db(one) > envelope_db(one).max() - 45
    assert np.abs(envelope_db(made) - envelope_db(one))[heard].mean() < 1.5
    assert np.abs(np.corrcoef(made[0], one[0])[0, 1]) < 0.2, "but not its wave"


def test_partials_of_the_lender_are_heard() -> None:
    made = crossed(noise(seconds=0.4, decay=8), bell(seconds=1.0), sample_rate_hz=RATE, bands=12, seed=1)
    power = np.abs(np.fft.rfft(made[0] * np.hanning(made.shape[1]))) ** 2
    hz = np.fft.rfftfreq(made.shape[1], 1 / RATE)
    near = (np.abs(hz - 1900) < 20).nonzero()[0]
    around = ((hz > 1500) & (hz < 2500)).nonzero()[0]
    assert power[near].sum() > 0.5 * power[around].sum()


def test_noise_rings_on_where_the_lender_is_silent() -> None:
    made = crossed(noise(seconds=1.0, decay=4), noise(seconds=0.1, decay=30), sample_rate_hz=RATE, bands=24, seed=1)
    tail = slice(round(0.5 * RATE), round(0.7 * RATE))
    wanted = noise(seconds=1.0, decay=4)[0, tail].std()
    assert 0.5 < made[0, tail].std() / wanted < 2.0


def test_nothing_before_the_onset_stereo_kept_and_seeds_repeat() -> None:
    one = noise(seconds=0.2, decay=20, late=3000, channels=2)
    made = crossed(one, bell(seconds=0.3), sample_rate_hz=RATE, bands=24, seed=1)
    assert made.shape == one.shape
    assert np.abs(made[:, :2800]).max() == 0
    assert np.abs(made[0] - made[1]).std() > 0.1 * made.std(), "a mono lender takes the width of the envelope's sound"
    assert np.array_equal(made, crossed(one, bell(seconds=0.3), sample_rate_hz=RATE, bands=24, seed=1))
    lent = noise(seconds=0.2, decay=20, channels=2)
    assert crossed(noise(seconds=0.2, decay=9), lent, sample_rate_hz=RATE, bands=24, seed=1).shape[0] == 2
