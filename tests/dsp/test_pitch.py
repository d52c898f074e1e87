import numpy as np
import pytest
from scipy import signal

from tests.dsp.peer_figures import YIN_HZ, peer_figures
from tests.dsp.signals import decaying, noise, sine
from woodshed.dsp import fundamental_hz, pitch_track


def cents(measured, truth):
    return 1200 * np.log2(measured / truth)


def harmonics(frequency, weights, *, rate=44_100, duration_s=1.0):
    return sum(
        w * sine(frequency * (k + 1), rate=rate, duration_s=duration_s, phase=k)
        for k, w in enumerate(weights)
        if w and frequency * (k + 1) < 0.45 * rate
    )


TIMBRES = {
    "sine": [1],
    "saw": [1 / k for k in range(1, 20)],
    "clarinet": [1, 0, 0.6, 0, 0.4, 0, 0.25, 0, 0.1],
    "weak fundamental": [0.05, 0.6, 1, 0.7, 0.4],
    "no fundamental": [0, 0.7, 1, 0.8, 0.5, 0.3],
}


@pytest.mark.parametrize("timbre", TIMBRES)
@pytest.mark.parametrize("frequency", [30.9, 41.2, 98.0, 261.6, 880.0, 1975.5])
@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 96_000])
def test_notes_of_known_pitch(timbre, frequency, rate):
    pitch = fundamental_hz(harmonics(frequency, TIMBRES[timbre], rate=rate), rate)
    assert abs(cents(pitch.frequency_hz, frequency)) < 10
    assert pitch.strength > 0.85


@pytest.mark.parametrize("settled", [42.0, 50.0, 65.0])
@pytest.mark.parametrize("start", [120.0, 300.0])
def test_a_kick_has_the_pitch_it_settles_on(settled, start):
    time = np.arange(44_100) / 44_100
    phase = settled * time + (start - settled) * 0.02 * (1 - np.exp(-time / 0.02))
    kick = decaying(np.sin(2 * np.pi * phase), decay_db_per_s=70)
    kick[:200] += 0.5 * noise()[0, :200]
    assert abs(cents(fundamental_hz(kick, 44_100).frequency_hz, settled)) < 60


@pytest.mark.parametrize("frequency", [80.0, 140.0])
def test_a_tom_has_the_pitch_of_its_lowest_mode(frequency):
    modes = [(1.0, 1.0, 60), (1.59, 0.4, 120), (2.14, 0.25, 160), (2.65, 0.15, 200)]
    tom = sum(decaying(a * sine(frequency * m), decay_db_per_s=d) for m, a, d in modes)
    assert abs(cents(fundamental_hz(tom, 44_100).frequency_hz, frequency)) < 50


def test_noise_is_weak_and_silence_has_none():
    for seed in range(5):
        assert fundamental_hz(noise(seed=seed), 44_100).strength < 0.2
    silent = fundamental_hz(np.zeros(44_100), 44_100)
    assert np.isnan(silent.frequency_hz)
    assert silent.strength == 0.0


@pytest.mark.parametrize("frames", [0, 1, 10, 100])
def test_tiny(frames):
    assert 0.0 <= fundamental_hz(np.ones(frames), 44_100).strength <= 1.0
    assert pitch_track(np.ones(frames), 44_100).times_s.size == (frames > 0)


def test_gain_offset_and_antiphase_do_not_matter():
    x = harmonics(110, TIMBRES["saw"])
    truth = fundamental_hz(x, 44_100)
    for other in (1e-4 * x, -x, x + 0.3, np.stack([x, x]), np.stack([x, -x])):
        pitch = fundamental_hz(other, 44_100)
        assert abs(cents(pitch.frequency_hz, truth.frequency_hz)) < 3
        assert pitch.strength == pytest.approx(truth.strength, abs=0.03)


def test_tone_in_noise():
    x = sine(330) + noise(amplitude=0.3)[0]
    assert abs(cents(fundamental_hz(x, 44_100).frequency_hz, 330)) < 15


def test_track_follows_a_sweep():
    time = np.arange(2 * 44_100) / 44_100
    sweep = signal.chirp(time, 100, 2, 400)
    track = pitch_track(sweep, 44_100, hop_s=0.02)
    inside = (track.times_s > 0.1) & (track.times_s < 1.9)
    truth = 100 + 150 * track.times_s[inside]
    assert np.abs(cents(track.frequency_hz[inside], truth)).max() < 60


def test_range_is_kept():
    x = harmonics(110, TIMBRES["saw"])
    assert fundamental_hz(x, 44_100, low_hz=30, high_hz=90).frequency_hz == pytest.approx(55, rel=0.02)


def test_agrees_with_yin():
    for frequency in YIN_HZ:
        x = harmonics(frequency, TIMBRES["weak fundamental"]).astype(np.float32)
        theirs = peer_figures(f"yin_{frequency}", x)["hz"]
        assert abs(cents(fundamental_hz(x, 44_100).frequency_hz, theirs)) < 15
