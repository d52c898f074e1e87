"""Sounds as pixels: the waveform above, the log-frequency spectrogram below; what all sound pictures are made of.

Below about 500 Hz long windows tell pitches apart, above it short windows tell times apart; the two are blended over an
octave. Each row shows the power inside its own band, so noise is even over the seam.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import fft, signal

from woodshed.dsp import hann
from woodshed.sound import Sound
from woodshed.views.style import Pixels, heat_index, wave_index

LOW_HZ = 30.0
HIGH_HZ = 20_000.0
SPAN_DB = 80.0
WAVES_SHARE = 0.3
_SEAM_HZ = 500.0
_LONG_S = 0.085
_SHORT_S = 0.018
_PADDING = 2
_MAX_PIECES = 6

Levels = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Spectrogram:
    """Levels in dB, ``(channels, rows, columns)``, the highest frequency in the first row, and the range in Hz."""

    levels_db: Levels
    low_hz: float
    high_hz: float

    def shaded(self, *, span_db: float = SPAN_DB) -> Pixels:
        """Palette entries, shape kept: the loudest point is brightest, ``span_db`` below it is dark."""
        top = float(self.levels_db.max(initial=-200.0))
        return (
            heat_index((self.levels_db - top) / span_db + 1.0)
            if top > -190.0
            else np.zeros(self.levels_db.shape, np.uint8)
        )

    def mixed(self) -> Spectrogram:
        """The mean power of all channels, as one channel."""
        if len(self.levels_db) == 1:
            return self
        power = np.mean(10.0 ** (self.levels_db / 10.0), axis=0, keepdims=True, dtype=np.float64)
        return Spectrogram((10.0 * np.log10(power)).astype(np.float32), self.low_hz, self.high_hz)

    def row_of(self, frequency_hz: float) -> float:
        """Where a frequency lies, in rows from the top."""
        octaves = np.log2(self.high_hz / self.low_hz)
        return float(np.log2(self.high_hz / frequency_hz) / octaves * self.levels_db.shape[1])


def spectrogram(sound: Sound, *, rows: int, columns: int, high_hz: float | None = None) -> Spectrogram:
    """Power over time and log frequency, in dB.

    Parameters
    ----------
    sound
        Any finite sound, also of one frame.
    rows, columns
        Size of the picture; rows are evenly spaced in octaves from 30 Hz up.
    high_hz
        Where the rows end; None is 20 kHz or just below half the rate. What lies above half the rate is dark.

    Examples
    --------
    >>> tone = Sound(np.sin(np.arange(44100) * 2 * np.pi * 1000 / 44100), 44100)
    >>> picture = spectrogram(tone, rows=90, columns=50)
    >>> abs(int(picture.levels_db[0, :, 25].argmax()) - picture.row_of(1000)) < 1.5
    True
    """
    rate = sound.sample_rate_hz
    high_hz = high_hz or min(HIGH_HZ, 0.48 * rate)
    low_hz = min(LOW_HZ, high_hz / 16)
    edges = np.geomspace(high_hz, low_hz, rows + 1)
    centres = np.sqrt(edges[:-1] * edges[1:])
    factor = max(1, int(rate / (16 * _SEAM_HZ)))
    long_s = float(np.clip(sound.duration_s / 8, 2 * _SHORT_S, _LONG_S))
    slow = signal.resample_poly(sound.data, 1, factor, axis=1) if factor > 1 else sound.data
    low = _band_levels(slow, rate / factor, edges=edges, columns=columns, window_s=long_s)
    high = _band_levels(sound.data, rate, edges=edges, columns=columns, window_s=_SHORT_S)
    share = np.clip(np.log2(centres / _SEAM_HZ) + 0.5, 0.0, 1.0)[:, np.newaxis]
    return Spectrogram(((1.0 - share) * low + share * high).astype(np.float32), low_hz, high_hz)


def _band_levels(
    data: npt.NDArray[np.float32], rate: float, *, edges: npt.NDArray[np.float64], columns: int, window_s: float
) -> Levels:
    """Level of each band over time with one window, dB, ``(channels, rows, columns)``."""
    size = max(16, 2 ** round(np.log2(window_s * rate)))
    bank, used = _bank(tuple(edges.tolist()), rate, size * _PADDING)
    frames = data.shape[1]
    each = int(np.clip(np.ceil(frames / columns / size), 1, _MAX_PIECES))  # looks per column, for long sounds
    centres = ((np.arange(columns * each) + 0.5) * frames / (columns * each)).astype(np.int64)
    padded = np.pad(data, ((0, 0), (size // 2, size)))
    window = hann(size)
    scale = 2.0 / (rate * float(np.sum(window.astype(np.float64) ** 2)))
    levels = np.empty((len(data), len(bank), columns), dtype=np.float32)
    for channel, row in enumerate(padded):
        pieces = row[centres[:, np.newaxis] + np.arange(size)] * window
        spectra = np.asarray(fft.rfft(pieces, size * _PADDING, axis=1), dtype=np.complex64)[:, used]
        power = (spectra.real**2 + spectra.imag**2) @ bank.T * np.float32(scale)
        levels[channel] = power.reshape(columns, each, -1).mean(axis=1).T
    return np.float32(10.0) * np.log10(levels + np.float32(1e-20))


@lru_cache(maxsize=32)
def _bank(edges: tuple[float, ...], rate: float, size: int) -> tuple[npt.NDArray[np.float32], slice]:
    """How many Hz of each bin lie in each band, ``(rows, bins)``, and which bins those are."""
    width = rate / size
    lows = (np.arange(size // 2 + 1) - 0.5) * width
    tops, bottoms = np.array(edges[:-1])[:, np.newaxis], np.array(edges[1:])[:, np.newaxis]
    shared = np.clip(np.minimum(lows + width, tops) - np.maximum(lows, bottoms), 0.0, None)
    heard = np.flatnonzero(shared.any(axis=0))
    used = slice(int(heard[0]), int(heard[-1]) + 1) if heard.size else slice(0, 1)
    return np.ascontiguousarray(shared[:, used], dtype=np.float32), used


def waveform_tile(data: npt.NDArray[np.float32], *, width: int, height: int, peak: float) -> Pixels:
    """One channel as palette entries ``(height, width)``: from its lowest to its highest value in each column."""
    frames = len(data)
    starts = np.minimum(np.arange(width) * frames // width, frames - 1)
    lowest, highest = np.minimum.reduceat(data, starts), np.maximum.reduceat(data, starts)
    scale = (height / 2 - 1) / max(peak, 1e-9)
    top = height / 2 - highest * scale - 0.5
    bottom = height / 2 - lowest * scale + 0.5
    at = np.arange(height)[:, np.newaxis]
    return wave_index(np.minimum(bottom, at + 1) - np.maximum(top, at))


def sound_tile(sound: Sound, *, width: int, height: int, span_db: float = SPAN_DB) -> Pixels:
    """A whole sound as palette entries ``(height, width)``: the waveform of each channel above one spectrogram.

    The spectrogram reaches from 30 Hz to 20 kHz at any rate and shows the mean power of all channels; more than two
    channels are first mixed. Waveforms fill their
    lane whatever the level, and in the spectrogram the loudest point is brightest.

    Examples
    --------
    >>> sound_tile(Sound(np.zeros((2, 1000)), 8000), width=60, height=40).shape
    (40, 60)
    """
    shown = sound if sound.channels <= 2 else sound.mono()
    waves_height = round(WAVES_SHARE * height)
    lane = waves_height // shown.channels
    tile = np.zeros((height, width), dtype=np.uint8)
    for channel, row in enumerate(shown.data):
        tile[channel * lane : (channel + 1) * lane] = waveform_tile(row, width=width, height=lane, peak=shown.peak)
    picture = spectrogram(shown, rows=height - waves_height, columns=width, high_hz=HIGH_HZ)
    tile[waves_height:] = picture.mixed().shaded(span_db=span_db)[0]
    return tile


def refuse_unseen(sound: Sound) -> None:
    """Raise ``UnusableSound`` for what no picture can show: no frames, NaN or infinity. Silence can be drawn."""
    if sound.frames == 0 or not np.isfinite(sound.data).all():
        sound.checked(name="the sound to be drawn")
