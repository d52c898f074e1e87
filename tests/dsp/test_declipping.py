"""Clipped peaks: found, given back where there are partials, never worse in noise, and nothing else touched."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.dsp import declipped, find_clipping, find_faults

RATE = 44100


def tone() -> np.ndarray:
    time = np.arange(9000) / RATE
    return sum(np.sin(2 * np.pi * hz * time) / n for n, hz in enumerate((110, 220, 331), 1)) * np.exp(-5 * time)


def noise() -> np.ndarray:
    return np.random.default_rng(1).normal(size=9000) * np.exp(-np.arange(9000) / 4000)


def distortion_db(made: np.ndarray, real: np.ndarray) -> float:
    return float(10 * np.log10(np.sum(real**2) / np.sum((made - real) ** 2)))


@pytest.mark.parametrize("share", [0.8, 0.5, 0.25])
def test_partials_come_back(share: float) -> None:
    real = tone()
    clipped = np.clip(real, -share * np.abs(real).max(), share * np.abs(real).max())
    made = declipped(clipped, find_clipping(clipped))[0]
    assert distortion_db(made, real) > distortion_db(clipped, real) + 3.0


@pytest.mark.parametrize("share", [0.7, 0.4])
def test_noise_gets_no_worse_and_the_rest_is_untouched(share: float) -> None:
    real = noise()
    clipped = np.clip(real, -share * np.abs(real).max(), share * np.abs(real).max()).astype(np.float32)
    clipping = find_clipping(clipped)
    made = declipped(clipped, clipping)[0]
    at_stop = (clipping.high | clipping.low)[0]
    assert np.array_equal(made[~at_stop], clipped[~at_stop])
    assert (np.abs(made[at_stop]) >= np.abs(clipped[at_stop])).all()
    assert distortion_db(made, real) > distortion_db(clipped, real) - 0.1


def test_whole_sounds_and_silence_are_not_clipped() -> None:
    for data in (tone(), noise(), np.zeros(1000), np.zeros(0)):
        assert not find_clipping(data).found


def test_an_edge_is_found_where_it_is_and_not_where_a_sound_dies_away() -> None:
    spectrum = np.fft.rfft(noise())
    hz = np.fft.rfftfreq(9000, 1 / RATE)
    found = find_faults(np.fft.irfft(np.where(hz < 7000, spectrum, 0)), RATE)
    assert found.words == ("band_limited",)
    assert found.cutoff_hz == pytest.approx(7000, rel=0.05)
    gentle = np.fft.irfft(spectrum / (1 + (hz / 800) ** 2))
    assert find_faults(gentle, RATE).cutoff_hz is None


def test_holes_tell_a_codec_from_a_filter() -> None:
    hop = 1024
    data = np.random.default_rng(2).normal(size=hop * 40)
    hz = np.fft.rfftfreq(2 * hop, 1 / RATE)
    window = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop))
    made = np.zeros_like(data)
    rng = np.random.default_rng(3)
    for start in range(0, len(data) - 2 * hop + 1, hop):
        spectrum = np.fft.rfft(data[start : start + 2 * hop] * window)
        spectrum[hz > 15000] = 0
        for low in range(2000, 15000, 1000):
            if rng.uniform() < 0.3:
                spectrum[(hz >= low) & (hz < low + 1000)] = 0
        made[start : start + 2 * hop] += np.fft.irfft(spectrum) * window
    assert find_faults(made[hop:-hop], RATE).lossy
