"""Find items that hold the same recording: same up to gain, polarity, a trim of some ms, rate and lossy formats.

Vectors give each new item a few candidates (exact nearest neighbours, one matrix product per block); then the stored
traces decide: the snippets must agree wave for wave at some lag, and the levels must run the same course afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft

from woodshed.library.fingerprint import COURSE_HOP_S, SNIPPET_FRAMES, SNIPPET_RATE_HZ, Fingerprint

CANDIDATES = 12
MAX_DISTANCE = 0.75  # rms over the vector, in units of 10 dB
MAX_LAG_S = 0.030
WAVES_AGREE = 0.80  # at least; the better the waves agree, the more the course may differ
COURSE_AGREES_DB = (0.4, 1.6)  # where the waves barely agree; where they agree at 0.92 or more

_TRANSFORM = 2 * SNIPPET_FRAMES
_FINER = 4
_PROMISING = 0.35  # whole frames may miss the best lag; below this, finer steps do not help either
_SHARED = 0.2  # of the energy of each snippet must lie where both have sound
_MAX_LAG = round(MAX_LAG_S * SNIPPET_RATE_HZ)
_COURSE_STEP_DB = 0.5
_AUDIBLE_DB = 20.0  # above the floor of the course

Floats = npt.NDArray[np.float32]
TraceReader = Callable[[Sequence[str]], Mapping[str, Fingerprint]]


@dataclass(frozen=True)
class Agreement:
    """How well two fingerprints agree.

    ``waves`` is the largest correlation of the snippets, 0 to 1; ``lag_s`` how much later the second one is;
    ``course_db`` the mean difference of the level courses once aligned, a constant gain removed.
    """

    waves: float
    lag_s: float
    course_db: float

    @property
    def same_recording(self) -> bool:
        """True where both the waves and the course agree."""
        least, most = COURSE_AGREES_DB
        return self.waves >= WAVES_AGREE and self.course_db <= min(most, least + 10.0 * (self.waves - WAVES_AGREE))


@dataclass(frozen=True)
class NearPair:
    """Two items that hold the same recording."""

    first_id: str
    second_id: str
    agreement: float


def near_pairs(ids: Sequence[str], vectors: Floats, *, block: Sequence[int], traces: TraceReader) -> list[NearPair]:
    """Compare a block of items with all items.

    Parameters
    ----------
    ids, vectors
        All items, and their vectors ``(items, VECTOR_SIZE)``.
    block
        Positions of the items to compare; memory grows with its length times the number of items.
    traces
        Reads the fingerprints of some items; called once.

    Returns
    -------
    list of NearPair
        Each pair once, the smaller id first.
    """
    pairs = sorted({(min(a, b), max(a, b)) for a, b in _candidates(vectors, np.asarray(block, dtype=int))})
    found = traces(sorted({ids[i] for pair in pairs for i in pair}))
    prints = {content_id: _Prepared(print_) for content_id, print_ in found.items()}
    near = []
    for first, second in ((ids[a], ids[b]) for a, b in pairs):
        if first in prints and second in prints:
            how = _agreement(prints[first], prints[second])
            if how.same_recording:
                near.append(NearPair(min(first, second), max(first, second), round(how.waves, 4)))
    return near


def _candidates(vectors: Floats, block: npt.NDArray[np.int_]) -> Iterator[tuple[int, int]]:
    squares = np.square(vectors).sum(axis=1)
    distances = squares[block, None] + squares[None, :] - 2 * vectors[block] @ vectors.T  # (block, items)
    distances[np.arange(len(block)), block] = np.inf
    count = min(CANDIDATES, len(vectors) - 1)
    if count < 1:
        return
    nearest = np.argpartition(distances, count - 1, axis=1)[:, :count]
    limit = MAX_DISTANCE**2 * vectors.shape[1]
    for row, item in enumerate(block):
        yield from ((int(item), int(other)) for other in nearest[row] if distances[row, other] <= limit)


class _Prepared:
    """A fingerprint with what every comparison needs: spectrum, running energy and where its snippet sounds."""

    def __init__(self, fingerprint: Fingerprint) -> None:
        snippet = fingerprint.snippet.astype(np.float32)
        sounding = np.flatnonzero(snippet)
        self.spectrum = np.asarray(scipy.fft.rfft(snippet, _TRANSFORM))
        self.energy = np.concatenate([[0.0], np.cumsum(np.square(snippet), dtype=np.float64)])
        self.start, self.stop = (int(sounding[0]), int(sounding[-1]) + 1) if sounding.size else (0, 0)
        self.course = fingerprint.course


def most_alike(fingerprint: Fingerprint, vectors: Floats) -> list[int]:
    """Positions of the items whose vectors lie near enough to a fingerprint for a closer look, nearest first."""
    distances = np.square(vectors - fingerprint.vector).mean(axis=1)
    nearest = np.argsort(distances)[:CANDIDATES]
    return [int(index) for index in nearest if distances[index] <= MAX_DISTANCE**2]


def agreement(first: Fingerprint, second: Fingerprint) -> Agreement:
    """Compare two fingerprints closely; see :class:`Agreement`."""
    return _agreement(_Prepared(first), _Prepared(second))


def _agreement(a: _Prepared, b: _Prepared) -> Agreement:
    product = np.conj(a.spectrum) * b.spectrum
    waves, lag = _best_lag(a, b, product, finer=1)
    if waves < _PROMISING:
        return Agreement(waves, lag / SNIPPET_RATE_HZ, np.inf)
    waves, lag = _best_lag(a, b, product, finer=_FINER)
    return Agreement(waves, lag / SNIPPET_RATE_HZ, _course_difference_db(a.course, b.course, lag))


def _best_lag(a: _Prepared, b: _Prepared, product: npt.NDArray[np.complex64], *, finer: int) -> tuple[float, float]:
    """Largest normalised correlation and its lag in frames of the snippet; ``finer`` steps per frame."""
    padded = np.concatenate([product, np.zeros((finer - 1) * _TRANSFORM // 2, product.dtype)])
    waves = np.asarray(scipy.fft.irfft(padded, _TRANSFORM * finer)) * finer
    reach = _MAX_LAG * finer
    waves = np.concatenate([waves[-reach:], waves[: reach + 1]])
    lags = np.arange(-reach, reach + 1) / finer
    energy_a, energy_b = _shared_energy(a, b, np.rint(lags).astype(int))
    enough = (energy_a > _SHARED * a.energy[-1]) & (energy_b > _SHARED * b.energy[-1])
    agree = np.where(enough, np.abs(waves) / np.sqrt(np.maximum(energy_a * energy_b, 1e-9)), 0.0)
    best = int(agree.argmax())
    return float(min(agree[best], 1.0)), float(lags[best])


def _shared_energy(
    a: _Prepared, b: _Prepared, lags: npt.NDArray[np.int_]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Energy of each snippet where both have sound, for each lag; what was trimmed off one does not count."""
    last = SNIPPET_FRAMES
    start = np.maximum(a.start, b.start - lags)
    stop = np.maximum(np.minimum(a.stop, b.stop - lags), start)
    start_in_b, stop_in_b = (start + lags).clip(0, last), (stop + lags).clip(0, last)
    start, stop = start.clip(0, last), stop.clip(0, last)
    return a.energy[stop] - a.energy[start], b.energy[stop_in_b] - b.energy[start_in_b]


def _course_difference_db(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8], lag_frames: float) -> float:
    """Mean absolute difference in dB of two courses ``(bands, hops)`` where either is well above the floor."""
    shift = lag_frames / SNIPPET_RATE_HZ / COURSE_HOP_S
    a, b = (_COURSE_STEP_DB * x.astype(np.float32) for x in (first, second))
    hops = np.arange(a.shape[1])
    hops = hops[(hops + shift >= 0) & (hops + shift <= b.shape[1] - 1)]
    if hops.size > 6:
        hops = hops[1:-3]  # the edges differ where a head or tail was cut
    if not hops.size:
        return np.inf
    moved = np.stack([np.interp(hops + shift, np.arange(b.shape[1]), band) for band in b])
    still = a[:, hops]
    audible = (still > _AUDIBLE_DB) | (moved > _AUDIBLE_DB)
    if not audible.any():
        return np.inf
    difference = (still - moved)[audible]
    return float(np.abs(difference - np.median(difference)).mean())
