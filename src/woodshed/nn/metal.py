"""How much of a sound's noise is many steady lines, as plates and cymbals ring, not hiss; and noise of that kind.

A cymbal has hundreds of modes. They lie too close for any to be followed by itself, and what they make together passes
for noise from moment to moment; but its fine spectrum stays as it is for as long as it rings, where that of hiss never
comes back. So it is told, and so it is made: lines, each of which stays. How strong they are beside each other is what
one cymbal has for itself: it is kept of known sounds, in steps of a quarter of a semitone, and else left to chance.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import uniform_filter1d
from torch import Tensor

from woodshed.dsp import irfft, next_fast_length, rfft

METAL_NUMBERS = 4
LINE_POINTS = 276
_EDGES_HZ = (600.0, 1500.0, 3500.0, 8000.0, 16000.0)  # of the regions it is told in
_NONE_BELOW_HZ = 300.0  # down there modes are few, and followed one by one
_APART_HZ = 25.0  # lines, on average
_LINES_PER_OCTAVE = 48.0  # points at which it is told how strong lines are, from 300 Hz to 16 kHz
_LINES_LEVELLED = 17  # points, a third of an octave: what is broader than that is colour
_RESONANCE = 5  # points, a tenth of an octave: what is broader than that in the lines, hiss has, too
_LINES_S = 2.0  # of a sound, in which they are told
_LEVELLED_S = 0.01  # over which the level of a sound is evened out, so that what rings on counts as much
_EVENED_DB = -40.0  # under the loudest; what is softer is not turned up
_FAINTEST, _STRONGEST = -2.0, 1.3  # log10 of power over that of what is around
_PIECE_S = 0.0459  # at least
_LEAD_S = 0.006  # of the attack, which is like nothing that follows
_MOST_PIECES = 9
_QUIET_DB = -46.0  # under the loudest piece; what is softer may be the room's
_LEVELLED_BINS = 5  # within which a spectrum is levelled: what is as broad as 100 Hz is no line
_FEWEST_BINS = 16
_AROUND_BINS = 2  # of a partial that is told by itself
_AROUND_POINTS = 1.5  # the same of the lines
_NOTHING = 1e-20  # of power
# how alike the spectra of neighbouring pieces are for a share of lines, as measured on noise made here
_SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0)
_LIKENESSES = (0.0, 0.018, 0.066, 0.164, 0.32, 0.42, 0.72)

Floats = npt.NDArray[np.floating]


def metal_of(audio: Floats, *, sample_rate_hz: int, partials_hz: Floats | None = None) -> Tensor:
    """The share of the noise that is steady lines, 0 to 1, from 0.6 to 1.5, 3.5, 8 and 16 kHz, ``(4,)``.

    0 for what is shorter than a tenth of a second, and above half the rate.

    Parameters
    ----------
    audio
        One channel, ``(frames,)``, from where the sound begins.
    partials_hz
        Lines that are told by themselves and do not count.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> hiss = rng.normal(size=44100)
    >>> ring = np.sin(2 * np.pi * np.outer(np.arange(44100) / 44100, rng.uniform(600, 8000, 200))).sum(axis=1)
    >>> bool(metal_of(hiss, sample_rate_hz=44100).max() < 0.3), bool(metal_of(ring, sample_rate_hz=44100)[1] > 0.8)
    (True, True)
    """
    size = next_fast_length(round(_PIECE_S * sample_rate_hz))
    sounding = audio[round(_LEAD_S * sample_rate_hz) :]
    count = min(_MOST_PIECES, len(sounding) // size)
    if count < 2:
        return torch.zeros(METAL_NUMBERS)
    pieces = sounding[: count * size].reshape(count, size)
    level = np.square(pieces).mean(axis=1)
    pieces = pieces[level > level.max() * 10 ** (_QUIET_DB / 10)]
    if len(pieces) < 2:
        return torch.zeros(METAL_NUMBERS)
    power = np.square(np.abs(rfft(pieces * np.hanning(size))))
    around = np.maximum(uniform_filter1d(power, _LEVELLED_BINS, axis=1), 1e-9 * power.max())
    fine = np.log(power / around + 1e-3)
    fine = fine - uniform_filter1d(fine, _LEVELLED_BINS, axis=1)
    hz = np.arange(fine.shape[1]) * sample_rate_hz / size
    told = np.zeros(0) if partials_hz is None else np.asarray(partials_hz)
    free = (np.abs(hz[:, None] - told) > _AROUND_BINS * sample_rate_hz / size).all(axis=1)
    shares = [_share(fine[:, free & (hz >= low) & (hz < high)]) for low, high in pairwise(_EDGES_HZ)]
    return torch.tensor(shares)


def lines_of(audio: Floats, *, sample_rate_hz: int, partials_hz: Floats | None = None) -> Tensor:
    """How strong the fine spectrum of a sound is at points a quarter of a semitone apart, 300 Hz to 16 kHz, ``(276,)``.

    Log10 of the power at each over that within a third of an octave; 0 above half the rate, and throughout for what is
    shorter than 36 ms.

    Parameters
    ----------
    audio
        One channel, ``(frames,)``, from where the sound begins.
    partials_hz
        Lines that are told by themselves; there it is as strong as beside them.

    Examples
    --------
    >>> ring = np.sin(2 * np.pi * 1200 * np.arange(22050) / 44100)
    >>> lines_of(ring, sample_rate_hz=44100).argmax().item() == round(48 * math.log2(1200 / 300))
    True
    """
    found = np.zeros(LINE_POINTS)
    sounding = audio[round(_LEAD_S * sample_rate_hz) :][: round(_LINES_S * sample_rate_hz)].astype(np.float64)
    edges_hz = _line_edges_hz()
    inside = int((edges_hz[1:] <= sample_rate_hz / 2).sum())
    if len(sounding) < 0.03 * sample_rate_hz or inside < _FEWEST_BINS:
        return torch.from_numpy(found).float()
    level = uniform_filter1d(np.square(sounding), max(1, round(_LEVELLED_S * sample_rate_hz)))
    if level.max() <= _NOTHING:
        return torch.from_numpy(found).float()
    even = sounding / np.sqrt(level + 10 ** (_EVENED_DB / 10) * level.max()) * np.hanning(len(sounding))
    size = next_fast_length(max(len(even), sample_rate_hz // 2))  # so that the closest points lie two bins apart
    running = np.concatenate([[0.0], np.cumsum(np.square(np.abs(rfft(even, frames=size))))])
    edges = edges_hz[: inside + 1] * size / sample_rate_hz + 0.5
    power = np.diff(np.interp(edges, np.arange(len(running)), running)) / np.diff(edges)
    power = _without(power, partials_hz, blurred_hz=2.0 * sample_rate_hz / len(even))
    around = np.maximum(uniform_filter1d(power, _LINES_LEVELLED, mode="nearest"), 1e-9 * max(power.max(), 1e-30))
    found[:inside] = np.log10(power / around + 1e-3).clip(_FAINTEST, _STRONGEST)
    return torch.from_numpy(found).float()


def noise_with(
    metal: Tensor,
    *,
    sides: int,
    frames: int,
    sample_rate_hz: int,
    generator: torch.Generator,
    lines: Tensor | None = None,
) -> Tensor:
    """White noise of power 1 of which a share is steady lines, ``(sides, frames)``; all sides have them at one place.

    Parameters
    ----------
    metal
        Shares, as `metal_of` gives them.
    lines
        How strong they are, as `lines_of` gives it, left to chance if None. The noise is then white within thirds of an
        octave, not within less.
    generator
        On the CPU; the same state gives the same noise.

    Examples
    --------
    >>> ring = noise_with(
    ...     torch.ones(4), sides=1, frames=44100, sample_rate_hz=44100, generator=torch.Generator().manual_seed(0)
    ... )
    >>> ring.shape, bool(metal_of(ring[0].numpy(), sample_rate_hz=44100).min() > 0.8)
    (torch.Size([1, 44100]), True)
    """
    size = next_fast_length(max(1, frames))
    bins = size // 2 + 1
    share = _over_bins(metal, bins=bins, sample_rate_hz=sample_rate_hz)
    if lines is None:
        apart = max(1.0, _APART_HZ * size / sample_rate_hz)  # bins
        lined = torch.rand(bins, generator=generator) < 1.0 / apart
        hiss, chance = torch.view_as_complex(torch.randn(2, sides, bins, 2, generator=generator))
        ringing = chance * (share * apart).sqrt() * lined
    else:
        hiss = torch.view_as_complex(torch.randn(sides, bins, 2, generator=generator))
        hiss = hiss * _resonances(lines, bins=bins, sample_rate_hz=sample_rate_hz).sqrt()
        ringing = _lines_like(lines, share, sides=sides, bin_hz=sample_rate_hz / size, generator=generator)
    spectra = (hiss * (1 - share).sqrt() + ringing) * math.sqrt(0.5 * size)
    return torch.from_numpy(irfft(spectra.numpy(), frames=size)[:, :frames])


def retuned_lines(lines: Tensor, *, semitones: float) -> Tensor:
    """Lines higher or lower; those at the edge are held.

    Examples
    --------
    >>> peak = torch.eye(LINE_POINTS)[100]
    >>> retuned_lines(peak, semitones=1.0).argmax().item()
    104
    """
    points = np.arange(LINE_POINTS)
    moved = np.interp(points - semitones / 12 * _LINES_PER_OCTAVE, points, lines.double().numpy())
    return torch.from_numpy(moved).float()


def _resonances(lines: Tensor, *, bins: int, sample_rate_hz: int) -> Tensor:
    """What is broader than a line in how strong lines are, as power over the bins of a spectrum; hiss has it, too."""
    power, around = _power_and_around(lines)
    broad = uniform_filter1d(power, _RESONANCE, mode="nearest") / around
    hz = np.linspace(0.0, sample_rate_hz / 2, bins)
    return torch.from_numpy(np.interp(hz, _line_points_hz(), broad, left=1.0, right=1.0)).float()


def _lines_like(lines: Tensor, share: Tensor, *, sides: int, bin_hz: float, generator: torch.Generator) -> Tensor:
    """Spectra of lines as strong as told, ``(sides, bins)``.

    One at a chance place around each point, or within each 25 Hz where these are closer; the former are just as
    strong as told, the latter share what is told by chance.
    """
    told_hz = _line_edges_hz()
    alone = int((np.diff(told_hz) <= _APART_HZ).sum())
    top_hz = bin_hz * (len(share) - 1)
    edges = np.concatenate([told_hz[: alone + 1], np.arange(told_hz[alone] + _APART_HZ, top_hz, _APART_HZ)])
    edges = edges[edges <= top_hz]
    count = max(0, len(edges) - 1)
    found = torch.zeros(sides, len(share), dtype=torch.complex64)
    if not count:
        return found
    hz = edges[:-1] + np.diff(edges) * torch.rand(count, generator=generator).double().numpy()
    points = np.rint(np.log2(hz / _NONE_BELOW_HZ) * _LINES_PER_OCTAVE).astype(np.int64).clip(0, LINE_POINTS - 1)
    power, around = _power_and_around(lines)
    told = (power / around)[points]
    told[hz > told_hz[-1]] = 1.0
    place = torch.from_numpy(np.rint(hz / bin_hz).astype(np.int64))
    drawn = torch.view_as_complex(torch.randn(sides, count, 2, generator=generator))
    even = torch.arange(count) < alone
    drawn = torch.where(even, drawn * (math.sqrt(2.0) / drawn.abs().clamp(min=1e-6)), drawn)
    strength = torch.from_numpy(told * np.diff(edges) / bin_hz).float() * share[place]
    return found.index_add_(1, place, drawn * strength.sqrt())


def _without(power: Floats, partials_hz: Floats | None, *, blurred_hz: float) -> Floats:
    """Power at the first points, with what lies on partials drawn straight from one side of them to the other."""
    if partials_hz is None or not len(partials_hz):
        return power
    points = np.arange(len(power))
    hz = _line_points_hz()[: len(power)]
    near = np.maximum(blurred_hz, hz * (2.0 ** (_AROUND_POINTS / _LINES_PER_OCTAVE) - 1.0))
    free = (np.abs(hz[:, None] - np.asarray(partials_hz)) > near[:, None]).all(axis=1)
    if free.sum() < _FEWEST_BINS:
        return np.ones_like(power)
    return np.exp(np.interp(points, points[free], np.log(power[free] + 1e-30)))


def _power_and_around(lines: Tensor) -> tuple[Floats, Floats]:
    """The power that lines stand for at each point, and that within a third of an octave, both ``(276,)``."""
    power = 10.0 ** lines.double().numpy()
    return power, uniform_filter1d(power, _LINES_LEVELLED, mode="nearest")


def _line_points_hz() -> Floats:
    """Where the points of the lines lie in Hz, ``(276,)``."""
    return _NONE_BELOW_HZ * np.exp2(np.arange(LINE_POINTS) / _LINES_PER_OCTAVE)


def _line_edges_hz() -> Floats:
    """Between which frequencies each point of the lines is told, ``(277,)``."""
    return _NONE_BELOW_HZ * np.exp2((np.arange(LINE_POINTS + 1) - 0.5) / _LINES_PER_OCTAVE)


def _share(fine: Floats) -> float:
    """The share of lines from levelled log spectra, ``(pieces, bins)``; what chance alone brings is left out."""
    if fine.shape[1] < _FEWEST_BINS:
        return 0.0
    centred = fine - fine.mean(axis=1, keepdims=True)
    norms = np.sqrt(np.square(centred).sum(axis=1))
    alike = (centred[1:] * centred[:-1]).sum(axis=1) / np.maximum(norms[1:] * norms[:-1], 1e-12)
    chance = 1.0 / math.sqrt(alike.size * fine.shape[1])
    return float(np.interp(alike.mean() - chance, _LIKENESSES, _SHARES))


def _over_bins(metal: Tensor, *, bins: int, sample_rate_hz: int) -> Tensor:
    """Shares of regions drawn over the bins of a spectrum, straight over log frequency between their middles."""
    middles = [math.sqrt(low * high) for low, high in pairwise(_EDGES_HZ)]
    shares = metal.clamp(0, 1).double().numpy()
    places = np.log([_NONE_BELOW_HZ, _EDGES_HZ[0], *middles])
    drawn = np.interp(_log_hz(bins, sample_rate_hz), places, [0.0, shares[0], *shares])
    return torch.from_numpy(drawn).float()


@lru_cache(maxsize=4)
def _log_hz(bins: int, sample_rate_hz: int) -> Floats:
    """Natural log of the frequencies of a spectrum in Hz, of none below 1 Hz; to be read, not to be changed."""
    return np.log(np.maximum(np.linspace(0.0, sample_rate_hz / 2, bins), 1.0))
