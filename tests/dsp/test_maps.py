import numpy as np
import pytest

from tests.dsp.peer_figures import BANKS, MEL_SCALE_HZ, assert_like_peer, peer_figures
from tests.dsp.signals import noise, sine
from woodshed.base.errors import UsageError
from woodshed.dsp import (
    bin_frequencies_hz,
    hz_to_mel,
    log_frequencies_hz,
    log_frequency_filterbank,
    mel_filterbank,
    mel_to_hz,
    stft,
)


def test_mel_agrees_with_librosa():
    np.testing.assert_allclose(hz_to_mel(MEL_SCALE_HZ), peer_figures("hz_to_mel")["values"], rtol=1e-9)
    np.testing.assert_allclose(mel_to_hz(hz_to_mel(MEL_SCALE_HZ)), MEL_SCALE_HZ, rtol=1e-9)
    for rate, bands in BANKS:
        ours = mel_filterbank(sample_rate_hz=rate, window_frames=2048, bands=bands, low_hz=30)
        assert_like_peer(ours, peer_figures(f"mel_{rate}"), atol=1e-7)


def test_white_noise_is_flat_in_mel():
    power = np.mean(np.abs(stft(noise(duration_s=8)[0], window_frames=2048, hop_frames=1024)) ** 2, axis=-1)
    bands = mel_filterbank(sample_rate_hz=44_100, window_frames=2048, bands=30) @ power
    assert np.ptp(10 * np.log10(bands)) < 1.0


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
def test_log_bands_add_up_to_one_and_none_is_empty(rate):
    bank = log_frequency_filterbank(sample_rate_hz=rate, window_frames=2048, bands_per_octave=24)
    np.testing.assert_allclose(bank.sum(axis=1), 1.0, rtol=1e-5)
    assert bank.min() >= 0
    centres = log_frequencies_hz(sample_rate_hz=rate, bands_per_octave=24)
    assert bank.shape == (centres.size, 1025)
    assert centres[-1] <= rate / 2
    np.testing.assert_allclose(centres[24] / centres[0], 2.0)


@pytest.mark.parametrize("frequency", [110.0, 440.0, 3520.0])
def test_a_sine_stands_in_its_log_band(frequency):
    power = np.mean(np.abs(stft(sine(frequency), window_frames=8192, hop_frames=4096)) ** 2, axis=-1)
    bank = log_frequency_filterbank(sample_rate_hz=44_100, window_frames=8192, bands_per_octave=12, low_hz=55)
    centres = log_frequencies_hz(sample_rate_hz=44_100, bands_per_octave=12, low_hz=55)
    assert abs(12 * np.log2(centres[np.argmax(bank @ power)] / frequency)) < 0.6


def test_bins():
    np.testing.assert_allclose(
        bin_frequencies_hz(sample_rate_hz=48_000, window_frames=480)[[0, 1, -1]], [0, 100, 24_000]
    )


def test_banks_are_made_once_and_locked():
    bank = mel_filterbank(sample_rate_hz=44_100, window_frames=512, bands=10)
    assert bank is mel_filterbank(sample_rate_hz=44_100, window_frames=512, bands=10)
    assert not bank.flags.writeable


def test_impossible_range_is_named():
    with pytest.raises(UsageError, match=r"10 bands from 5000 Hz to 4000\.0 Hz are not possible"):
        mel_filterbank(sample_rate_hz=8_000, window_frames=512, bands=10, low_hz=5000)
    with pytest.raises(UsageError, match="0 bands"):
        mel_filterbank(sample_rate_hz=8_000, window_frames=512, bands=0)
