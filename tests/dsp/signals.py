"""Sounds of which the truth is known."""

from __future__ import annotations

import numpy as np
from scipy import signal

RATE = 44_100


def sine(frequency_hz, *, duration_s=1.0, rate=RATE, amplitude=1.0, phase=0.0):
    """A sine, (frames,)."""
    time = np.arange(round(duration_s * rate)) / rate
    return amplitude * np.sin(2 * np.pi * frequency_hz * time + phase)


def noise(*, duration_s=1.0, rate=RATE, amplitude=0.1, seed=0, channels=1):
    """White noise, (channels, frames)."""
    return amplitude * np.random.default_rng(seed).standard_normal((channels, round(duration_s * rate)))


def pink(*, duration_s=4.0, rate=RATE, seed=0):
    """Noise that falls 3 dB per octave, (frames,), shaped in the spectrum."""
    frames = round(duration_s * rate)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(frames))
    spectrum[1:] /= np.sqrt(np.arange(1, spectrum.size))
    spectrum[0] = 0
    return 0.1 * np.fft.irfft(spectrum, frames)


def decaying(x, *, decay_db_per_s, rate=RATE):
    """The sound under a straight fall of level."""
    return x * 10 ** (-decay_db_per_s * np.arange(np.shape(x)[-1]) / rate / 20)


def after_silence(x, silence_s, *, rate=RATE):
    """The sound after some silence."""
    return np.concatenate([np.zeros((*np.shape(x)[:-1], round(silence_s * rate))), x], axis=-1)


def band_noise(low_hz, high_hz, *, duration_s=2.0, rate=RATE, seed=0):
    """Noise between two frequencies with steep edges, (frames,)."""
    filters = signal.butter(10, [low_hz, high_hz], btype="band", fs=rate, output="sos")
    return 3 * signal.sosfilt(filters, noise(duration_s=duration_s, rate=rate, seed=seed)[0])
