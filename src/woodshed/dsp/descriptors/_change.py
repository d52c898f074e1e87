"""Descriptors of how the spectrum changes, of pitch and of space."""

from __future__ import annotations

import numpy as np

from woodshed.dsp.descriptors._view import Descriptor, Numbers, View, centroid_hz, share_db

FLOOR_DB = -80.0
_SPLIT_LOW_HZ = 250.0
_SPLIT_HIGH_HZ = 2000.0
_GLIDE_STRENGTH = 0.5
_GLIDE_LOUDNESS = 0.03
_LARGEST_STEP = 6.0  # semitones from piece to piece; more is a slip to another partial, not a glide

TABLE = (
    Descriptor("flux", "share", "unlikeness of the spectrum from one hop (23 ms) to the next: 0 for a steady tone"),
    Descriptor("attack_centroid_hz", "hz", "centroid of the first 50 ms from the onset on"),
    Descriptor("late_centroid_hz", "hz", "centroid from 100 ms after the onset on, or of the very end"),
    Descriptor("centroid_drift_octaves", "octaves", "from the attack centroid to the late one; darkening is negative"),
    Descriptor("centroid_deviation_octaves", "octaves", "wandering of the centroid, weighted by power"),
    Descriptor("attack_high_band_db", "db", "energy above 8 kHz in the first 50 ms, of them, -80 or more", FLOOR_DB),
    Descriptor("late_high_band_db", "db", "energy above 8 kHz after 100 ms, of it, -80 or more", FLOOR_DB),
    Descriptor("pitch_hz", "hz", "fundamental most of the sound agrees on; 0 where there is none"),
    Descriptor("pitch_strength", "share", "how strongly that pitch is heard: noise near 0, a steady tone 1"),
    Descriptor("pitch_glide_semitones", "semitones", "along the clear pitches, leaps left out; falling is negative"),
    Descriptor("fundamental_level_db", "db", "energy within a sixth of an octave of the pitch, -80 or more", FLOOR_DB),
    Descriptor("stereo_width", "share", "energy lost in mono: 0 for mono, 0.5 for unrelated channels, 1 in antiphase"),
    Descriptor("low_stereo_width", "share", "the same below 250 Hz (stereo only)"),
    Descriptor("high_stereo_width", "share", "the same above 2 kHz (stereo only)"),
    Descriptor("channel_correlation", "correlation", "mean over all pairs of channels, -1 to 1; 1 for mono", 1.0),
    Descriptor("balance_db", "db", "second channel above the first, -60 to 60 (stereo only)"),
)


def values(view: View) -> list[float]:
    """The values of the table above, in its order."""
    return [*_changes(view), *_pitches(view), *_space(view)]


def _changes(view: View) -> list[float]:
    if view.total <= 0.0:
        return [descriptor.silent for descriptor in TABLE[:7]]
    attack_hz = centroid_hz(view.early_spectrum, view.bins_hz)
    late_hz = centroid_hz(view.late_spectrum, view.bins_hz)
    drift = float(np.log2(late_hz / attack_hz)) if min(attack_hz, late_hz) > 0.0 else 0.0
    return [
        _flux(view),
        attack_hz,
        late_hz,
        drift,
        _deviation_octaves(view),
        _high_band_db(view.early_spectrum, view),
        _high_band_db(view.late_spectrum, view),
    ]


def _flux(view: View) -> float:
    """One less the cosine between the magnitudes of neighbouring hops, weighted by their energy."""
    magnitude = np.sqrt(view.power)
    product = np.einsum("hk,hk->h", magnitude[1:], magnitude[:-1]).astype(np.float64)
    energy = np.sqrt(view.hop_energy[1:] * view.hop_energy[:-1])
    if energy.sum() <= 0.0:
        return 0.0
    return float(np.clip(1.0 - product.sum() / energy.sum(), 0.0, 1.0))


def _deviation_octaves(view: View) -> float:
    heard = view.hop_energy > 1e-6 * view.hop_energy.max()
    energy = view.hop_energy[heard]
    octaves = np.log2(np.maximum((view.power @ view.bins_hz)[heard] / energy, 1.0))
    mean = float(energy @ octaves) / float(energy.sum())
    return float(np.sqrt(energy @ np.square(octaves - mean) / energy.sum()))


def _high_band_db(spectrum: Numbers, view: View) -> float:
    high = float(spectrum[view.bins_hz >= 8000.0].sum())
    return share_db(high, float(spectrum.sum()), floor_db=FLOOR_DB)


def _pitches(view: View) -> list[float]:
    pitch = view.pitch
    if not np.isfinite(pitch.frequency_hz):
        return [0.0, pitch.strength, 0.0, FLOOR_DB]
    near = _around_pitch(view, pitch.frequency_hz)
    return [pitch.frequency_hz, pitch.strength, _glide(view), share_db(near, view.total, floor_db=FLOOR_DB)]


def _around_pitch(view: View, frequency_hz: float) -> float:
    """Power within a sixth of an octave of a frequency, and at least in the bins the window smears a sine over."""
    bins, step = view.bins_hz, 2.0 * float(view.bins_hz[1])
    low = min(frequency_hz * 2.0 ** (-1 / 6), frequency_hz - step)
    high = max(frequency_hz * 2.0 ** (1 / 6), frequency_hz + step)
    return float(view.spectrum[(bins >= low) & (bins <= high)].sum())


def _glide(view: View) -> float:
    """Semitones from piece to piece of clear pitch, added up; leaps from one partial to another do not count."""
    track = view.track
    loud = track.amplitude > _GLIDE_LOUDNESS * track.amplitude.max(initial=0.0)
    steps = 12.0 * np.diff(np.log2(track.frequency_hz[loud & (track.strength >= _GLIDE_STRENGTH)]))
    return float(steps[np.abs(steps) <= _LARGEST_STEP].sum())


def _space(view: View) -> list[float]:
    channels = len(view.gram)
    if channels == 1:
        return [0.0, 0.0, 0.0, 1.0, 0.0]
    power = np.diag(view.gram)
    total = float(power.sum())
    width = 1.0 - float(view.gram.sum()) / channels / max(total, 1e-30)
    scale = np.sqrt(np.outer(power, power))
    pairs = np.divide(view.gram, scale, out=np.zeros_like(scale), where=scale > 0.0)
    correlation = (pairs.sum() - np.trace(pairs)) / (channels * (channels - 1))
    if channels != 2:
        return [width, width, width, float(correlation), 0.0]
    balance = share_db(float(power[1]), float(power[0]), floor_db=-60.0) if power[0] > 0.0 else 60.0
    low, high = _width(view, 0.0, _SPLIT_LOW_HZ), _width(view, _SPLIT_HIGH_HZ, np.inf)
    return [float(np.clip(width, 0.0, 1.0)), low, high, float(np.clip(correlation, -1.0, 1.0)), min(balance, 60.0)]


def _width(view: View, low_hz: float, high_hz: float) -> float:
    """Share of the side in the energy of a band."""
    band = (view.bins_hz >= low_hz) & (view.bins_hz <= high_hz)
    middle, side = view.layer_spectra[:, band].sum(axis=1).tolist()
    return side / (middle + side) if middle + side > 1e-9 * view.total else 0.0
