"""Things that ring: gliding sines, banks of modes, band-limited oscillators, plucked strings, noise."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from woodshed.base.seeds import derive_seed
from woodshed.kit.recipe import Wave
from woodshed.kit.shaping import RENDER_RATE_HZ, bandpass, decaying, frames_of, levelled, times

_TAU = 2 * np.pi
MEMBRANE_RATIOS = np.array([1.0, 1.594, 2.136, 2.296, 2.653, 2.918, 3.156, 3.501, 3.6, 3.652, 4.06, 4.154, 4.6, 4.9])
"""Frequencies of an ideal round membrane over its lowest."""
BAR_RATIOS = np.array([1.0, 2.756, 5.404, 8.933, 13.34])
"""Frequencies of a free bar over its lowest."""


def note_hz(midi: float) -> float:
    """Frequency of a MIDI note, A4 = 440 Hz.

    Examples
    --------
    >>> note_hz(69)
    440.0
    """
    return float(440.0 * 2 ** ((midi - 69) / 12))


def noise(duration_s: float, *, seed: int, channels: int = 1) -> Wave:
    """White noise of unit power, shape ``(frames,)`` or ``(2, frames)``."""
    frames = frames_of(duration_s)
    wave = np.random.default_rng(derive_seed(seed, "noise")).standard_normal((channels, frames), dtype=np.float32)
    return wave[0].astype(np.float64) if channels == 1 else wave.astype(np.float64)


def struck_noise(
    duration_s: float,
    *,
    low_hz: float,
    high_hz: float,
    decay_s: float,
    damping: float,
    slope_db: float,
    seed: int,
    channels: int = 1,
    attack_s: float = 0.0008,
) -> Wave:
    """What a struck thing adds besides its modes: noise whose highs die sooner, octave by octave.

    Parameters
    ----------
    duration_s
        Length in seconds.
    low_hz, high_hz
        Band of the noise.
    decay_s
        Time for 20 dB at ``low_hz``.
    damping
        0: all alike; 1: an octave up dies twice as fast.
    slope_db
        How much quieter each octave is than the one below.
    seed
        Seed of the noise.
    channels
        1, or 2 for two independent sides.
    attack_s
        Rise of every band.

    Returns
    -------
    Wave
        Shape ``(frames,)`` or ``(2, frames)``, peak 1.
    """
    raw = noise(duration_s, seed=seed, channels=channels)
    octaves = max(1, round(np.log2(high_hz / low_hz)))
    edges = np.geomspace(low_hz, high_hz, octaves + 1)
    total = np.zeros_like(raw)
    for index, (low, high) in enumerate(pairwise(edges)):
        band = bandpass(raw, low, high, order=1) / np.sqrt(high - low)
        gain = 10 ** (-index * slope_db / 20)
        total += gain * decaying(band, decay_s=decay_s * (low / low_hz) ** -damping, attack_s=attack_s)
    return levelled(total)


def glide(duration_s: float, *, pitch_hz: float, octaves: float, fall_s: float) -> Wave:
    """Phase in cycles of a tone that starts ``octaves`` above its pitch and falls onto it, shape ``(frames,)``."""
    time = times(duration_s)
    hz = pitch_hz * 2 ** (octaves * np.exp(-time / fall_s))
    return np.cumsum(hz) / RENDER_RATE_HZ


def sine(phase: Wave) -> Wave:
    """A sine of a phase in cycles."""
    return np.sin(_TAU * phase)


def triangle(phase: Wave) -> Wave:
    """A triangle of a phase in cycles (not band-limited; for low notes)."""
    return 2 / np.pi * np.arcsin(np.sin(_TAU * phase))


def saw(phase: Wave) -> Wave:
    """A sawtooth of a phase in cycles, its jump rounded over one frame on both sides."""
    step = np.gradient(phase)
    place = phase % 1.0
    return 2 * place - 1 - _step_correction(place, step)


def square(phase: Wave, *, width: float = 0.5) -> Wave:
    """A pulse wave of a phase in cycles, without its mean."""
    return 0.5 * (saw(phase) - saw(phase + width))


def _step_correction(place: Wave, step: Wave) -> Wave:
    after, before = place / step, (place - 1) / step
    rounded = np.where(after < 1, 2 * after - after**2 - 1, 0.0)
    return np.where(before > -1, before**2 + 2 * before + 1, rounded)


def modes(duration_s: float, *, hz: Wave, decay_s: Wave, gains: Wave, phases: Wave | None = None) -> Wave:
    """Sum of many decaying sines: the sound of a struck thing.

    Parameters
    ----------
    duration_s
        Length in seconds.
    hz, decay_s, gains, phases
        Frequency, time for 20 dB, amplitude and phase (cycles) of each mode, shape ``(modes,)``.

    Returns
    -------
    Wave
        Shape ``(frames,)``. Worked out as one matrix product: powers within a block times powers of whole blocks,
        so that hundreds of modes cost little.
    """
    frames = frames_of(duration_s)
    block = max(16, int(np.sqrt(frames)))
    pole = (-np.log(10.0) / decay_s + 1j * _TAU * hz) / RENDER_RATE_HZ
    start = gains * np.exp(1j * _TAU * (np.zeros_like(hz) if phases is None else phases))
    blocks = -(-frames // block)
    outer = (start * np.exp(np.outer(np.arange(blocks) * block, pole))).astype(np.complex64)  # (blocks, modes)
    inner = np.exp(np.outer(pole, np.arange(block))).astype(np.complex64)  # (modes, block)
    wave = outer.imag @ inner.real + outer.real @ inner.imag
    return wave.reshape(-1)[:frames].astype(np.float64)


def gliding_modes(
    duration_s: float, *, hz: Wave, decay_s: Wave, gains: Wave, bend: float, bend_s: float, phases: Wave | None = None
) -> Wave:
    """Decaying sines whose pitch falls together by ``bend``, a share of the pitch, within ``bend_s``: a struck skin."""
    time = times(duration_s)
    warped = time + bend * bend_s * (1 - np.exp(-time / bend_s))
    wave = np.zeros(len(time))
    for index in range(len(hz)):
        phase = hz[index] * warped + (0.0 if phases is None else phases[index])
        wave += gains[index] * np.exp(-np.log(10.0) / decay_s[index] * time) * np.sin(_TAU * phase)
    return wave


def metal_modes(*, seed: int, count: int, low_hz: float, high_hz: float, slope: float = 1.0) -> Wave:
    """Frequencies of a thin metal plate: without harmony, denser than even on the log scale, shape ``(count,)``.

    ``slope`` 1 spreads them evenly over the octaves, 0 evenly in hertz.
    """
    amounts = np.random.default_rng(derive_seed(seed, "plate")).random(count)
    spaced = low_hz * (high_hz / low_hz) ** amounts
    even = low_hz + (high_hz - low_hz) * amounts
    return np.sort(slope * spaced + (1 - slope) * even)


def plucked_string(
    duration_s: float, *, pitch_hz: float, decay_s: float, damping: float, bright_hz: float, place: float, seed: int
) -> Wave:
    """A string plucked with a burst of noise: a delay line that loses its highs each time round.

    Parameters
    ----------
    duration_s
        Length in seconds.
    pitch_hz
        Pitch of the string.
    decay_s
        Time for 20 dB of the lowest partial.
    damping
        0 rings bright for long, 1 loses its highs at once.
    bright_hz
        Brightness of the plectrum.
    place
        Where it is plucked, 0 to 0.5 of the length: a comb in the spectrum.
    seed
        Seed of the burst.
    """
    frames = frames_of(duration_s)
    half = 0.5 * damping
    delay = RENDER_RATE_HZ / pitch_hz
    period = int(delay)
    part = delay - period
    loss = 10 ** (-1 / (decay_s * pitch_hz))
    taps = loss * np.convolve([half / 2, 1 - half, half / 2], [1 - part, part])  # at period - 1 .. period + 2
    burst = np.random.default_rng(derive_seed(seed, "pluck")).standard_normal(period)
    spectrum = np.fft.rfft(burst)
    hz = np.fft.rfftfreq(period, 1 / RENDER_RATE_HZ)
    spectrum *= 1 / (1 + (hz / bright_hz) ** 2) * np.abs(np.sin(np.pi * place * np.arange(len(hz))))
    spectrum[0] = 0
    wave = np.zeros(frames + 2 * period + 4)
    wave[period + 4 : 2 * period + 4] = np.fft.irfft(spectrum, period)
    stride = period - 1
    for start in range(2 * period + 4, len(wave), stride):
        stop = min(start + stride, len(wave))
        for offset, tap in enumerate(taps):
            behind = period - 1 + offset
            wave[start:stop] += tap * wave[start - behind : stop - behind]
    played = wave[period + 4 : period + 4 + frames]
    return played / max(float(np.max(np.abs(played))), 1e-12)
