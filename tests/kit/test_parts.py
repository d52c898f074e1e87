"""The parts against known truth: modes, strings, envelopes, saturation, filters."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.kit.recipe import Span
from woodshed.kit.shaping import RENDER_RATE_HZ, decaying, frames_of, saturated, swept_lowpass, times
from woodshed.kit.tones import gliding_modes, modes, plucked_string, saw, square, struck_noise


def test_modes_are_the_sum_of_decaying_sines() -> None:
    hz, decay_s, gains, phases = (np.array(values) for values in ((220.0, 3517.0), (0.2, 0.05), (1.0, 0.4), (0.1, 0.7)))
    time = times(0.3)
    truth = sum(
        gain * 10 ** (-time / decay) * np.sin(2 * np.pi * (pitch * time + phase))
        for pitch, decay, gain, phase in zip(hz, decay_s, gains, phases, strict=True)
    )
    made = modes(0.3, hz=hz, decay_s=decay_s, gains=gains, phases=phases)
    assert np.max(np.abs(made - truth)) < 2e-4


def test_gliding_modes_without_bend_are_modes() -> None:
    values = {"hz": np.array([150.0, 390.0]), "decay_s": np.array([0.2, 0.1]), "gains": np.array([1.0, 0.5])}
    glided = gliding_modes(0.2, **values, bend=0.0, bend_s=0.01)
    assert np.max(np.abs(glided - modes(0.2, **values))) < 2e-4


def test_decay_is_twenty_db_a_decay_time() -> None:
    wave = decaying(np.ones(frames_of(0.5)), decay_s=0.1, start_s=0.05)
    assert np.all(wave[: frames_of(0.05)] == 0)
    assert wave[frames_of(0.05)] == pytest.approx(1.0)
    assert 20 * np.log10(wave[frames_of(0.25)]) == pytest.approx(-40, abs=0.01)


def test_a_string_has_its_pitch_and_dies() -> None:
    for pitch_hz in (55.0, 196.0, 440.0):
        wave = plucked_string(1.5, pitch_hz=pitch_hz, decay_s=0.4, damping=0.3, bright_hz=3000, place=0.2, seed=1)
        assert np.isfinite(wave).all()
        spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 1 << 19))
        near = np.arange(len(spectrum)) * RENDER_RATE_HZ / (1 << 19)
        band = (near > 0.9 * pitch_hz) & (near < 1.1 * pitch_hz)
        found_hz = near[band][np.argmax(spectrum[band])]
        assert abs(12 * np.log2(found_hz / pitch_hz)) < 0.25
        assert np.sum(wave[-8000:] ** 2) < 0.01 * np.sum(wave[:8000] ** 2)


def test_oscillators_fold_little() -> None:
    wave = saw(2000.0 * times(1.0))
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    harmonics = np.zeros(len(spectrum), dtype=bool)
    for number in range(1, 11):
        harmonics[2000 * number - 3 : 2000 * number + 4] = True
    low = np.arange(len(spectrum)) < 10000
    assert 20 * np.log10(spectrum[low & ~harmonics].max() / spectrum.max()) < -35
    assert abs(square(100.0 * times(1.0)).mean()) < 1e-3


def test_highs_of_struck_noise_die_first() -> None:
    wave = struck_noise(0.6, low_hz=200, high_hz=12800, decay_s=0.3, damping=0.6, slope_db=0.0, seed=2)
    early, late = (np.abs(np.fft.rfft(part)) ** 2 for part in (wave[:4410], wave[13230:17640]))
    hz = np.fft.rfftfreq(4410, 1 / RENDER_RATE_HZ)

    def fall_db(low_hz: float, high_hz: float) -> float:
        band = (hz > low_hz) & (hz < high_hz)
        return float(10 * np.log10(early[band].sum() / late[band].sum()))

    assert fall_db(5000, 12000) > fall_db(200, 500) + 10


def test_saturation_keeps_the_peak_and_silence() -> None:
    wave = 0.4 * np.sin(2 * np.pi * 100 * times(0.1))
    assert np.max(np.abs(saturated(wave, 1.0, bias=0.2))) == pytest.approx(np.max(np.abs(wave)))
    assert np.array_equal(saturated(np.zeros(10), 1.0), np.zeros(10))
    assert saturated(wave, 0.0) is wave


def test_a_moving_filter_does_not_click() -> None:
    tone = np.sin(2 * np.pi * 100 * times(0.5))
    moved = swept_lowpass(tone, np.geomspace(8000, 200, len(tone)))
    assert np.max(np.abs(np.diff(moved, 2)[500:])) < 5 * np.max(np.abs(np.diff(tone, 2)))


def test_spans() -> None:
    assert Span(1, 100, "log").at(0.5) == pytest.approx(10)
    assert Span(1, 4, "whole").at(0.4) == 2.0
    assert Span(0, 2).at(7.0) == 2.0
