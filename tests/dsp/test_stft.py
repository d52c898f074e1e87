import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dsp.peer_figures import assert_like_peer, peer_figures
from tests.dsp.signals import noise, sine
from woodshed.base.errors import UsageError
from woodshed.dsp import hann, hop_count, istft, sine_window, stft

NOISE = noise()[0].astype(np.float32)


def rms_db(x):
    return 20 * np.log10(np.sqrt(np.mean(np.square(x))) + 1e-30)


@settings(max_examples=25, deadline=None)
@given(frames=st.integers(0, 3000), window=st.sampled_from([8, 64, 100, 512]), divisor=st.sampled_from([2, 3, 4]))
def test_comes_back(frames, window, divisor):
    x = noise(duration_s=1, rate=max(1, frames), channels=2)[:, :frames].astype(np.float32)
    hop = max(1, window // divisor)
    spectra = stft(x, window_frames=window, hop_frames=hop)
    assert spectra.shape == (2, window // 2 + 1, hop_count(frames, hop_frames=hop))
    assert spectra.dtype == np.complex64
    back = istft(spectra, frames=frames, window_frames=window, hop_frames=hop)
    assert back.shape == x.shape
    assert np.abs(back - x).max(initial=0) < 1e-5


def test_agrees_with_librosa():
    theirs = peer_figures("stft", NOISE)
    hops = theirs["real"]["shape"][1]
    ours = stft(NOISE, window_frames=1024, hop_frames=256)
    assert abs(ours.shape[1] - hops) <= 1
    ours = ours[:, :hops]
    assert_like_peer(ours.real, theirs["real"], atol=2e-4)
    assert_like_peer(ours.imag, theirs["imaginary"], atol=2e-4)


def test_sine_on_a_bin_peaks_at_a_quarter_of_the_window():
    x = sine(10 * 44100 / 1024)
    spectra = np.abs(stft(x, window_frames=1024, hop_frames=512))
    np.testing.assert_allclose(spectra[10, 4:-4], 256, rtol=1e-4)


def test_channels_do_not_touch():
    x = noise(channels=3).astype(np.float32)
    together = stft(x, window_frames=512, hop_frames=128)
    alone = stft(x[1], window_frames=512, hop_frames=128)
    np.testing.assert_array_equal(together[1], alone)


def test_windows_add_up():
    np.testing.assert_allclose(hann(64)[:32] + hann(64)[32:], 1.0, atol=1e-6)
    np.testing.assert_allclose(sine_window(64)[:32] ** 2 + sine_window(64)[32:] ** 2, 1.0, atol=1e-6)
    with pytest.raises(ValueError, match="read-only"):
        hann(64)[0] = 1


@pytest.mark.parametrize(("window", "hop"), [(7, 2), (0, 1), (8, 0), (8, 9)])
def test_impossible_sizes_are_named(window, hop):
    with pytest.raises(UsageError, match=r"window of .* is not possible.*Way out: use for example"):
        stft(np.zeros(10, np.float32), window_frames=window, hop_frames=hop)


def test_wrong_length_is_named():
    spectra = stft(np.zeros(100, np.float32), window_frames=16, hop_frames=8)
    with pytest.raises(UsageError, match="cannot become 1000 frames"):
        istft(spectra, frames=1000, window_frames=16, hop_frames=8)
