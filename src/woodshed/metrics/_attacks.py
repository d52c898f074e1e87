"""The beginning of a sound against the beginnings of all training sounds, at many speeds; then half a second of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.signal import resample_poly

from woodshed.metrics._whitening import LEAD_FRAMES, Floats
from woodshed.metrics._windows import LENGTHS_FRAMES, window_frames_of

QUERY_FRAMES = LEAD_FRAMES + 44
"""What is looked for starts a little after the onset, lest the click of a cut outweigh the rest."""

_SPEEDS_CENTS = tuple(range(-36, 37, 4))
_CLOSER_CENTS = (-3, -2, -1, 0, 1, 2, 3)
_USUAL = 12  # the likeness to the 12th nearest is the usual one: there are hardly ever so many copies of one sound
_OTHER_CENTS = (-120, -80, 80, 120)
_MOMENT = 40
_ELSEWHERE = 110  # another moment of a sound is one at least so many frames away
_TAPS = 16
_QUIET_DB = -30.0
_BLOCK = 64
_WHOLE = (2756, 1378)  # half a second at half the rate, or a quarter where a sound is shorter
_WHOLE_SIZE = 3200  # with the places where it may begin
_WHOLE_PLACES = 389  # of the window of half a second: 70 ms
_MOST = 0.9999


@dataclass(frozen=True)
class FoundAttack:
    """The training sound whose beginning is nearest, and what the search for it came by.

    ``near`` are the training sounds compared at all speeds, ``speeds`` those at which the best of them fit.
    """

    excess: float
    index: int
    likeness: float
    cents: int
    near: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    speeds: tuple[int, ...] = ()


@dataclass(frozen=True)
class Search:
    """How the beginnings are searched.

    Attributes
    ----------
    lengths_frames
        What is compared: the longest of these that a sound fills.
    size_frames
        Of the transforms: the window may lie so much later than the start of what is searched as it is shorter.
    coarse_cents, candidates
        The speeds at which all training sounds are compared, and how many of them are then compared at all speeds.
    moments
        A sound's likeness to itself at other moments counts as usual as far as this share of them reaches it: 1 for
        the most alike of them, 0.5 where a buzz, alike once a period, shall not pass for a tone, alike all the time.
    """

    lengths_frames: tuple[int, ...] = LENGTHS_FRAMES
    size_frames: int = 1440
    coarse_cents: tuple[int, ...] = (-30, -15, 0, 15, 30)
    candidates: int = 16
    moments: float = 1.0

    @property
    def places(self) -> int:
        """How many places of a training sound are searched."""
        return self.size_frames - max(self.lengths_frames) + 1


class Attacks:
    """The beginnings of training sounds, ready to be searched.

    Parameters
    ----------
    waves
        Whitened, from 110 frames before the onset (`heard`).
    twins
        One number per wave, the same for duplicates.
    search
        How they are searched.
    """

    def __init__(self, waves: Sequence[Floats], twins: npt.NDArray[np.int64], *, search: Search) -> None:
        self.waves, self.twins, self.search = tuple(waves), twins, search
        size = search.size_frames
        starts = np.zeros((len(self.waves), size), np.float32)
        for row, wave in zip(starts, self.waves, strict=True):
            row[: min(wave.size, size)] = wave[:size]
        self._spectra = np.asarray(fft.rfft(starts, axis=-1)).astype(np.complex64)
        self._full = _Energies(starts, places=search.places)
        self._low = _Energies(_lower(self._spectra), places=search.places // 2)

    def __len__(self) -> int:
        return len(self.waves)

    def nearest(self, wave: Floats, out: npt.NDArray[np.bool_]) -> FoundAttack:
        """The training sound whose beginning is most like that of a sound, and how far it stands out.

        Parameters
        ----------
        wave
            The sound, heard as the training sounds were.
        out
            True where a training sound must not be taken; not everywhere.
        """
        query = wave[QUERY_FRAMES:]
        frames = window_frames_of(query, lengths=self.search.lengths_frames)
        coarse = self._coarse(query, frames)
        coarse[out] = -1.0
        chosen = np.argsort(-coarse, kind="stable")[: self.search.candidates]
        chosen = chosen[coarse[chosen] >= 0]
        by_speed = self._correlated(query, chosen, _SPEEDS_CENTS, frames=frames, finer=2).max(axis=-1)
        likeness = by_speed.max(axis=0)
        best = FoundAttack(0.0, int(chosen[likeness.argmax()]), 0.0, 0)
        likes = []
        for column in np.argsort(-likeness, kind="stable")[:3]:
            centre = _SPEEDS_CENTS[int(by_speed[:, column].argmax())]
            speeds = tuple(centre + step for step in _CLOSER_CENTS)
            lines = self._correlated(query, chosen[column : column + 1], speeds, frames=frames, finer=4)[:, 0]
            row = int(lines.max(axis=-1).argmax())
            value = min(_MOST, float(lines[row].max()))
            likes.append(speeds[row])
            if value > best.likeness:
                best = FoundAttack(0.0, int(chosen[column]), value, speeds[row])
        moments, begun = self.search.moments, wave[: self.search.size_frames]
        own = own_likeness(begun, begin=QUERY_FRAMES, frames=frames, moments=moments)
        usual = usual_likeness(likeness, twin=self.twins[chosen] == self.twins[best.index], own=own)
        return replace(best, excess=max(0.0, artanh(best.likeness) - usual), near=chosen, speeds=tuple({0, *likes}))

    def _coarse(self, query: Floats, frames: int) -> Floats:
        """Largest correlation in the lower half of the band with each beginning, over places and a few speeds."""
        size = self.search.size_frames
        half = size // 4 + 1
        spectra = _query_spectra(query, self.search.coarse_cents, frames, size=size)[:, :half]
        energy = 2 * np.sum(np.abs(spectra) ** 2, axis=-1, keepdims=True) / (size // 2)
        spectra = np.conj(spectra / np.sqrt(np.maximum(energy, 1e-12)))
        inverse = self._low.inverse(frames // 2)
        found = np.zeros(len(self), np.float32)
        for first in range(0, len(self), _BLOCK):
            part = slice(first, first + _BLOCK)
            lines = fft.irfft(spectra[:, None] * self._spectra[part, :half][None], n=size // 2, axis=-1)
            lines = np.asarray(lines)[..., : inverse.shape[1]]
            found[part] = (np.abs(lines, out=lines).max(axis=0) * inverse[part]).max(axis=-1)
        return found

    def _correlated(
        self, query: Floats, chosen: npt.NDArray[np.integer], cents: Sequence[int], *, frames: int, finer: int
    ) -> Floats:
        """Correlation at so many places a frame, shape ``(speeds, chosen, places)``."""
        spectra = np.conj(_query_spectra(query, cents, frames, size=self.search.size_frames))
        inverse = np.repeat(self._full.inverse(frames)[chosen], finer, axis=1)
        product = spectra[:, None] * (self._spectra[chosen] * np.float32(finer))[None]
        lines = np.asarray(fft.irfft(product, n=self.search.size_frames * finer, axis=-1))[..., : inverse.shape[1]]
        return np.minimum(np.abs(lines, out=lines) * inverse, 1.0)

    @cached_property
    def _halves(self) -> Floats:
        """The first 0.58 s of each training sound at half the rate, shape ``(sounds, frames)``."""
        halves = np.zeros((len(self.waves), _WHOLE_SIZE), np.float32)
        for row, wave in zip(halves, self.waves, strict=True):
            piece = halved(wave[: 2 * row.size])
            row[: piece.size] = piece[: row.size]
        return halves

    def whole(self, wave: Floats, found: FoundAttack) -> tuple[float, int]:
        """How far the best of the nearest attacks stands out over half a second, below 2.8 kHz, and which it is."""
        query = halved(wave[QUERY_FRAMES:])
        frames = next((frames for frames in _WHOLE if frames <= query.size), 0)
        if not frames:
            return 0.0, found.index
        size, theirs = _WHOLE_SIZE, self._halves[found.near]
        spectra = np.conj(_query_spectra(query, found.speeds, frames, size=size))
        lines = np.asarray(fft.irfft(spectra[:, None] * fft.rfft(theirs, axis=-1) * 2, n=2 * size, axis=-1))
        inverse = np.repeat(_Energies(theirs, places=_WHOLE_PLACES).inverse(frames), 2, axis=1)
        likeness = np.minimum((np.abs(lines[..., : inverse.shape[1]]) * inverse).max(axis=(0, 2)), _MOST)
        best = int(likeness.argmax())
        own = own_likeness(halved(wave)[: size + QUERY_FRAMES], begin=QUERY_FRAMES // 2, frames=frames)
        usual = usual_likeness(likeness, twin=self.twins[found.near] == self.twins[found.near[best]], own=own)
        return max(0.0, artanh(float(likeness[best])) - usual), int(found.near[best])


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


def own_likeness(wave: Floats, *, begin: int, frames: int, moments: float = 1.0) -> float:
    """Correlation of a part of a sound with the same sound elsewhere: at another moment, or about a semitone off.

    Of other moments counts what the share ``moments`` of them reaches at most; they are 40 frames each.

    A tone resembles every tone of its pitch, a hiss nothing. Where the training sounds are few, or none of them is of
    its kind, this alone says so.
    """
    size = 1 << (wave.size + frames - 1).bit_length()
    spectra = np.conj(_query_spectra(wave[begin:], (0, *_OTHER_CENTS), frames, size=size))
    lines = np.asarray(fft.irfft(spectra * np.asarray(fft.rfft(wave, n=size)), n=size, axis=-1))
    padded = np.pad(wave, (0, frames))[None]
    lines = np.abs(lines[:, : wave.size]) * _Energies(padded, places=wave.size).inverse(frames)
    lines[0, max(0, begin - _ELSEWHERE) : begin + _ELSEWHERE] = 0.0
    others = np.maximum.reduceat(lines[0], np.arange(0, wave.size, _MOMENT))
    sounding = others[others > 0]
    elsewhere = float(np.quantile(sounding, moments, method="higher")) if sounding.size else 0.0
    return max(elsewhere, float(lines[1:].max()))


def usual_likeness(likeness: npt.NDArray[np.floating], *, twin: npt.NDArray[np.bool_], own: float = 0.0) -> float:
    """artanh of what is usual: the likeness to the 12th nearest that is no twin, or to itself elsewhere if more.

    The middle one of fewer than 16 stands in for the 12th.
    """
    others = np.sort(likeness[~twin])[::-1]
    if others.size == 0:
        return artanh(own)
    place = min(_USUAL - max(1, int(twin.sum())), 3 * others.size // 4, others.size - 1)
    return artanh(max(own, float(others[max(0, place)])))


def artanh(value: float) -> float:
    return float(np.arctanh(min(_MOST, max(0.0, value))))


def _lower(spectra: npt.NDArray[np.complex64]) -> Floats:
    """The lower half of the band, at half the rate."""
    half = spectra.shape[1] // 2
    return np.asarray(fft.irfft(spectra[:, : half + 1], n=2 * half, axis=-1))


def halved(wave: Floats) -> Floats:
    return resample_poly(wave, 1, 2).astype(np.float32) if wave.size else wave


def _query_spectra(query: Floats, cents: Sequence[int], frames: int, *, size: int) -> npt.NDArray[np.complex64]:
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
