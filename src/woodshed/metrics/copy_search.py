"""Copies: is a sound, or its first 60 ms, a training sound again, perhaps re-pitched, cut, faded or turned over?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from woodshed.base.errors import UsageError
from woodshed.metrics._windows import (
    WINDOW_FRAMES,
    Floats,
    Spectra,
    WindowIndex,
    from_spectra,
    heard_for_copies,
    inverse_energy,
    query_of,
    to_spectra,
    window_frames_of,
    windows_of,
)
from woodshed.sound import Sound

_SEARCH_FRAMES = 2048
_SPEEDS_CENTS = tuple(range(-32, 33, 4))
_CLOSER_CENTS = (-3, -2, -1, 1, 2, 3)
_TAPS = 24
_MOST_THREADS = 4
_QUIET_BETWEEN_DB = -30.0  # between the lags, the ringing of loud places would pass for a likeness of quiet ones
_FINE_LAGS = 2
_FINEST_LAGS = 4


@dataclass(frozen=True)
class Nearest:
    """For each sound, the training sound it resembles most.

    ``likeness`` (sounds,) is the largest absolute correlation, 0 to 1; ``index`` (sounds,) counts into the training
    sounds; ``cents`` (sounds,) is the change of speed that gave it.
    """

    likeness: npt.NDArray[np.float64]
    index: npt.NDArray[np.int64]
    cents: npt.NDArray[np.int64]


class CopyFinder:
    """Searches a set of training sounds for what another sound may have been copied from.

    The first 60 ms after the onset are correlated with every place of every training sound (mono, 11025 Hz,
    pre-emphasised, energy normalised under the sliding window, either polarity). The best 20 training sounds, and the
    nearest 20 by features where distances are given, are then searched again at speeds of -35 to +35 cents.

    What it does not see: copies of what comes after the attack under a new attack, layers of several sounds, changes
    of pitch beyond 35 cents, and anything above 5 kHz.

    Parameters
    ----------
    training_sounds
        The sounds that may have been copied.

    Raises
    ------
    UsageError
        If there are none.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(size=(3, 8820)).astype(np.float32) * 0.1
    >>> finder = CopyFinder([Sound(row, 44100) for row in noise])
    >>> found = finder.nearest([Sound(-0.5 * noise[1], 44100)])
    >>> int(found.index[0]), bool(found.likeness[0] > 0.99)
    (1, True)
    """

    def __init__(self, training_sounds: Sequence[Sound]) -> None:
        if not training_sounds:
            raise UsageError(
                "There are no training sounds to look for copies of",
                cause="the training set was left out",
                way_out="give the sounds the model was trained on",
            )
        self._index = WindowIndex(tuple(heard_for_copies(sound) for sound in training_sounds))

    def __len__(self) -> int:
        return len(self._index.waves)

    def nearest(
        self,
        sounds: Sequence[Sound],
        *,
        feature_distances: npt.NDArray[np.floating] | None = None,
        left_out: npt.NDArray[np.bool_] | None = None,
        candidates: int = 20,
    ) -> Nearest:
        """Find the training sound that each sound resembles most.

        Parameters
        ----------
        sounds
            The sounds to judge.
        feature_distances
            Optional, shape ``(sounds, training sounds)``: names further candidates for the search over speeds.
        left_out
            Optional, same shape: True where a training sound must not be taken, for example one of the same group.
        candidates
            How many training sounds of each kind are searched at several speeds; 0 leaves that search out.
        """
        waves = [query_of(heard_for_copies(sound)) for sound in sounds]
        with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
            return self._nearest(pool, waves, feature_distances, left_out, candidates)

    def _nearest(
        self,
        pool: ThreadPoolExecutor,
        waves: Sequence[Floats],
        feature_distances: npt.NDArray[np.floating] | None,
        left_out: npt.NDArray[np.bool_] | None,
        candidates: int,
    ) -> Nearest:
        likeness = self._index.best(waves, pool=pool)
        distances = np.full(likeness.shape, np.inf)
        if feature_distances is not None:
            distances[:] = feature_distances
        if left_out is not None:
            likeness[left_out] = -1.0
            distances[left_out] = np.inf
        for frames in {window_frames_of(wave) for wave in waves}:
            self._inverse(frames)  # made here, so that no two threads make it at once

        def closer(wave: Floats, near: Floats, apart: npt.NDArray[np.float64]) -> tuple[float, int, int]:
            return self._closer(wave, near, apart, candidates)

        found = list(pool.map(closer, waves, likeness, distances))
        columns = np.array(found, dtype=np.float64).reshape(len(waves), 3)
        return Nearest(np.maximum(columns[:, 0], 0.0), columns[:, 1].astype(np.int64), columns[:, 2].astype(np.int64))

    @cached_property
    def _starts(self) -> Spectra:
        """Spectra of the first 0.19 s of each training sound."""
        begin = np.zeros((len(self), _SEARCH_FRAMES), np.float32)
        for row, wave in zip(begin, self._index.waves, strict=True):
            row[: min(wave.size, _SEARCH_FRAMES)] = wave[:_SEARCH_FRAMES]
        return to_spectra(begin, frames=_SEARCH_FRAMES)

    @lru_cache(maxsize=8)  # noqa: B019
    def _inverse(self, frames: int) -> Floats:
        """Inverse window energies of the first 0.19 s of each training sound, shape ``(sounds, places)``."""
        inverse = np.zeros((len(self), _SEARCH_FRAMES - WINDOW_FRAMES + 1), np.float32)
        for row, wave in zip(inverse, self._index.waves, strict=True):
            energy = inverse_energy(wave, frames=frames, quiet_db=_QUIET_BETWEEN_DB)[: inverse.shape[1]]
            row[: energy.size] = energy
        return inverse

    def _closer(
        self, wave: Floats, likeness: Floats, distances: npt.NDArray[np.float64], candidates: int
    ) -> tuple[float, int, int]:
        """The best of one speed, or better at another: (likeness, training sound, cents)."""
        best = (float(likeness.max()), int(likeness.argmax()), 0)
        by_likeness, by_distance = np.argsort(-likeness)[:candidates], np.argsort(distances)[:candidates]
        chosen = np.union1d(by_likeness[likeness[by_likeness] >= 0], by_distance[np.isfinite(distances[by_distance])])
        if chosen.size == 0:
            return best
        coarse = self._at_speeds(wave, chosen, _SPEEDS_CENTS, lags=_FINE_LAGS)
        for column in np.argsort(-coarse.max(axis=0))[:3]:
            cents = _SPEEDS_CENTS[int(coarse[:, column].argmax())]
            speeds = (cents, *(cents + step for step in _CLOSER_CENTS))
            fine = self._at_speeds(wave, chosen[column : column + 1], speeds, lags=_FINEST_LAGS)[:, 0]
            if fine.max() > best[0]:
                best = (min(1.0, float(fine.max())), int(chosen[column]), speeds[int(fine.argmax())])
        return best

    def _at_speeds(self, wave: Floats, chosen: npt.NDArray[np.integer], cents: Sequence[int], *, lags: int) -> Floats:
        """Likeness of a sound at several speeds with a few training sounds, at so many lags a frame.

        Shape ``(speeds, chosen)``.
        """
        frames = window_frames_of(wave)
        inverse = self._inverse(frames)[chosen]
        windows = windows_of([_at_speed(wave, one) for one in cents], frames=frames)
        queries = np.conj(to_spectra(windows, frames=_SEARCH_FRAMES))
        product = queries[:, None] * (self._starts[chosen] * np.float32(lags))[None]
        lines = from_spectra(product, frames=_SEARCH_FRAMES * lags)
        lines = lines[..., : inverse.shape[1] * lags] * np.repeat(inverse, lags, axis=1)
        return np.abs(lines, out=lines).max(axis=-1)


@lru_cache(maxsize=256)
def _reading(cents: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """Where to read, and windowed-sinc weights, for ``WINDOW_FRAMES`` frames at another speed, each (frames, taps)."""
    places = np.arange(WINDOW_FRAMES) * 2.0 ** (cents / 1200.0)
    index = np.floor(places).astype(np.int64)[:, None] + np.arange(1 - _TAPS, _TAPS + 1)[None]
    distance = places[:, None] - index
    window = np.cos(np.pi * np.clip(distance / (2 * _TAPS), -0.5, 0.5)) ** 2
    return index + _TAPS, (np.sinc(distance) * window).astype(np.float32)


def _at_speed(wave: Floats, cents: int) -> Floats:
    """The first window of a wave, read faster (positive cents) or slower; silence before and after it."""
    index, weights = _reading(cents)
    most = int(index[-1, -1]) + 1
    piece = np.zeros(most, np.float32)
    taken = wave[: most - _TAPS]
    piece[_TAPS : _TAPS + taken.size] = taken
    return np.einsum("ft,ft->f", piece[index], weights)
