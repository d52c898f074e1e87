"""Two fixed ways to place a sound in space. Nothing here learns from what is judged; the reference sets the scale."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from woodshed.base.errors import UsageError
from woodshed.dsp import DESCRIPTORS, descriptors, mel_filterbank, stft
from woodshed.sound import Sound

Vector = npt.NDArray[np.floating]

FEATURES_VERSION = 5
"""Rises when a feature changes: figures of different versions must not be compared."""

_BANDS = 40
_WINDOW_S = 0.0232
_HOP_S = 0.0058
_FLOOR_DB = -70.0
_EDGES_HOPS = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256)
_BAND_GROUPS = 8
_MODULATION_OCTAVES = 5
_LIMIT = 4.0
_LEAST_SPREAD = 0.25
_SMALLEST = {"hz": 20.0, "ms": 1.0, "s": 0.005}
_LOWEST = np.array([_SMALLEST.get(descriptor.unit, np.nan) for descriptor in DESCRIPTORS])


def described(sound: Sound) -> Vector:
    """The descriptor vector of a sound, in the units of ``dsp.DESCRIPTORS``, shape ``(len(DESCRIPTORS),)``."""
    return np.asarray(descriptors(sound.data, sound.sample_rate_hz), dtype=np.float64)


def compressed(values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Descriptor values with times and frequencies in octaves, as ears compare them; last axis counts descriptors."""
    octaves = np.log2(np.maximum(values, _LOWEST))
    return np.where(np.isfinite(_LOWEST), octaves, values)


def pictured(sound: Sound) -> Vector:
    """The sound's log-mel picture over growing stretches of time, and how fast its bands flutter.

    40 mel bands (mono, floor at -70 dB, in units of 10 dB) averaged over 9 stretches that double in length from 6 ms
    on, up to 1.5 s; then the depth of modulation in 8 groups of bands and 5 octaves of modulation, the second layer of
    a scattering transform in the small.

    Returns
    -------
    array of float64, shape ``(400,)``.
    """
    power = _mel_power(sound)  # (bands, hops)
    decibels = 10 * np.log10(power + 10 ** (_FLOOR_DB / 10)) / 10
    edges = [(low, high) for low, high in itertools.pairwise(_EDGES_HOPS)]
    stretches = [decibels[:, low:high].mean(axis=1) for low, high in edges]
    return np.concatenate([np.concatenate(stretches), _flutter(power)])


def mel_picture(sound: Sound) -> npt.NDArray[np.float32]:
    """The log-mel picture of the first 1.5 s, mono, in units of 10 dB above -70 dB, for judges that look at it.

    Returns
    -------
    array of float32, shape ``(40, 256)``: mel bands from 30 Hz up, hops of 5.8 ms.
    """
    return (10 * np.log10(_mel_power(sound) + 10 ** (_FLOOR_DB / 10)) / 10 - _FLOOR_DB / 10).astype(np.float32)


def _mel_power(sound: Sound) -> Vector:
    """Power of 40 mel bands in hops of 5.8 ms, padded or cut to 1.5 s, shape ``(40, 256)``."""
    window = 2 * round(_WINDOW_S * sound.sample_rate_hz / 2)
    hop = round(_HOP_S * sound.sample_rate_hz)
    wave = sound.mono().data[0][: _EDGES_HOPS[-1] * hop]
    spectrum = stft(np.pad(wave, (0, max(0, window - wave.size))), window_frames=window, hop_frames=hop)
    bank = mel_filterbank(sample_rate_hz=sound.sample_rate_hz, window_frames=window, bands=_BANDS, low_hz=30.0)
    bank = bank / np.maximum(bank.max(axis=1, keepdims=True), 1e-12)
    power = (bank @ (spectrum.real**2 + spectrum.imag**2)) / (window / 4) ** 2
    power = power[:, : _EDGES_HOPS[-1]]
    return np.pad(power, ((0, 0), (0, _EDGES_HOPS[-1] - power.shape[1]))).astype(np.float64)


def _flutter(power: Vector) -> Vector:
    """Depth of modulation of band groups in octaves of modulation rate (4 to 86 Hz and below), in units of 10 dB."""
    groups = power.reshape(_BAND_GROUPS, -1, power.shape[1]).mean(axis=1)
    amplitude = np.sqrt(groups)
    changes = np.abs(np.fft.rfft(amplitude * np.hanning(2 * amplitude.shape[1])[amplitude.shape[1] :], axis=1)) ** 2
    total = np.maximum(changes[:, 0], 1e-6)
    edges = [changes.shape[1] // 2**octave for octave in range(_MODULATION_OCTAVES, -1, -1)]
    depth = [changes[:, low:high].sum(axis=1) / total for low, high in itertools.pairwise(edges)]
    return (np.log10(np.stack(depth, axis=1) + 1e-3)).ravel()


SPACES: Mapping[str, Callable[[Sound], Vector]] = {
    "descriptors": lambda sound: compressed(described(sound)),
    "spectral": pictured,
}
"""The feature spaces by name."""


def raw_features(sounds: Sequence[Sound], *, space: str) -> npt.NDArray[np.float64]:
    """Unscaled features of sounds, shape ``(sounds, dims)``; each sound on its own: company does not matter."""
    vectors = [SPACES[space](sound) for sound in sounds]
    return np.array(vectors, dtype=np.float64)


@dataclass(frozen=True)
class FeatureSpace:
    """A feature space with the scale of one reference set: robustly standardised, then its 32 main directions.

    Each raw feature is centred at the reference's median and divided by its spread (0.74 times the range of the middle
    half, but at least a quarter of its standard deviation: a feature that is 0 for most sounds, such as the balance of
    mono ones, would else weigh more than all others together), held within +-4, and turned to the principal directions
    of the reference. Without whitening: what varies more among real sounds counts more.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> space = FeatureSpace.of(rng.normal(size=(100, 50)), dims=8)
    >>> space.placed(rng.normal(size=(3, 50))).shape
    (3, 8)
    """

    centre: Vector
    spread: Vector
    directions: Vector
    mean: Vector

    @classmethod
    def of(cls, raw: npt.NDArray[np.floating], *, dims: int = 32) -> FeatureSpace:
        """Take the scale from the raw features of a reference set, shape ``(sounds, features)``.

        Raises
        ------
        UsageError
            If there are fewer than 4 sounds.
        """
        if raw.ndim != 2 or len(raw) < 4:
            raise UsageError(
                f"{len(raw)} sounds are too few to set a scale",
                cause="a very small folder, or most sounds were held out",
                way_out="add sounds: at least 4, better 100",
            )
        low, centre, high = np.percentile(raw, [25, 50, 75], axis=0)
        spread = np.maximum(0.7413 * (high - low), _LEAST_SPREAD * raw.std(axis=0))
        spread = np.where(spread > 1e-6, spread, np.inf)  # a constant says nothing
        scaled = _scaled(raw, centre, spread)
        mean = scaled.mean(axis=0)
        directions = np.linalg.svd(scaled - mean, full_matrices=False)[2][:dims]
        return cls(centre, spread, directions, mean)

    def placed(self, raw: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Raw features, shape ``(sounds, features)``, as places in this space, shape ``(sounds, dims)``."""
        return (_scaled(raw, self.centre, self.spread) - self.mean) @ self.directions.T


def _scaled(raw: npt.NDArray[np.floating], centre: Vector, spread: Vector) -> Vector:
    return np.clip((raw - centre) / spread, -_LIMIT, _LIMIT)
