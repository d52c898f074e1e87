"""What the copy search hears: a sound without its envelope, so that only the fine structure is left to compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft, signal
from scipy.ndimage import uniform_filter1d

from woodshed.sound import Sound

Floats = npt.NDArray[np.float32]

RATE_HZ = 11025
"""Rate at which copies are looked for; both sides are brought there on purpose (about 5 kHz of bandwidth)."""

LEAD_FRAMES = 110
"""10 ms are kept before the onset."""

HEARD_S = 2.0
"""No more than this of a sound is looked at, from its onset."""

EARLY_FRAMES = 5512
"""What may have been copied is kept from half a second before its onset: a fade can leave just a quiet beginning."""

_ONSET_DB = -25.0
_WINDOW = 256
_HOP = 64
_HALF_BAND = 0.125  # of the frequency: bands of a quarter of it
_NOTHING_DB = -110.0  # below the loudest frame: rounding, and what filters leave of bass
_CANCELLED = 0.05  # left of the sides' energy when they are mixed: then their difference is heard


@dataclass(frozen=True)
class Ear:
    """How a sound is heard: at which rate and for how long, from which frequency on, and how quiet bands may be.

    ``floor_db`` is below the loudest band, where hiss would be raised in place of sound.
    """

    rate_hz: int = RATE_HZ
    heard_s: float = HEARD_S
    lowest_hz: float = 0.0
    floor_db: float = -45.0


FULL = Ear()
BRIGHT = Ear(22050, 0.15, 700.0, -60.0)
"""The first 150 ms above 700 Hz, quiet as it may be beside the rest: all that steady bass has of its own."""


def heard(sound: Sound, *, lead_frames: int = LEAD_FRAMES, ear: Ear = FULL) -> Floats:
    """Mono from 10 ms before the onset (110 frames), every band at every moment brought to one level.

    Two sounds of one fine structure agree afterwards, whatever gain, filter, fade or band envelope was laid on them.

    Parameters
    ----------
    lead_frames
        How much is kept before the onset, zeros where the sound has less.

    Returns
    -------
    array of float32, shape ``(frames,)``, unit peak; zeros where nothing sounds.
    """
    wave = Sound(_one_channel(sound), sound.sample_rate_hz).resampled(ear.rate_hz).data[0]
    onset, heard_frames = _onset(wave), round(ear.heard_s * ear.rate_hz)
    wave = _high_passed(wave[: onset + heard_frames], ear)
    return whitened(np.pad(wave, (lead_frames, 0))[onset : onset + lead_frames + heard_frames], floor_db=ear.floor_db)


def whitened(wave: npt.NDArray[np.floating], *, floor_db: float = FULL.floor_db) -> Floats:
    """Divide a wave by its envelope over time (256 frames, so 23 ms at 11025 Hz) and frequency (a quarter of it).

    Examples
    --------
    >>> quiet_end = np.random.default_rng(0).normal(size=4096) * np.linspace(1, 0.1, 4096)
    >>> level = whitened(quiet_end)
    >>> bool(abs(np.std(level[500:1000]) / np.std(level[3000:3500]) - 1) < 0.2)
    True
    """
    peak = float(np.max(np.abs(wave), initial=0.0))
    if wave.size == 0 or peak < 1e-9:
        return np.zeros(wave.size, np.float32)
    padded = np.pad(np.asarray(wave / peak, np.float32), (_WINDOW, 2 * _WINDOW))
    shape = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    pieces = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    spectra = np.asarray(fft.rfft(pieces * shape, axis=-1))
    power = uniform_filter1d(np.abs(spectra) ** 2, 3, axis=0, mode="constant")
    banded = _banded(power)
    spectra /= np.sqrt(banded + banded.max() * np.float32(10 ** (floor_db / 10)))
    pieces = np.asarray(fft.irfft(spectra, n=_WINDOW, axis=-1)) * shape
    flat = np.zeros(len(pieces) * _HOP + _WINDOW, np.float32)
    for turn in range(_WINDOW // _HOP):
        part = pieces[turn :: _WINDOW // _HOP].reshape(-1)
        flat[turn * _HOP : turn * _HOP + part.size] += part
    found = flat[_WINDOW : _WINDOW + wave.size]
    return (found / np.float32(max(float(np.max(np.abs(found))), 1e-9))).astype(np.float32)


def _banded(power: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Mean power of the band around each bin, shape ``(hops, bins)``."""
    bins = np.arange(power.shape[1])
    half = np.maximum(1, np.round(_HALF_BAND * bins).astype(int))
    low, high = np.maximum(0, bins - half), np.minimum(bins.size, bins + half + 1)
    summed = np.pad(np.cumsum(power, axis=1), ((0, 0), (1, 0)))
    return np.maximum(summed[:, high] - summed[:, low], 0.0) / (high - low)


def _one_channel(sound: Sound) -> Floats:
    """The middle; the difference of the sides where they cancel each other."""
    data = np.nan_to_num(sound.data, posinf=0.0, neginf=0.0)
    middle = data.mean(axis=0)
    if sound.channels == 2:
        side = (data[0] - data[1]) / 2
        if np.sum(middle**2) < _CANCELLED * np.sum(side**2):
            return side
    return middle


def _onset(wave: Floats) -> int:
    if wave.size == 0:
        return 0
    level = np.sqrt(np.convolve(wave.astype(np.float64) ** 2, np.ones(11) / 11, mode="same"))
    return int(np.argmax(level > level.max() * 10 ** (_ONSET_DB / 20)))


def _high_passed(wave: Floats, ear: Ear) -> Floats:
    """What lies above the ear's lowest frequency; silence where that is nothing."""
    if not ear.lowest_hz or wave.size == 0:
        return wave
    sections = signal.butter(8, ear.lowest_hz, "highpass", fs=ear.rate_hz, output="sos")
    high = np.asarray(signal.sosfilt(sections, wave.astype(np.float64)))
    nothing = np.max(np.abs(high)) < np.max(np.abs(wave)) * 10 ** (_NOTHING_DB / 20)
    return np.zeros_like(wave) if nothing else high.astype(np.float32)
