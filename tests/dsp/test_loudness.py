"""Loudness and true peak against the figures of ITU-R BS.1770-4 and EBU Tech 3341 (their signals, made here)."""

import numpy as np
import pytest
from scipy import signal

from tests.dsp.signals import noise, sine
from woodshed.base.errors import UsageError
from woodshed.dsp import SILENT_DB, integrated_loudness_lufs, k_weighting, momentary_loudness_lufs, true_peak_db
from woodshed.dsp.loudness import BLOCK_S, channel_weights

RATES = [44_100, 48_000, 96_000]


def steps(levels_db, *, rate, frequency_hz=1000.0, channels=2):
    """A sine whose level steps through (dB of full scale, seconds), on every channel."""
    mono = np.concatenate(
        [sine(frequency_hz, duration_s=s, rate=rate, amplitude=10 ** (db / 20)) for db, s in levels_db]
    )
    return np.repeat(mono[np.newaxis], channels, axis=0).astype(np.float32)


# EBU Tech 3341 (2016), table 1, cases 1 to 5: integrated loudness, tolerance 0.1 LU
TECH_3341 = [
    pytest.param([(-23, 20)], -23.0, id="1"),
    pytest.param([(-33, 20)], -33.0, id="2"),
    pytest.param([(-36, 10), (-23, 60), (-36, 10)], -23.0, id="3"),
    pytest.param([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0, id="4"),
    pytest.param([(-26, 20), (-20, 20.1), (-26, 20)], -23.0, id="5"),
]


@pytest.mark.parametrize(("levels", "target"), TECH_3341)
@pytest.mark.parametrize("rate", [48_000, 44_100])
def test_integrated_of_tech_3341(levels, target, rate):
    assert integrated_loudness_lufs(steps(levels, rate=rate), rate) == pytest.approx(target, abs=0.1)


def test_surround_of_tech_3341_case_6():
    """5.0: -28 dBFS left and right, -24 centre, -30 both surrounds: -23 LUFS."""
    levels = np.array([-28, -28, -24, -30, -30])
    x = 10 ** (levels[:, np.newaxis] / 20) * sine(1000, duration_s=20, rate=48_000)
    assert integrated_loudness_lufs(x, 48_000) == pytest.approx(-23.0, abs=0.1)
    with_effects = np.insert(x, 3, sine(1000, duration_s=20, rate=48_000), axis=0)
    assert integrated_loudness_lufs(with_effects, 48_000) == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("rate", RATES)
def test_one_channel_at_full_scale_reads_minus_3(rate):
    """BS.1770-4, annex 1: a 0 dBFS sine of 997 Hz on the left, right or centre channel reads -3.01 LKFS."""
    x = np.zeros((2, rate * 2))
    x[0] = sine(997, duration_s=2, rate=rate)
    assert integrated_loudness_lufs(x, rate) == pytest.approx(-3.01, abs=0.02)


def test_weighting_is_printed_table_at_48_khz():
    """BS.1770-4, tables 1 and 2."""
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585]
    high_pass = [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621]
    np.testing.assert_allclose(k_weighting(48_000), [shelf, high_pass], atol=2e-8)


@pytest.mark.parametrize("rate", [22_050, 32_000, 37_123, 44_100, 88_200, 96_000, 192_000])
def test_weighting_is_the_same_at_every_rate(rate):
    frequencies = np.array([40.0, 100.0, 500.0, 1000.0, 2000.0, 4000.0])
    here = signal.sosfreqz(k_weighting(rate).copy(), frequencies, fs=rate)[1]
    there = signal.sosfreqz(k_weighting(48_000).copy(), frequencies, fs=48_000)[1]
    np.testing.assert_allclose(
        20 * np.log10(np.abs(here)), 20 * np.log10(np.abs(there)), atol=0.1 if rate > 30_000 else 0.3
    )


@pytest.mark.parametrize("start", [0.0, 0.05, 0.1, 0.33])
def test_momentary_of_a_burst(start):
    """A burst of 450 ms at -23 dBFS on two channels reads -23 LUFS at its loudest, wherever it starts."""
    rate = 48_000
    x = np.zeros((2, rate * 2))
    first = round(start * rate)
    x[:, first : first + round(0.45 * rate)] = sine(1000, duration_s=0.45, rate=rate, amplitude=10 ** (-23 / 20))
    moments = momentary_loudness_lufs(x, rate)
    assert moments.shape == (17,)
    assert moments.max() == pytest.approx(-23.0, abs=0.6)
    assert moments[-1] == SILENT_DB or moments[-1] < -70


def test_short_sound_is_one_block_filled_with_silence():
    rate = 48_000
    tone = sine(1000, duration_s=0.4, rate=rate, amplitude=0.1)
    assert momentary_loudness_lufs(tone, rate).shape == (1,)
    short = integrated_loudness_lufs(tone[: rate // 25], rate)
    assert short == pytest.approx(integrated_loudness_lufs(tone, rate) - 10.0, abs=0.1)


def test_gain_adds_up():
    x = noise(duration_s=2, channels=2)
    moved = integrated_loudness_lufs(0.5 * x, 44_100) - integrated_loudness_lufs(x, 44_100)
    assert moved == pytest.approx(-6.02, abs=0.01)


def test_order_of_stereo_channels_does_not_matter():
    x = noise(channels=2) * np.array([[1.0], [0.3]])
    assert integrated_loudness_lufs(x, 44_100) == pytest.approx(integrated_loudness_lufs(x[::-1], 44_100))


@pytest.mark.parametrize("frames", [0, 1, 10, 441])
@pytest.mark.parametrize("channels", [1, 2, 7])
def test_tiny_and_silent(frames, channels):
    x = np.zeros((channels, frames), np.float32)
    assert integrated_loudness_lufs(x, 44_100) == SILENT_DB
    assert true_peak_db(x, 44_100) == SILENT_DB
    assert momentary_loudness_lufs(x, 44_100).tolist() == [SILENT_DB]
    assert np.isfinite(integrated_loudness_lufs(x + 1, 44_100))


@pytest.mark.parametrize("rate", [44100, 192000])
def test_both_filters_as_one_weigh_as_they_do_one_after_the_other(rate):
    sound = noise(rate=rate)[0] + 0.5
    weighted = signal.sosfilt(k_weighting(rate).copy(), sound.astype(np.float64))
    block = weighted[: round(BLOCK_S * rate)]
    expected = 10 * np.log10(np.mean(np.square(block))) - 0.691
    assert momentary_loudness_lufs(sound, rate)[0] == pytest.approx(expected, abs=1e-4)


def test_weights_of_channels():
    assert channel_weights(2).tolist() == [1, 1]
    assert channel_weights(6).tolist() == [1, 1, 1, 0, 1.41, 1.41]
    assert channel_weights(7).tolist() == [1] * 7


# EBU Tech 3341 (2016), table 1, cases 15 to 19: (share of the rate, phase, amplitude, dBTP), tolerance +0.2 -0.4
TRUE_PEAKS = [
    pytest.param(1 / 4, 0.0, 0.50, -6.0, id="15"),
    pytest.param(1 / 4, 45.0, 0.50, -6.0, id="16"),
    pytest.param(1 / 6, 60.0, 0.50, -6.0, id="17"),
    pytest.param(1 / 8, 67.5, 0.50, -6.0, id="18"),
    pytest.param(1 / 4, 45.0, 1.41, 3.0, id="19"),
]


@pytest.mark.parametrize(("share", "phase", "amplitude", "target"), TRUE_PEAKS)
@pytest.mark.parametrize("rate", [48_000, 44_100])
def test_true_peak_of_tech_3341(share, phase, amplitude, target, rate):
    fade = np.minimum(1, np.minimum(np.arange(rate), np.arange(rate)[::-1]) / (0.01 * rate))
    x = fade * sine(share * rate, rate=rate, amplitude=amplitude, phase=np.deg2rad(phase))
    measured = true_peak_db(x, rate)
    assert target - 0.4 <= measured <= target + 0.2


@pytest.mark.parametrize("rate", [22_050, 44_100, 96_000, 192_000])
def test_true_peak_against_a_finer_oversampling(rate):
    x = signal.sosfilt(signal.butter(4, 0.35 * rate, fs=rate, output="sos"), noise(duration_s=0.2, rate=rate)[0])
    finer = np.abs(signal.resample(np.pad(x, 1000), 16 * (x.size + 2000))).max()
    assert true_peak_db(x, rate) == pytest.approx(20 * np.log10(finer), abs=0.5 if rate >= 80_000 else 0.2)
    assert true_peak_db(x, rate) >= 20 * np.log10(np.abs(x).max()) - 1e-6


def test_wrong_shapes_and_rates_are_named():
    with pytest.raises(UsageError, match=r"shape \(2, 2, 2\) cannot be measured"):
        integrated_loudness_lufs(np.zeros((2, 2, 2)), 44_100)
    with pytest.raises(UsageError, match="rate of 0 Hz is not possible"):
        true_peak_db(np.zeros(10), 0)
