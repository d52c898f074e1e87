from functools import partial

import numpy as np
import pytest
import torch

from tests.nn import bursts
from woodshed.dsp import amplitude_envelope
from woodshed.nn import (
    COURSE_NUMBERS,
    COURSE_POINTS,
    Moments,
    PrincipalBasis,
    course_of,
    coursed,
    faded_course,
    rise_of,
    struck,
)

RATE = 44100


burst = partial(bursts.burst, duration_s=0.6)


@pytest.fixture(scope="module")
def basis() -> PrincipalBasis:
    moments = Moments(COURSE_POINTS)
    rng = np.random.default_rng(0)
    for seed in range(60):
        rise_s, fall_s = 10 ** rng.uniform(-3, -1), 10 ** rng.uniform(-2, 0)
        moments.add(course_of(burst(seed=seed, rise_s=rise_s, fall_s=fall_s), sample_rate_hz=RATE)[None])
    basis = PrincipalBasis(width=COURSE_POINTS, dims=COURSE_NUMBERS)
    basis.fit(moments)
    return basis


def test_a_course_follows_a_known_decay() -> None:
    time_s = np.arange(RATE) / RATE
    sine = np.sin(2 * np.pi * 1000 * time_s) * 10 ** (-60 * time_s / 20)  # 60 dB in its second
    points = course_of(sine, sample_rate_hz=RATE).numpy()
    decibels = 20 * np.log10(np.maximum(points, 1e-9)) / 0.3
    assert points[0] == pytest.approx(1.0, abs=0.02)
    assert decibels[-1] == pytest.approx(-58, abs=2.0)  # the mean over the last points
    assert np.all(np.diff(points[4:]) < 0)


@pytest.mark.parametrize(("fall_s", "before_s"), [(0.06, 0.08), (0.3, 0.2), (0.1, 0.07)])
def test_a_decay_becomes_the_one_asked_for(basis: PrincipalBasis, fall_s: float, before_s: float) -> None:
    wanted = burst(seed=100, rise_s=0.002, fall_s=fall_s)
    sound = burst(seed=200, rise_s=0.002, fall_s=before_s)
    numbers = basis.squeeze(course_of(wanted, sample_rate_hz=RATE))
    new = coursed(sound, basis=basis, numbers=numbers, sample_rate_hz=RATE)

    def centre_s(audio: np.ndarray) -> float:
        return amplitude_envelope(audio, RATE).temporal_centroid_s()

    assert abs(centre_s(new) - centre_s(wanted)) < 0.35 * abs(centre_s(sound) - centre_s(wanted))


def test_gain_changes_both_channels_alike_and_leaves_the_waves(basis: PrincipalBasis) -> None:
    sound = burst(seed=3, rise_s=0.005, fall_s=0.05)
    new = coursed(sound, basis=basis, numbers=torch.ones(COURSE_NUMBERS), sample_rate_hz=RATE)
    late = round(0.024 * RATE)  # before, what lies above the bass is left alone where a bass makes up the level
    gain = new[:, late:] / sound[:, late:]
    np.testing.assert_allclose(gain[0], gain[1], rtol=1e-6)
    assert np.abs(20 * np.log10(gain)).max() < 12.2
    assert np.abs(np.diff(np.log(gain[0]))).max() < 0.02  # no step that clicks


def test_a_bass_keeps_its_click(basis: PrincipalBasis) -> None:
    time_s = np.arange(RATE // 2) / RATE
    bass = np.sin(2 * np.pi * 55 * time_s) * np.exp(-4 * time_s)
    click = 0.02 * np.random.default_rng(1).normal(size=time_s.size) * np.exp(-time_s / 0.003)
    numbers = basis.squeeze(course_of(burst(seed=5, rise_s=0.001, fall_s=0.1), sample_rate_hz=RATE))
    sound = (bass + click)[None]
    new = coursed(sound, basis=basis, numbers=numbers, sample_rate_hz=RATE)
    early = round(0.012 * RATE)

    def power(audio: np.ndarray) -> float:
        spectrum = np.abs(np.fft.rfft(audio[0, :early] * np.hanning(early))) ** 2
        return float(spectrum[np.fft.rfftfreq(early, 1 / RATE) > 2000].sum())

    later = new[0, round(0.024 * RATE)] / sound[0, round(0.024 * RATE)]
    assert 10 * np.log10(power(new) / power(sound) / later**2) == pytest.approx(0.0, abs=1.0)


@pytest.mark.parametrize("frames", [1, 30, 500])
def test_short_and_silent_sounds_come_through(basis: PrincipalBasis, frames: int) -> None:
    short = np.zeros((1, frames))
    assert not course_of(short, sample_rate_hz=RATE).any()
    assert rise_of(short, sample_rate_hz=RATE) == 0.0
    assert not coursed(short, basis=basis, numbers=torch.ones(COURSE_NUMBERS), sample_rate_hz=RATE).any()
    short[0, 0] = 1.0
    for new in (
        coursed(short, basis=basis, numbers=torch.ones(COURSE_NUMBERS), sample_rate_hz=RATE),
        struck(short, rise=0.0, sample_rate_hz=RATE),
    ):
        assert new.shape == (1, frames)
        assert np.isfinite(new).all()


def test_what_is_louder_than_the_strike_is_held_down() -> None:
    late = burst(seed=7, rise_s=0.001, fall_s=2.0)
    at = round(0.2 * RATE)
    late[:, at : at + 2000] *= 1.3
    assert amplitude_envelope(late, RATE).attack_time_ms() > 100
    new = struck(late, rise=float(np.log2(1 + 3.0)), sample_rate_hz=RATE)
    assert amplitude_envelope(new, RATE).attack_time_ms() < 10
    gain_db = 20 * np.log10(np.abs(new).sum(0)[1:] / np.abs(late).sum(0)[1:])
    assert gain_db.max() < 1e-6
    assert gain_db.min() > -4.1
    assert np.array_equal(struck(late, rise=8.5, sample_rate_hz=RATE), late)  # a swell that was asked for stays


def test_what_is_nearly_as_loud_before_the_strike_is_turned_down_a_little() -> None:
    time_s = np.arange(RATE // 2) / RATE
    level = np.interp(time_s, [0.0, 0.006, 0.016, 0.03, 0.5], [0.2, 0.97, 0.8, 1.0, 0.05])
    early = level * np.sin(2 * np.pi * 2000 * time_s)[None]
    assert amplitude_envelope(early, RATE).attack_time_ms() < 10
    new = struck(early, rise=float(np.log2(1 + 30.0)), sample_rate_hz=RATE)
    assert 20 < amplitude_envelope(new, RATE).attack_time_ms() < 45
    gain_db = 20 * np.log10(np.abs(new[0, 5::11]) / np.abs(early[0, 5::11]))
    assert gain_db.max() < 1e-6
    assert gain_db.min() > -3.0
    dying = burst(seed=7, rise_s=0.001, fall_s=0.01)
    assert np.array_equal(struck(dying, rise=float(np.log2(1 + 30.0)), sample_rate_hz=RATE), dying), "too far to rise"


def test_what_comes_again_much_later_is_no_strike() -> None:
    time_s = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * 1000 * time_s)[None]
    trembling = tone * (0.85 + 0.15 * np.cos(2 * np.pi * 3 * time_s))
    twice = tone * np.interp(time_s, [0.0, 0.002, 0.02, 0.38, 0.4, 0.9], [0.0, 1.0, 0.2, 0.2, 0.72, 0.05])
    for audio in (trembling, twice):
        for wanted_ms in (15.0, 60.0):
            new = struck(audio, rise=float(np.log2(1 + wanted_ms)), sample_rate_hz=RATE)
            assert amplitude_envelope(new, RATE).attack_time_ms() < 1.25 * wanted_ms + 3.5


@pytest.mark.parametrize("rate", [22050, RATE, 96000])
@pytest.mark.parametrize(("hz", "lacking"), [(45, 0.3), (60, 0.5)])
def test_slow_waves_are_held_down_each_of_them(hz: int, lacking: float, rate: int) -> None:
    time_s = np.arange(rate) / rate
    bass = sum(np.sin(2 * np.pi * hz * number * time_s) / number for number in (1, 2, 3))
    bass = bass * (1 - lacking * np.exp(-time_s / 0.08)) * np.exp(-time_s)
    late, new = (
        amplitude_envelope(audio[None], rate).attack_time_ms()
        for audio in (bass, struck(bass[None], rise=0.0, sample_rate_hz=rate)[0])
    )
    assert late > 15
    assert new < 5


def test_a_quiet_end_is_not_left_louder_than_its_course(basis: PrincipalBasis) -> None:
    wanted = burst(seed=100, rise_s=0.002, fall_s=0.1)
    lingering = burst(seed=200, rise_s=0.002, fall_s=0.1)
    lingering[:, -2000:] *= 6.0  # no direction of a course tells of it
    numbers = basis.squeeze(course_of(wanted, sample_rate_hz=RATE))
    new = coursed(lingering, basis=basis, numbers=numbers, sample_rate_hz=RATE)

    def end_db(audio: np.ndarray) -> float:
        return 10 * float(np.log10(np.mean(audio[:, -1000:] ** 2)))

    assert end_db(new) - end_db(lingering) < -7.0
    assert end_db(new) - end_db(wanted) < 7.0


def test_a_faded_course_is_that_of_a_faded_sound() -> None:
    sound = burst(seed=1, rise_s=0.002, fall_s=0.2)
    fade = 10 ** (-12 * np.linspace(0, 1, sound.shape[-1]) / 20)
    wanted = course_of(sound * fade, sample_rate_hz=RATE)
    got = faded_course(course_of(sound, sample_rate_hz=RATE), decay_db=12.0)
    assert float((got - wanted).abs().max()) < 0.03


def test_other_rates_tell_the_same() -> None:
    time_s = {rate: np.arange(rate // 2) / rate for rate in (44100, 48000)}
    courses = [
        course_of(np.sin(2 * np.pi * 300 * at) * np.exp(-8 * at), sample_rate_hz=rate) for rate, at in time_s.items()
    ]
    assert float((courses[0] - courses[1]).abs().max()) < 0.02


def test_a_level_that_wavers_is_steadied_where_it_is_held_closely(basis: PrincipalBasis) -> None:
    smooth = burst(seed=3, rise_s=0.002, fall_s=0.3)
    time_s = np.arange(smooth.shape[-1]) / RATE
    wavering = smooth * (1.0 + 0.7 * np.sin(2 * np.pi * 14 * time_s)).astype(np.float32)
    numbers = basis.squeeze(course_of(smooth, sample_rate_hz=RATE))
    loose, close = (
        coursed(wavering, basis=basis, numbers=numbers, sample_rate_hz=RATE, closely=closely)
        for closely in (False, True)
    )

    def off(audio: np.ndarray) -> float:
        return float((course_of(audio, sample_rate_hz=RATE) - course_of(smooth, sample_rate_hz=RATE)).square().mean())

    assert off(close) < 0.7 * off(loose)
