import numpy as np
import pytest

from tests.dsp.peer_figures import peer_figures
from tests.dsp.signals import RATE, after_silence, decaying, noise, sine
from woodshed.dsp import first_onset_s, onset_times_s, spectral_flux

ONE_SHOTS = {
    "kick": decaying(
        np.sin(2 * np.pi * 50 * (np.arange(RATE) / RATE) + 8 * np.exp(-np.arange(RATE) / 800)), decay_db_per_s=90
    ),
    "snare": decaying(sine(190) + 3 * noise()[0], decay_db_per_s=150),
    "hat": decaying(np.diff(noise()[0], prepend=0), decay_db_per_s=400),
    "bass": sine(41, duration_s=0.5) * 0.7,
    "pluck": decaying(np.sign(sine(220)), decay_db_per_s=60),
    "soft start": sine(300) * np.minimum(1, np.arange(RATE) / (0.03 * RATE)),
}


@pytest.mark.parametrize("name", ONE_SHOTS)
@pytest.mark.parametrize("silence_s", [0.0, 0.013, 0.2, 0.7])
@pytest.mark.parametrize("rate_factor", [1, 2])
def test_first_onset_within_3_ms(name, silence_s, rate_factor):
    x = np.repeat(after_silence(ONE_SHOTS[name], silence_s), rate_factor)
    assert first_onset_s(x, RATE * rate_factor) == pytest.approx(silence_s, abs=0.003)


@pytest.mark.parametrize("name", ONE_SHOTS)
@pytest.mark.parametrize("floor_db", [-70, -50, -36])
def test_first_onset_under_hiss(name, floor_db):
    x = after_silence(ONE_SHOTS[name] / np.abs(ONE_SHOTS[name]).max(), 0.25)
    x = x + noise(duration_s=2)[0, : x.size] * 10 ** (floor_db / 20) / 0.1
    assert first_onset_s(x, RATE) == pytest.approx(0.25, abs=0.003)


def test_first_onset_is_the_earliest_of_all_channels():
    early, late = after_silence(sine(500), 0.1), after_silence(sine(500), 0.2)
    both = np.stack([late[: early.size], early])
    assert first_onset_s(both, RATE) == pytest.approx(0.1, abs=0.001)
    assert first_onset_s(both, RATE) == first_onset_s(both[::-1], RATE)


@pytest.mark.parametrize("gain", [1e-3, 0.5, 30.0])
def test_first_onset_does_not_follow_gain(gain):
    x = after_silence(ONE_SHOTS["snare"], 0.3)
    assert first_onset_s(gain * x, RATE) == pytest.approx(first_onset_s(x, RATE), abs=1e-4)


@pytest.mark.parametrize("frames", [0, 1, 10, 44100])
def test_silence_begins_at_once_and_has_no_onsets(frames):
    assert first_onset_s(np.zeros((2, frames)), RATE) == 0.0
    assert onset_times_s(np.zeros((2, frames)), RATE).size == 0


@pytest.mark.parametrize("frames", [1, 10, 100])
def test_tiny(frames):
    assert first_onset_s(np.ones(frames), RATE) == 0.0
    assert onset_times_s(np.ones(frames), RATE).size <= 1


def groove(*, seed, rate=RATE, hits=14):
    """Hits of four kinds at known times, (frames,), and the times."""
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.choice([0.125, 0.25, 0.375], hits))
    x = np.zeros(round((times[-1] + 1) * rate))
    names = ["kick", "snare", "hat", "pluck"]
    for time in times:
        hit = ONE_SHOTS[names[rng.integers(4)]]
        hit = decaying(hit[: rate // 2], decay_db_per_s=100) * rng.uniform(0.3, 1) / np.abs(hit).max()
        start = round(time * rate)
        x[start : start + hit.size] += hit[: x.size - start]
    return x, times


@pytest.mark.parametrize("seed", range(5))
def test_onsets_of_a_groove(seed):
    x, times = groove(seed=seed)
    found = onset_times_s(x, RATE)
    distance = np.abs(found[:, np.newaxis] - times)
    recall = np.mean(distance.min(axis=0) < 0.025)
    precision = np.mean(distance.min(axis=1) < 0.025)
    assert recall >= 0.85
    assert precision >= 0.85
    assert np.median(distance.min(axis=0)) < 0.003


def test_a_steady_tone_has_one_onset():
    assert onset_times_s(after_silence(sine(440), 0.5), RATE) == pytest.approx([0.5], abs=0.005)


def test_flux_is_zero_in_a_steady_tone_and_ignores_gain():
    flux = spectral_flux(sine(440), RATE)
    assert flux.rise_db[20:-20].max() < 0.5
    x = ONE_SHOTS["snare"]
    np.testing.assert_allclose(spectral_flux(0.01 * x, RATE).rise_db, spectral_flux(x, RATE).rise_db, atol=0.05)


def test_onsets_agree_with_librosa():
    x, times = groove(seed=11)
    theirs = np.array(peer_figures("onsets", x)["times_s"])
    ours = onset_times_s(x, RATE)
    both_find = [t for t in times if np.abs(theirs - t).min() < 0.05]
    assert np.mean([np.abs(ours - t).min() < 0.03 for t in both_find]) >= 0.9
