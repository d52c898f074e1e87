"""Descriptors of the spectrum of the whole sound: brightness, spread, flatness, tilt, bands, mel and cepstrum."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from woodshed.dsp._audio import Audio
from woodshed.dsp._fourier import cosine_two
from woodshed.dsp.descriptors._view import MEL_BANDS, Descriptor, Numbers, View, centroid_hz, mel_edges_hz, share_db
from woodshed.dsp.maps import log_frequencies_hz, log_frequency_filterbank

FLOOR_DB = -80.0
CEPSTRA = 12
BANDS_HZ = (
    ("sub_band_db", 0.0, 60.0),
    ("low_band_db", 60.0, 250.0),
    ("low_mid_band_db", 250.0, 1000.0),
    ("mid_band_db", 1000.0, 4000.0),
    ("high_mid_band_db", 4000.0, 8000.0),
    ("high_band_db", 8000.0, float("inf")),
    ("air_band_db", 14_000.0, float("inf")),
)
_BAND_EDGES_HZ = np.array([[low for _, low, _ in BANDS_HZ], [high for _, _, high in BANDS_HZ]])
_TILT_LOW_HZ = 62.5
_TILT_HIGH_HZ = 16_000.0
_FLAT_LOW_HZ = 100.0
_CEPSTRUM_RANGE = 1e-6


def _band_help(low_hz: float, high_hz: float) -> str:
    span = f"above {low_hz:g} Hz" if np.isinf(high_hz) else f"from {low_hz:g} to {high_hz:g} Hz"
    return f"energy {span}, of the whole, -80 or more"


TABLE = (
    Descriptor("centroid_hz", "hz", "centre of gravity of the power spectrum: brightness"),
    Descriptor("spread_hz", "hz", "standard deviation of the power spectrum around the centroid"),
    Descriptor("skewness", "", "lean of the spectrum: positive with most power below the centroid, -20 to 20"),
    Descriptor("kurtosis", "", "peakedness of the spectrum: 1.8 for white noise, at most 200"),
    Descriptor("flatness", "share", "geometric by arithmetic mean of the power above 100 Hz: 1 for white noise"),
    Descriptor("entropy", "share", "how evenly the power is spread over the bins: 0 for one sine, 1 for white noise"),
    Descriptor("spectral_crest_db", "db", "strongest bin above the mean of all"),
    Descriptor("strongest_hz", "hz", "frequency of the strongest bin, interpolated"),
    Descriptor("median_hz", "hz", "half of the power lies below"),
    Descriptor("rolloff_hz", "hz", "85 % of the power lies below"),
    Descriptor("rolloff_95_hz", "hz", "95 % of the power lies below"),
    Descriptor("tilt_db_per_octave", "db/octave", "slope of the spectrum from 62 Hz to 16 kHz: white 0, pink -3"),
    *(Descriptor(name, "db", _band_help(low, high), FLOOR_DB) for name, low, high in BANDS_HZ),
    *(
        Descriptor(
            f"mel_{band:02d}_db",
            "db",
            f"energy near {middle:.0f} Hz (mel band), of the whole, -80 or more",
            FLOOR_DB,
        )
        for band, middle in enumerate(mel_edges_hz()[1:-1], start=1)
    ),
    *(
        Descriptor(
            f"cepstrum_{order:02d}",
            "db",
            f"cosine term {order} of the mean mel level (60 dB range): white noise 0",
        )
        for order in range(1, CEPSTRA + 1)
    ),
)


def values(view: View) -> list[float]:
    """The values of the table above, in its order."""
    if view.total <= 0.0:
        return [descriptor.silent for descriptor in TABLE]
    share = view.spectrum / view.total
    bins = view.bins_hz.astype(np.float64)
    centroid = centroid_hz(view.spectrum, view.bins_hz)
    below = np.concatenate([[0.0], np.cumsum(share)])
    return [
        centroid,
        *_moments(share, bins, centroid),
        _flatness(view.spectrum[bins >= min(_FLAT_LOW_HZ, bins[-1] / 4)]),
        float(-np.sum(share * np.log(np.maximum(share, 1e-30))) / np.log(share.size)),
        share_db(float(share.max()), 1.0 / share.size, floor_db=0.0),
        _strongest_hz(view.spectrum, bins),
        *_rolloffs_hz(below, bins[1]),
        _tilt(view),
        *_bands_db(below, bins[1]),
        *(share_db(part, view.total, floor_db=FLOOR_DB) for part in view.mel.sum(axis=0, dtype=np.float64).tolist()),
        *_cepstrum(view),
    ]


def _moments(share: Numbers, bins: Numbers, centroid: float) -> tuple[float, float, float]:
    """Spread in Hz, skewness and kurtosis of a spectrum."""
    away = bins - centroid
    square = np.square(away)
    spread = float(np.sqrt(share @ square))
    if spread < 1e-3:
        return spread, 0.0, 0.0
    skewness = float(share @ (square * away)) / spread**3
    return spread, float(np.clip(skewness, -20.0, 20.0)), min(float(share @ np.square(square)) / spread**4, 200.0)


def _flatness(spectrum: Numbers) -> float:
    mean = float(spectrum.mean())
    if mean <= 0.0:
        return 0.0
    return float(np.exp(np.mean(np.log(np.maximum(spectrum / mean, 1e-10)))))


def _strongest_hz(spectrum: Numbers, bins: Numbers) -> float:
    top = int(np.argmax(spectrum))
    if not 0 < top < spectrum.size - 1:
        return float(bins[top])
    before, middle, after = np.log(np.maximum(spectrum[top - 1 : top + 2], 1e-30))
    bend = before - 2.0 * middle + after
    return float((top + (0.5 * (before - after) / bend if bend < 0.0 else 0.0)) * bins[1])


def _rolloffs_hz(below: Numbers, bin_hz: float) -> list[float]:
    """Frequencies below which 50, 85 and 95 % of the power lie; each bin is spread evenly over its width."""
    places = np.interp((0.5, 0.85, 0.95), below, np.arange(below.size) - 0.5)
    return (np.maximum(places, 0.0) * bin_hz).tolist()


def _bands_db(below: Numbers, bin_hz: float) -> list[float]:
    """Share of the power in each of the bands."""
    places = np.interp(_BAND_EDGES_HZ / bin_hz, np.arange(below.size) - 0.5, below)
    return [share_db(part, 1.0, floor_db=FLOOR_DB) for part in (places[1] - places[0]).tolist()]


def _tilt(view: View) -> float:
    """Slope of the straight line through the level of third octaves over octaves, down to 80 dB below the loudest."""
    top_hz = min(_TILT_HIGH_HZ, 0.45 * view.rate)
    if top_hz < 2.0 * _TILT_LOW_HZ:
        return 0.0
    bank, octaves = _thirds(view.rate, view.window_frames, top_hz)
    level = bank @ view.spectrum
    level_db = 10.0 * np.log10(np.maximum(level / max(float(level.max()), 1e-30), 10.0 ** (FLOOR_DB / 10.0)))
    return float(octaves @ level_db / (octaves @ octaves))


@lru_cache(maxsize=16)
def _thirds(rate: float, window_frames: int, top_hz: float) -> tuple[Numbers, Numbers]:
    """Filters of third octaves and their places in octaves around the middle one."""
    bank = log_frequency_filterbank(
        sample_rate_hz=rate, window_frames=window_frames, bands_per_octave=3, low_hz=_TILT_LOW_HZ, high_hz=top_hz
    )
    centres = log_frequencies_hz(sample_rate_hz=rate, bands_per_octave=3, low_hz=_TILT_LOW_HZ, high_hz=top_hz)
    octaves = np.log2(centres)
    return bank.astype(np.float64), octaves - octaves.mean()


def _cepstrum(view: View) -> list[float]:
    """Cosine terms of the mel level, averaged over the hops with the amplitude as weight."""
    density = view.mel / _mel_widths()
    loudest = float(density.max())
    if loudest <= 0.0:
        return [0.0] * CEPSTRA
    level_db = 10.0 * np.log10(np.maximum(density / loudest, _CEPSTRUM_RANGE))
    weight = np.sqrt(view.hop_energy)
    mean = (weight @ level_db) / weight.sum()
    return [float(term) for term in cosine_two(mean)[1 : CEPSTRA + 1]]


@lru_cache(maxsize=1)
def _mel_widths() -> Audio:
    edges = mel_edges_hz()
    assert edges.size == MEL_BANDS + 2
    return (0.5 * (edges[2:] - edges[:-2])).astype(np.float32)
