import numpy as np
import pytest

from tests.dsp.signals import RATE, decaying, noise, sine
from woodshed.dsp import SILENT_DB, Envelope, amplitude_envelope


def test_sine_has_its_rms():
    envelope = amplitude_envelope(sine(1000, amplitude=0.5), RATE)
    np.testing.assert_allclose(envelope.amplitude[10:-10], 0.5 / np.sqrt(2), rtol=0.01)
    assert envelope.hop_s == pytest.approx(44 / RATE)


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
@pytest.mark.parametrize("attack_s", [0.02, 0.1, 0.4])
def test_attack_of_a_ramp_is_eight_tenths_of_it(rate, attack_s):
    x = sine(1000, rate=rate) * np.minimum(1, np.arange(rate) / (attack_s * rate))
    assert amplitude_envelope(x, rate).attack_time_ms() == pytest.approx(800 * attack_s, abs=4, rel=0.03)


def test_attack_of_a_sudden_sound_is_the_smoothing_at_most():
    x = np.concatenate([np.zeros(RATE // 2), sine(1000)])
    assert amplitude_envelope(x, RATE).attack_time_ms() < 8
    assert amplitude_envelope(x, RATE, smoothing_ms=0).attack_time_ms() < 1.5


@pytest.mark.parametrize(("decay_db_per_s", "fall_db"), [(60, 20), (60, 40), (200, 20), (400, 40)])
@pytest.mark.parametrize("frequency", [60, 1000])
def test_decay_of_an_exponential(decay_db_per_s, fall_db, frequency):
    x = decaying(sine(frequency, duration_s=1.0), decay_db_per_s=decay_db_per_s)
    measured = amplitude_envelope(x, RATE, smoothing_ms=20).decay_time_ms(fall_db=fall_db)
    assert measured == pytest.approx(1000 * fall_db / decay_db_per_s, abs=12)


def test_decay_that_never_falls_reaches_the_end():
    envelope = amplitude_envelope(np.ones(RATE), RATE)
    assert envelope.decay_time_ms() == pytest.approx(1000, abs=2)


def test_tail_and_centroid():
    x = np.concatenate([sine(1000, duration_s=0.5), 0.01 * sine(1000, duration_s=0.5)])
    envelope = amplitude_envelope(x, RATE)
    assert envelope.tail_level_db() == pytest.approx(-40, abs=0.2)
    assert envelope.temporal_centroid_s() == pytest.approx((0.25 + 0.01 * 0.75) / 1.01, abs=0.003)


def test_gain_scales_the_envelope_and_leaves_the_times():
    x = decaying(noise()[0], decay_db_per_s=60)
    loud, quiet = amplitude_envelope(x, RATE), amplitude_envelope(0.01 * x, RATE)
    np.testing.assert_allclose(quiet.amplitude, 0.01 * loud.amplitude, rtol=1e-4)
    assert quiet.decay_time_ms() == pytest.approx(loud.decay_time_ms(), rel=1e-3)


def test_channels_share_one_envelope():
    x = noise(channels=2)
    both = amplitude_envelope(x, RATE).amplitude
    np.testing.assert_allclose(both, amplitude_envelope(x[::-1], RATE).amplitude, rtol=1e-5)
    np.testing.assert_allclose(both, amplitude_envelope(np.concatenate([x, -x]), RATE).amplitude, rtol=1e-5)


@pytest.mark.parametrize("frames", [0, 1, 10])
def test_tiny(frames):
    silent = amplitude_envelope(np.zeros(frames), RATE)
    assert (silent.peak, silent.attack_time_ms(), silent.decay_time_ms()) == (0.0, 0.0, 0.0)
    assert silent.tail_level_db() == SILENT_DB
    assert silent.temporal_centroid_s() == 0.0
    full = amplitude_envelope(np.ones(frames), RATE)
    assert full.attack_time_ms() == 0.0
    assert full.decay_time_ms() <= 1.0


def test_one_value_after_the_last():
    assert Envelope(np.array([1.0]), 0.001).decay_time_ms() == pytest.approx(0.5)
