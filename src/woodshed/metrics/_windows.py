"""The engine under the copy check: one short window of sound, correlated with every place of every other sound."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor

import numpy as np
import numpy.typing as npt
from scipy import fft

from woodshed.sound import Sound

Floats = npt.NDArray[np.float32]
Spectra = npt.NDArray[np.complex64]

RATE_HZ = 11025
"""Rate at which copies are looked for; both sides are brought there on purpose (about 5 kHz of bandwidth)."""

WINDOW_FRAMES = 662
"""60 ms."""

LENGTHS_FRAMES = (220, 331, 496, WINDOW_FRAMES)
"""20, 30, 45 and 60 ms: the longest that a sound fills is used."""

LEAD_FRAMES = 110
"""10 ms are kept before the onset of what is searched."""

QUERY_FRAMES = LEAD_FRAMES + 44
"""What is looked for starts 4 ms after the onset."""

_BLOCK = 4096
_HOP = _BLOCK - WINDOW_FRAMES + 1
_QUERIES = 8
_GAP_FRAMES = 64
_PRE_EMPHASIS = 0.95
_QUIET_DB = -60.0


def heard_for_copies(sound: Sound) -> Floats:
    """What the copy check hears: mono at 11025 Hz, pre-emphasised, from 10 ms before the first onset on.

    Returns
    -------
    array of float32, shape ``(frames,)``, unit peak; at least long enough for one window (padded with zeros).
    """
    mono = np.nan_to_num(sound.mono().data, posinf=0.0, neginf=0.0)
    wave = Sound(mono, sound.sample_rate_hz).resampled(RATE_HZ).data[0]
    level = np.sqrt(np.convolve(wave.astype(np.float64) ** 2, np.ones(11) / 11, mode="same")) if wave.size else wave
    onset = int(np.argmax(level > level.max(initial=0.0) * 10 ** (-25 / 20))) if wave.size else 0
    before = np.pad(wave, (LEAD_FRAMES + 1, 0))[onset:]
    heard = before[1:] - np.float32(_PRE_EMPHASIS) * before[:-1]
    peak = float(np.max(np.abs(heard), initial=0.0))
    heard = heard / np.float32(peak) if peak > 1e-9 else np.zeros(0, np.float32)
    return np.pad(heard, (0, max(0, QUERY_FRAMES + WINDOW_FRAMES - heard.size))).astype(np.float32)


def query_of(wave: Floats) -> Floats:
    """The part that is looked for elsewhere: from 4 ms after the onset, lest the click of a cut outweigh the rest."""
    return wave[QUERY_FRAMES:]


def window_frames_of(query: Floats, *, lengths: tuple[int, ...] = LENGTHS_FRAMES) -> int:
    """The longest of ``lengths`` that the sound fills: a sound cut after 25 ms is compared over 20 ms."""
    longest = max(lengths)
    loud = np.abs(query[:longest]) > np.max(np.abs(query[:longest]), initial=0.0) * 10 ** (-40 / 20)
    last = int(np.flatnonzero(loud)[-1]) + 1 if loud.any() else 0
    fitting = [length for length in lengths if length <= last * 1.05]
    return max(fitting, default=min(lengths))


def windows_of(waves: Sequence[Floats], *, frames: int) -> Floats:
    """The first frames of each wave, unit energy (zero where it is silent), shape ``(waves, frames)``."""
    cut = np.zeros((len(waves), frames), np.float32)
    for row, wave in zip(cut, waves, strict=True):
        piece = wave[:frames]
        row[: piece.size] = piece
    energy = np.sum(cut**2, axis=-1, keepdims=True)
    return np.where(energy > 1e-12, cut / np.sqrt(np.maximum(energy, 1e-12)), 0.0).astype(np.float32)


def inverse_energy(wave: Floats, *, frames: int, quiet_db: float = _QUIET_DB) -> Floats:
    """One over the root of the energy under a window that starts at each frame; 0 where it is far below the loudest.

    Shape ``(max(1, wave frames - frames + 1),)``.
    """
    total = np.concatenate([[0.0], np.cumsum(wave.astype(np.float64) ** 2)])
    energy = total[frames:] - total[:-frames] if wave.size >= frames else total[-1:]
    loud = energy > max(float(energy.max(initial=0.0)) * 10 ** (quiet_db / 10), 1e-12)
    return np.where(loud, 1.0 / np.sqrt(np.maximum(energy, 1e-12)), 0.0).astype(np.float32)


def to_spectra(rows: Floats, *, frames: int) -> Spectra:
    """Spectra of real rows padded to so many frames, single precision, shape ``(..., frames // 2 + 1)``."""
    return np.asarray(fft.rfft(rows, n=frames, axis=-1)).astype(np.complex64, copy=False)


def from_spectra(spectra: Spectra, *, frames: int) -> Floats:
    """Back from spectra, which may be overwritten; more frames than they had read between the lags."""
    return np.asarray(fft.irfft(spectra, n=frames, axis=-1, overwrite_x=True))


class WindowIndex:
    """All places of all sounds, ready to be correlated with windows.

    Parameters
    ----------
    waves
        What ``heard_for_copies`` gave for each sound.
    """

    def __init__(self, waves: Sequence[Floats]) -> None:
        self.waves = tuple(waves)
        lengths = [wave.size + _GAP_FRAMES for wave in self.waves]
        self._starts = np.concatenate([[0], np.cumsum(lengths)]).astype(int)
        self._blocks = -(-int(self._starts[-1]) // _HOP)
        stream = np.zeros(self._blocks * _HOP + WINDOW_FRAMES, np.float32)
        for start, wave in zip(self._starts, self.waves, strict=False):
            stream[start : start + wave.size] = wave
        rows = np.lib.stride_tricks.sliding_window_view(stream, _BLOCK)[::_HOP][: self._blocks]
        self._spectra = to_spectra(rows, frames=_BLOCK)
        self._inverses: dict[int, Floats] = {}

    def best(self, queries: Sequence[Floats], *, pool: Executor) -> Floats:
        """Largest absolute correlation of the first window of each query with each sound, over all places.

        The pool's threads share the work; which does what changes no figure.

        Returns
        -------
        array of float32, shape ``(queries, sounds)``, 0 to 1.
        """
        found = np.zeros((len(queries), len(self.waves)), np.float32)
        lengths = np.array([window_frames_of(query) for query in queries], dtype=int)
        for frames in np.unique(lengths):
            self._inverse(int(frames))  # made here, so that no two threads make it at once
            places = np.flatnonzero(lengths == frames)
            parts = [places[first : first + _QUERIES] for first in range(0, places.size, _QUERIES)]
            windows = [windows_of([queries[place] for place in part], frames=int(frames)) for part in parts]
            for part, best in zip(parts, pool.map(self._best_of_few, windows), strict=True):
                found[part] = best
        return np.minimum(found, 1.0)

    def _inverse(self, frames: int) -> Floats:
        if frames not in self._inverses:
            line = np.zeros(self._blocks * _HOP, np.float32)
            for start, wave in zip(self._starts, self.waves, strict=False):
                one = inverse_energy(wave, frames=frames)
                line[start : start + one.size] = one
            self._inverses[frames] = line.reshape(self._blocks, _HOP)
        return self._inverses[frames]

    def _best_of_few(self, windows: Floats) -> Floats:
        spectra = np.conj(to_spectra(windows, frames=_BLOCK))
        inverse = self._inverse(windows.shape[-1])
        line = np.empty((len(spectra), self._blocks * _HOP), np.float32)
        for first in range(0, self._blocks, 8):
            part = slice(first, min(first + 8, self._blocks))
            product = spectra[:, None] * self._spectra[part][None]
            wave = from_spectra(product, frames=_BLOCK)[..., :_HOP]
            scaled = wave * inverse[part]
            line[:, part.start * _HOP : part.stop * _HOP] = np.abs(scaled, out=scaled).reshape(len(spectra), -1)
        return np.maximum.reduceat(line, self._starts[:-1], axis=-1)
