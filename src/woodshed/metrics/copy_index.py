"""Which training sound a sound was copied from, if any: fine structure against fine structure, at many speeds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.signal import resample_poly

from woodshed.base.errors import UsageError
from woodshed.metrics._whitening import EARLY_FRAMES, LEAD_FRAMES, Floats, heard
from woodshed.metrics._windows import LENGTHS_FRAMES, WindowIndex, window_frames_of
from woodshed.sound import Sound

MEASURES = ("attack", "windows", "whole")
"""The first 60 ms at many speeds; 120 ms windows against every place; half a second at the speeds found for attacks."""

_QUERY = LEAD_FRAMES + 44  # what is looked for starts 4 ms after the onset, lest the click of a cut outweigh the rest
_WINDOW = max(LENGTHS_FRAMES)
_SIZE = 1440  # of the transforms: the window may lie up to 70 ms after the start of what is searched
_PLACES = _SIZE - _WINDOW + 1
_COARSE_CENTS = (-30, -15, 0, 15, 30)
_SPEEDS_CENTS = tuple(range(-36, 37, 4))
_CLOSER_CENTS = (-3, -2, -1, 0, 1, 2, 3)
_CANDIDATES = 16
_USUAL = 12  # the likeness to the 12th nearest is the usual one: there are hardly ever so many copies of one sound
_OTHER_CENTS = (-120, -80, 80, 120)
_ELSEWHERE = 110  # another moment of a sound is one at least so many frames away
_TAPS = 16
_QUIET_DB = -30.0
_BLOCK = 64
_WHOLE = (2756, 1378)  # half a second at half the rate, or a quarter where a sound is shorter
_WHOLE_SIZE = 3200  # with the places where it may begin
_MOST = 0.9999
_MOST_THREADS = 4


@dataclass(frozen=True)
class Matches:
    """For each sound, how much it resembles one training sound more than it resembles the others.

    Attributes
    ----------
    excess
        Shape ``(sounds, measures)``: artanh of the largest correlation less that of the 12th nearest training sound,
        or that of the sound with itself elsewhere where this is more. About 0.05 for unrelated sounds, above 0.5 for
        copies; a measure that says nothing is 0.
    index
        Shape ``(sounds, measures)``: the training sound, counted.
    likeness
        Shape ``(sounds,)``: the largest correlation of the attack, 0 to 1.
    cents
        Shape ``(sounds,)``: the change of speed that gave it.
    """

    excess: npt.NDArray[np.float64]
    index: npt.NDArray[np.int64]
    likeness: npt.NDArray[np.float64]
    cents: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.likeness)

    @staticmethod
    def joined(parts: Sequence[Matches]) -> Matches:
        """Several one after the other."""
        return Matches(
            np.concatenate([one.excess for one in parts]) if parts else np.zeros((0, len(MEASURES))),
            np.concatenate([one.index for one in parts]) if parts else np.zeros((0, len(MEASURES)), np.int64),
            np.concatenate([one.likeness for one in parts]) if parts else np.zeros(0),
            np.concatenate([one.cents for one in parts]) if parts else np.zeros(0, np.int64),
        )


class CopyIndex:
    """Training sounds, ready to be searched for what another sound was copied from.

    Both sides are brought to mono and 11025 Hz, and every band to one level at every moment, so that neither gain,
    polarity, channels, filters, fades nor another band envelope hide a copy. A sound counts by how far its nearest
    training sound stands out from the others, and from the sound's own likeness to itself at another moment or a
    semitone off: two low tones agree however different they are, two hisses never do.

    What it does not see: layers of several sounds, changes of pitch beyond 40 cents, anything above 5 kHz, and what
    comes more than two seconds after the onset.

    Parameters
    ----------
    training_sounds
        The sounds that may have been copied.
    twins
        One number per sound, the same for duplicates of each other; None: no duplicates are known.

    Raises
    ------
    UsageError
        If there are none.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=(8, 8820)) * np.exp(-np.arange(8820) / 2000)
    >>> index = CopyIndex([Sound(row, 44100) for row in noise])
    >>> found = index.matches([Sound(-0.5 * noise[3, 300:], 44100)])
    >>> int(found.index[0, 0]), bool(found.excess[0, 0] > 0.6)
    (3, True)
    """

    def __init__(self, training_sounds: Sequence[Sound], *, twins: Sequence[int] | None = None) -> None:
        if not training_sounds:
            raise UsageError(
                "There are no training sounds to look for copies of",
                cause="the training set was left out",
                way_out="give the sounds the model was trained on",
            )
        early = [heard(sound, lead_frames=EARLY_FRAMES) for sound in training_sounds]
        self._of([wave[EARLY_FRAMES - LEAD_FRAMES :] for wave in early], twins)
        self._early = [np.trim_zeros(wave, "f") for wave in early]

    @classmethod
    def of_waves(cls, waves: Sequence[Floats], *, twins: Sequence[int] | None = None) -> CopyIndex:
        """The same of waves at 11025 Hz that begin 10 ms before the onset and were ``whitened`` already."""
        made = cls.__new__(cls)
        made._of(waves, twins)
        return made

    def _of(self, waves: Sequence[Floats], twins: Sequence[int] | None) -> None:
        self.waves = self._early = tuple(waves)
        self.twins = np.arange(len(self.waves)) if twins is None else np.asarray(twins, dtype=np.int64)
        starts = np.zeros((len(self.waves), _SIZE), np.float32)
        for row, wave in zip(starts, self.waves, strict=True):
            row[: min(wave.size, _SIZE)] = wave[:_SIZE]
        self._spectra = np.asarray(fft.rfft(starts, axis=-1)).astype(np.complex64)
        self._full = _Energies(starts, places=_PLACES)
        self._low = _Energies(_lower(self._spectra), places=_PLACES // 2)
        self._everywhere: WindowIndex | None = None

    def __len__(self) -> int:
        return len(self.waves)

    def matches(
        self, sounds: Sequence[Sound], *, left_out: npt.NDArray[np.bool_] | None = None, everywhere: bool = True
    ) -> Matches:
        """Compare sounds with all training sounds.

        Parameters
        ----------
        sounds
            The sounds to judge.
        left_out
            Optional, shape ``(sounds, training sounds)``: True where a training sound must not be taken.
        everywhere
            Also compare half a second, and windows at every place of every training sound: most of the time.
        """
        return self.matches_of([heard(sound) for sound in sounds], left_out=left_out, everywhere=everywhere)

    def matches_of(
        self, waves: Sequence[Floats], *, left_out: npt.NDArray[np.bool_] | None = None, everywhere: bool = True
    ) -> Matches:
        """The same of waves as ``of_waves`` takes them."""
        excess, index = np.zeros((len(waves), len(MEASURES))), np.zeros((len(waves), len(MEASURES)), np.int64)
        likeness, cents = np.zeros(len(waves)), np.zeros(len(waves), np.int64)
        for place, wave in enumerate(waves):
            out = np.zeros(len(self), bool) if left_out is None else left_out[place]
            if out.all() or not np.any(wave):
                continue
            found = self._attack(wave, out)
            excess[place, 0], index[place, 0] = found.excess, found.index
            likeness[place], cents[place] = found.likeness, found.cents
            if everywhere:
                excess[place, 2], index[place, 2] = self._whole(wave, found)
        if everywhere:
            excess[:, 1], index[:, 1] = self._windows(waves, left_out)
        return Matches(excess, index, likeness, cents)

    # -- the attack

    def _attack(self, wave: Floats, out: npt.NDArray[np.bool_]) -> _Found:
        query = wave[_QUERY:]
        frames = window_frames_of(query)
        coarse = self._coarse(query, frames)
        coarse[out] = -1.0
        chosen = np.argsort(-coarse, kind="stable")[:_CANDIDATES]
        chosen = chosen[coarse[chosen] >= 0]
        lines = self._correlated(query, chosen, _SPEEDS_CENTS, frames=frames, finer=2)
        by_speed = lines.max(axis=-1)
        likeness = by_speed.max(axis=0)
        order = np.argsort(-likeness, kind="stable")
        best, likes = _Found(0.0, int(chosen[order[0]]), 0.0, 0), []
        for column in order[:3]:
            centre = _SPEEDS_CENTS[int(by_speed[:, column].argmax())]
            speeds = tuple(centre + step for step in _CLOSER_CENTS)
            closer = self._correlated(query, chosen[column : column + 1], speeds, frames=frames, finer=4).max(
                axis=(1, 2)
            )
            row = int(closer.argmax())
            value = min(_MOST, float(closer[row]))
            likes.append(speeds[row])
            if value > best.likeness:
                best = _Found(0.0, int(chosen[column]), value, speeds[row])
        usual = self._usual(likeness, chosen, best.index, own=_own_likeness(wave[:_SIZE], begin=_QUERY, frames=frames))
        return replace(best, excess=max(0.0, _artanh(best.likeness) - usual), near=chosen, speeds=tuple({0, *likes}))

    def _usual(
        self, likeness: npt.NDArray[np.floating], places: npt.NDArray[np.integer], at: int, *, own: float = 0.0
    ) -> float:
        """artanh of what is usual: the likeness to the 12th nearest that is no twin, or to itself elsewhere if more."""
        twin = self.twins[places] == self.twins[at]
        return max(_usual(likeness[~twin], int(twin.sum())), _artanh(own))

    def _coarse(self, query: Floats, frames: int) -> Floats:
        """Largest correlation below 2.8 kHz with the start of each training sound, over places and five speeds."""
        half = _SIZE // 4 + 1
        spectra = _query_spectra(query, _COARSE_CENTS, frames)[:, :half]
        energy = 2 * np.sum(np.abs(spectra) ** 2, axis=-1, keepdims=True) / (_SIZE // 2)
        spectra = np.conj(spectra / np.sqrt(np.maximum(energy, 1e-12)))
        inverse = self._low.inverse(frames // 2)
        found = np.zeros(len(self), np.float32)
        for first in range(0, len(self), _BLOCK):
            part = slice(first, first + _BLOCK)
            lines = fft.irfft(spectra[:, None] * self._spectra[part, :half][None], n=_SIZE // 2, axis=-1)
            lines = np.asarray(lines)[..., : inverse.shape[1]]
            found[part] = (np.abs(lines, out=lines).max(axis=0) * inverse[part]).max(axis=-1)
        return found

    def _correlated(
        self, query: Floats, chosen: npt.NDArray[np.integer], cents: Sequence[int], *, frames: int, finer: int
    ) -> Floats:
        """Correlation at so many places a frame, shape ``(speeds, chosen, places)``."""
        spectra = np.conj(_query_spectra(query, cents, frames))
        inverse = np.repeat(self._full.inverse(frames)[chosen], finer, axis=1)
        product = spectra[:, None] * (self._spectra[chosen] * np.float32(finer))[None]
        lines = np.asarray(fft.irfft(product, n=_SIZE * finer, axis=-1))[..., : inverse.shape[1]]
        return np.minimum(np.abs(lines, out=lines) * inverse, 1.0)

    # -- the rest

    @cached_property
    def _halves(self) -> Floats:
        """The first 0.58 s of each training sound at half the rate, shape ``(sounds, frames)``."""
        halves = np.zeros((len(self.waves), _WHOLE_SIZE), np.float32)
        for row, wave in zip(halves, self.waves, strict=True):
            piece = _halved(wave[: 2 * row.size])
            row[: piece.size] = piece[: row.size]
        return halves

    def _whole(self, wave: Floats, found: _Found) -> tuple[float, int]:
        """How far the best of the nearest attacks stands out over half a second, below 2.8 kHz, and which it is."""
        query = _halved(wave[_QUERY:])
        frames = next((frames for frames in _WHOLE if frames <= query.size), 0)
        if not frames:
            return 0.0, found.index
        size, theirs = _WHOLE_SIZE, self._halves[found.near]
        spectra = np.conj(_query_spectra(query, found.speeds, frames, size=size))
        lines = np.asarray(fft.irfft(spectra[:, None] * fft.rfft(theirs, axis=-1) * 2, n=2 * size, axis=-1))
        inverse = np.repeat(_Energies(theirs, places=_PLACES // 2).inverse(frames), 2, axis=1)
        likeness = np.minimum((np.abs(lines[..., : inverse.shape[1]]) * inverse).max(axis=(0, 2)), _MOST)
        best = int(likeness.argmax())
        own = _own_likeness(_halved(wave)[: size + _QUERY], begin=_QUERY // 2, frames=frames)
        usual = self._usual(likeness, found.near, int(found.near[best]), own=own)
        return max(0.0, _artanh(float(likeness[best])) - usual), int(found.near[best])

    def _windows(
        self, waves: Sequence[Floats], left_out: npt.NDArray[np.bool_] | None
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """The first two windows of 120 ms against every place of every training sound, below 2.8 kHz."""
        if self._everywhere is None:
            self._everywhere = WindowIndex([_halved(wave) for wave in self._early])
        excess, index = np.zeros(len(waves)), np.zeros(len(waves), np.int64)
        for begin in (_QUERY, _QUERY + 2 * _WINDOW):
            places = [place for place, wave in enumerate(waves) if wave.size > begin + 2 * min(LENGTHS_FRAMES)]
            places = [place for place in places if np.max(np.abs(waves[place][begin:])) > 0.05]
            queries = [_halved(waves[place][begin:]) for place in places]
            with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
                best = self._everywhere.best(queries, pool=pool)
            for row, place in zip(best, places, strict=True):
                near = row if left_out is None else np.where(left_out[place], -1.0, row)
                at, kept = int(near.argmax()), np.flatnonzero(near >= 0)
                likeness = _artanh(float(near[at]))
                if likeness - self._usual(near[kept], kept, at) <= excess[place]:
                    continue
                wave = _halved(waves[place])
                own = _own_likeness(wave, begin=begin // 2, frames=window_frames_of(wave[begin // 2 :]))
                value = likeness - self._usual(near[kept], kept, at, own=own)
                if value > excess[place]:
                    excess[place], index[place] = value, at
        return excess, index


@dataclass(frozen=True)
class _Found:
    excess: float
    index: int
    likeness: float
    cents: int
    near: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    speeds: tuple[int, ...] = ()


class _Energies:
    """Inverse roots of the energy under windows of any length at the start of each sound, made when first wanted."""

    def __init__(self, starts: Floats, *, places: int) -> None:
        self._total = np.pad(np.cumsum(starts.astype(np.float64) ** 2, axis=1), ((0, 0), (1, 0)))
        self._known: dict[int, Floats] = {}
        self._places = places

    def inverse(self, frames: int) -> Floats:
        """Shape ``(sounds, places)``; 0 where a window is far quieter than the loudest."""
        if frames not in self._known:
            energy = (self._total[:, frames:] - self._total[:, :-frames])[:, : self._places]
            loud = energy > np.maximum(energy.max(axis=1, keepdims=True) * 10 ** (_QUIET_DB / 10), 1e-9)
            self._known[frames] = np.where(loud, 1 / np.sqrt(np.maximum(energy, 1e-9)), 0.0).astype(np.float32)
        return self._known[frames]


def _own_likeness(wave: Floats, *, begin: int, frames: int) -> float:
    """Correlation of a part of a sound with the same sound elsewhere: at another moment, or about a semitone off.

    A tone resembles every tone of its pitch, a hiss nothing. Where the training sounds are few, or none of them is of
    its kind, this alone says so.
    """
    size = 1 << (wave.size + frames - 1).bit_length()
    spectra = np.conj(_query_spectra(wave[begin:], (0, *_OTHER_CENTS), frames, size=size))
    lines = np.asarray(fft.irfft(spectra * np.asarray(fft.rfft(wave, n=size)), n=size, axis=-1))
    padded = np.pad(wave, (0, frames))[None]
    lines = np.abs(lines[:, : wave.size]) * _Energies(padded, places=wave.size).inverse(frames)
    lines[0, max(0, begin - _ELSEWHERE) : begin + _ELSEWHERE] = 0.0
    return float(lines.max())


def _usual(others: npt.NDArray[np.floating], skipped: int) -> float:
    """artanh of the correlation with the 12th nearest other sound, or with the middle one of fewer than 16."""
    if others.size == 0:
        return 0.0
    ordered = np.sort(others)[::-1]
    place = min(_USUAL - max(1, int(skipped)), 3 * ordered.size // 4, ordered.size - 1)
    return _artanh(min(_MOST, float(ordered[max(0, place)])))


def _artanh(value: float) -> float:
    return float(np.arctanh(min(_MOST, max(0.0, value))))


def _lower(spectra: npt.NDArray[np.complex64]) -> Floats:
    """The lower half of the band, at half the rate."""
    return np.asarray(fft.irfft(spectra[:, : _SIZE // 4 + 1], n=_SIZE // 2, axis=-1))


def _halved(wave: Floats) -> Floats:
    return resample_poly(wave, 1, 2).astype(np.float32) if wave.size else wave


def _query_spectra(query: Floats, cents: Sequence[int], frames: int, *, size: int = _SIZE) -> npt.NDArray[np.complex64]:
    """Spectra of the first frames of a sound at several speeds, each of unit energy."""
    windows = np.stack([_at_speed(query, one, frames) for one in cents])
    energy = np.sum(windows**2, axis=-1, keepdims=True)
    windows = np.where(energy > 1e-12, windows / np.sqrt(np.maximum(energy, 1e-12)), 0.0).astype(np.float32)
    return np.asarray(fft.rfft(windows, n=size, axis=-1))


@lru_cache(maxsize=512)
def _reading(cents: int, frames: int) -> tuple[npt.NDArray[np.int32], Floats]:
    """Where to read, and windowed-sinc weights, for so many frames at another speed, each ``(frames, taps)``."""
    places = np.arange(frames) * 2.0 ** (cents / 1200.0)
    index = np.floor(places).astype(np.int32)[:, None] + np.arange(1 - _TAPS, _TAPS + 1, dtype=np.int32)[None]
    distance = places[:, None] - index
    window = np.cos(np.pi * np.clip(distance / (2 * _TAPS), -0.5, 0.5)) ** 2
    return index + _TAPS, (np.sinc(distance) * window).astype(np.float32)


def _at_speed(wave: Floats, cents: int, frames: int) -> Floats:
    """The first frames of a wave, read faster (positive cents) or slower; silence before and after it."""
    if cents == 0:
        return np.pad(wave[:frames], (0, max(0, frames - wave.size)))
    index, weights = _reading(cents, frames)
    most = int(index[-1, -1]) + 1
    piece = np.zeros(most, np.float32)
    taken = wave[: most - _TAPS]
    piece[_TAPS : _TAPS + taken.size] = taken
    return np.einsum("ft,ft->f", piece[index], weights)
