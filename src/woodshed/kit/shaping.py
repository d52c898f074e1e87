"""Envelopes, filters and saturation: what turns raw tones and noise into something played.

Waves are float64 at ``RENDER_RATE_HZ``; times are seconds from the start of the wave.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import signal

from woodshed.kit.recipe import Wave

RENDER_RATE_HZ = 44100
"""Everything is rendered at this one rate and converted at the end, so a seed gives the same sound at every rate."""


def frames_of(duration_s: float) -> int:
    """Number of frames of a duration, at least 1."""
    return max(1, round(duration_s * RENDER_RATE_HZ))


def times(duration_s: float) -> Wave:
    """Time of each frame in seconds, shape ``(frames,)``."""
    return np.arange(frames_of(duration_s)) / RENDER_RATE_HZ


def decaying(wave: Wave, *, decay_s: float, attack_s: float = 0.0, start_s: float = 0.0) -> Wave:
    """Multiply by an envelope: silent until the start, a rise of ``attack_s``, 20 dB down every ``decay_s``."""
    start = min(max(0, round(start_s * RENDER_RATE_HZ)), wave.shape[-1])
    gain = np.zeros(wave.shape[-1])
    gain[start:] = np.exp(np.arange(wave.shape[-1] - start) * (-np.log(10.0) / (decay_s * RENDER_RATE_HZ)))
    rise = min(round(attack_s * RENDER_RATE_HZ), wave.shape[-1] - start)
    gain[start : start + rise] *= np.sin(0.5 * np.pi * np.arange(rise) / max(rise, 1)) ** 2
    return wave * gain


def gated(wave: Wave, *, hold_s: float, release_s: float, attack_s: float = 0.002) -> Wave:
    """Hold a note, then let it go: raised-cosine rise, level, exponential release (20 dB every ``release_s``)."""
    time = np.arange(wave.shape[-1]) / RENDER_RATE_HZ
    gain = np.sin(0.5 * np.pi * np.minimum(time / attack_s, 1.0)) ** 2
    return wave * gain * np.exp(-np.log(10.0) * np.maximum(time - hold_s, 0.0) / release_s)


@lru_cache(maxsize=4096)
def _butterworth(kind: str, order: int, low_hz: float, high_hz: float) -> Wave:
    edges = {"low": high_hz, "high": low_hz}.get(kind, (low_hz, high_hz))
    return np.asarray(signal.butter(order, edges, btype=kind, fs=RENDER_RATE_HZ, output="sos"))


def filtered(sections: Wave, wave: Wave) -> Wave:
    """Second-order sections, shape ``(sections, 6)``, run along time."""
    return np.asarray(signal.sosfilt(sections, wave))


def lowpass(wave: Wave, hz: float, *, order: int = 2) -> Wave:
    """Butterworth low-pass along time."""
    return filtered(_butterworth("low", order, 0.0, min(max(hz, 10.0), 0.49 * RENDER_RATE_HZ)), wave)


def highpass(wave: Wave, hz: float, *, order: int = 2) -> Wave:
    """Butterworth high-pass along time."""
    return filtered(_butterworth("high", order, min(max(hz, 5.0), 0.48 * RENDER_RATE_HZ), 0.0), wave)


def bandpass(wave: Wave, low_hz: float, high_hz: float, *, order: int = 2) -> Wave:
    """Butterworth band-pass along time; the upper edge is kept below the Nyquist frequency."""
    high = min(high_hz, 0.48 * RENDER_RATE_HZ)
    low = min(max(low_hz, 10.0), 0.9 * high)
    return filtered(_butterworth("band", order, low, high), wave)


def resonated(wave: Wave, hz: float, *, q: float, amount: float) -> Wave:
    """Add a resonance: a peak at ``hz`` that is ``amount`` times the input."""
    b, a = signal.iirpeak(min(hz, 0.45 * RENDER_RATE_HZ), q, fs=RENDER_RATE_HZ)
    return wave + amount * np.asarray(signal.lfilter(b, a, wave))


def tilted(wave: Wave, db: float, *, pivot_hz: float = 900.0) -> Wave:
    """Turn the whole balance: lows by ``-db / 2``, highs by ``+db / 2``, around a pivot (one pole, gentle)."""
    low = filtered(_butterworth("low", 1, 0.0, pivot_hz), wave)
    return low * 10 ** (-db / 40) + (wave - low) * 10 ** (db / 40)


def saturated(wave: Wave, amount: float, *, bias: float = 0.0) -> Wave:
    """Round off the peaks as tape or a console does.

    Parameters
    ----------
    wave
        Any level; the curve follows its peak, so the amount means the same for loud and quiet waves.
    amount
        0 leaves the wave alone, 1 is a hard-driven desk, 3 and more is distortion.
    bias
        Asymmetry, which adds even harmonics; its offset is taken out again.
    """
    peak = float(np.max(np.abs(wave), initial=0.0))
    if amount <= 0 or peak == 0:
        return wave
    drive = 0.3 + 2.2 * amount
    shaped = np.tanh(drive * (wave / peak + bias)) - np.tanh(drive * bias)
    return shaped * (peak / max(float(np.max(np.abs(shaped))), 1e-12))


def swept_lowpass(wave: Wave, cutoff_hz: Wave, *, resonance: float = 0.0) -> Wave:
    """A low-pass whose cut-off moves: a cross-fade between fixed filters a third of an octave apart, so nothing clicks.

    Parameters
    ----------
    wave
        Shape ``(frames,)``.
    cutoff_hz
        Cut-off of each frame, shape ``(frames,)``.
    resonance
        0 to 1: height of the peak at the cut-off.
    """
    place = 3.0 * np.log2(np.clip(cutoff_hz, 20.0, 0.45 * RENDER_RATE_HZ) / 20.0)
    out = np.zeros_like(wave)
    for step in range(int(place.min()), int(place.max()) + 2):
        share = np.maximum(1.0 - np.abs(place - step), 0.0)
        out += share * filtered(_lowpass_sections(20.0 * 2 ** (step / 3.0), 0.6 + 5.0 * resonance), wave)
    return out


def _lowpass_sections(hz: float, q: float) -> Wave:
    """Two second-order low-pass sections in a row (the first resonant), shape ``(2, 6)``."""
    angle = 2 * np.pi * min(hz, 0.46 * RENDER_RATE_HZ) / RENDER_RATE_HZ
    rows = []
    for quality in (q, 0.6):
        alpha, cosine = np.sin(angle) / (2 * quality), np.cos(angle)
        b = np.array([(1 - cosine) / 2, 1 - cosine, (1 - cosine) / 2])
        a = np.array([1 + alpha, -2 * cosine, 1 - alpha])
        rows.append(np.concatenate([b, a]) / a[0])
    return np.stack(rows)


def added(*waves: Wave) -> Wave:
    """Sum of waves of any lengths, mono ones spread over stereo ones; all start together."""
    frames = max(wave.shape[-1] for wave in waves)
    stereo = any(wave.ndim == 2 for wave in waves)
    total = np.zeros((2, frames) if stereo else frames)
    for wave in waves:
        total[..., : wave.shape[-1]] += wave
    return total


def delayed(wave: Wave, delay_s: float) -> Wave:
    """The wave with silence before it."""
    return np.concatenate([np.zeros((*wave.shape[:-1], round(delay_s * RENDER_RATE_HZ))), wave], axis=-1)


def levelled(wave: Wave, peak: float = 1.0) -> Wave:
    """The wave scaled to a peak."""
    largest = float(np.max(np.abs(wave), initial=0.0))
    return wave if largest == 0 else wave * (peak / largest)
