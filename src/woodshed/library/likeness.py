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
_PROMISING = 0.35
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
    prints = traces(sorted({ids[i] for pair in pairs for i in pair}))
    near = []
    for a, b in pairs:
        if ids[a] in prints and ids[b] in prints:
            found = agreement(prints[ids[a]], prints[ids[b]])
            if found.same_recording:
                near.append(NearPair(min(ids[a], ids[b]), max(ids[a], ids[b]), round(found.waves, 4)))
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


def agreement(first: Fingerprint, second: Fingerprint) -> Agreement:
    """Compare two fingerprints closely; see :class:`Agreement`."""
    a, b = (np.asarray(f.snippet, dtype=np.float32) for f in (first, second))
    spectrum = np.conj(scipy.fft.rfft(a, _TRANSFORM)) * scipy.fft.rfft(b, _TRANSFORM)
    waves, lag = _best_lag(a, b, spectrum, finer=1)
    if waves < _PROMISING:
        return Agreement(waves, lag / SNIPPET_RATE_HZ, np.inf)
    waves, lag = _best_lag(a, b, spectrum, finer=_FINER)
    return Agreement(waves, lag / SNIPPET_RATE_HZ, _course_difference_db(first.course, second.course, lag))


def _best_lag(a: Floats, b: Floats, spectrum: npt.NDArray[np.complex64], *, finer: int) -> tuple[float, float]:
    """Largest normalised correlation and its lag in frames of the snippet; ``finer`` steps per frame."""
    product = scipy.fft.irfft(np.pad(spectrum, (0, (finer - 1) * _TRANSFORM // 2)), _TRANSFORM * finer) * finer
    reach = _MAX_LAG * finer
    product = np.concatenate([product[-reach:], product[: reach + 1]])
    lags = np.arange(-reach, reach + 1) / finer
    energy_a, energy_b = _shared_energy(a, b, np.rint(lags).astype(int))
    enough = (energy_a > 0.2 * np.square(a).sum()) & (energy_b > 0.2 * np.square(b).sum())
    agree = np.where(enough, np.abs(product) / np.sqrt(np.maximum(energy_a * energy_b, 1e-9)), 0.0)
    best = int(agree.argmax())
    return float(min(agree[best], 1.0)), float(lags[best])


def _shared_energy(
    a: Floats, b: Floats, lags: npt.NDArray[np.int_]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Energy of each snippet where both have sound, for each lag; what was trimmed off one does not count."""
    (start_a, stop_a), (start_b, stop_b) = _support(a), _support(b)
    start = np.maximum(start_a, start_b - lags)
    stop = np.maximum(np.minimum(stop_a, stop_b - lags), start)
    sum_a, sum_b = (np.concatenate([[0.0], np.cumsum(np.square(x), dtype=np.float64)]) for x in (a, b))
    start_in_b, stop_in_b = (start + lags).clip(0, b.size), (stop + lags).clip(0, b.size)
    start, stop = start.clip(0, a.size), stop.clip(0, a.size)
    return sum_a[stop] - sum_a[start], sum_b[stop_in_b] - sum_b[start_in_b]


def _support(x: Floats) -> tuple[int, int]:
    sounding = np.flatnonzero(x)
    return (int(sounding[0]), int(sounding[-1]) + 1) if sounding.size else (0, 0)


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
