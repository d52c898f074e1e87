"""Making a recording into a loop: where to cut it, and how to lead its end into its beginning."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from woodshed.base.errors import UsageError
from woodshed.dsp._audio import Audio, as_channels, checked_rate

FADE_S = 0.06
_SPLITS_HZ = (150.0, 600.0, 2500.0)
_HOP_S, _WINDOW_S, _CONTEXT_S = 0.01, 0.03, 0.2
_MOST_HOPS = 1200
_BANDS = 24
_LONGER_IS_BETTER = 0.4
_REFINE_S = 0.012
_LEAST_CORRELATION = -0.7
_CLICK_S = 0.002
_NEAR_S = 0.012  # how long before the end of a loop a hit may begin and still be meant as its first
_FIRST_S = 0.001  # after its start, where that hit then begins
_BLOCK_S = 0.00025
_AROUND_S = 0.01  # before and after a moment, whose peaks say whether a hit begins there: more than half a low wave
_HIT = 2.5  # times it stands above what came before
_LOUD_HIT = 0.1  # of the loop's peak
_FOOT, _OVER = 0.1, 1.2  # of its own peak and times what came before: below, a hit has not begun

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LoopCut:
    """Where a loop lies in a recording: its first frame and its length.

    ``apart_db`` says how far the spectra around its two ends are apart, on average over bands.
    """

    start_frame: int
    frames: int
    apart_db: float


def loop_cut(
    x: npt.ArrayLike, sample_rate_hz: float, *, frames: int | None = None, shortest_s: float = 0.25
) -> LoopCut:
    """Find where a recording loops best: its two ends sound alike, in spectrum first, then in phase.

    Parameters
    ----------
    x
        Audio, shape ``(channels, frames)`` or ``(frames,)``, finite.
    sample_rate_hz
        Frames per second.
    frames
        Exact length of the loop; None lets the sound decide, longer loops being preferred.
    shortest_s
        Shortest loop looked for if the length is free.

    Raises
    ------
    UsageError
        If the recording is shorter than the loop.

    Examples
    --------
    >>> x = np.sin(np.arange(44100) / 44100 * 2 * np.pi * 100)
    >>> cut = loop_cut(x, 44100)
    >>> cut.frames % 441 in (0, 1, 440)
    True
    """
    audio, rate = as_channels(x), checked_rate(sample_rate_hz)
    total = audio.shape[-1]
    if total == 0 or (frames is not None and not 0 < frames <= total):
        raise UsageError(
            f"A loop of {frames} frames cannot be cut from {total}",
            cause="the recording is shorter than the loop asked for",
            way_out="ask for fewer bars or a faster tempo",
        )
    hop_s = max(_HOP_S, total / rate / _MOST_HOPS)
    levels = _levels_db(audio, rate, hop_s=hop_s)
    apart = _apart_db(levels, reach=max(1, round(_CONTEXT_S / hop_s)))  # (hops, hops)
    hop = hop_s * rate
    if frames is not None:
        lag = min(len(levels) - 1, round(frames / hop))
        line = np.diagonal(apart, offset=lag)
        last = (total - frames) / hop
        line = line[: max(1, int(last) + 1)]
        start = int(np.argmin(line + 0.5 * np.arange(line.size) * hop_s))  # of two alike, the earlier
        return LoopCut(min(round(start * hop), total - frames), frames, float(line[start]))
    index = np.arange(len(levels))
    lengths = (index[None] - index[:, None]) * hop_s
    liked = apart - _LONGER_IS_BETTER * apart.std() * lengths / max(lengths.max(), 1e-9)
    liked = np.where(lengths >= min(shortest_s, 0.5 * total / rate), liked, np.inf)
    start, stop = np.unravel_index(int(np.argmin(liked)), liked.shape)
    begin = round(int(start) * hop)
    length = min(round(int(stop - start) * hop), total - begin)
    return LoopCut(begin, _in_phase(audio, rate, begin, length), float(apart[start, stop]))


def closed_loop(
    x: npt.ArrayLike, sample_rate_hz: float, *, start_frame: int, frames: int, fade_s: float = FADE_S
) -> Audio:
    """The loop of a recording, its end led into its beginning.

    What comes before the loop in the recording is faded in under its end, so that the first attack stays as it is;
    where nothing comes before, what comes after is faded out over its beginning; where neither is, only the step
    between the last and the first frame is taken out. Each band fades by a law of its own: as the two are alike
    (evenly in amplitude) or not (evenly in power).

    Parameters
    ----------
    x
        Audio, shape ``(channels, frames)`` or ``(frames,)``, finite.
    sample_rate_hz
        Frames per second.
    start_frame, frames
        The loop.
    fade_s
        How long the fade is at most.

    Returns
    -------
    Audio of shape ``(channels, frames)``.

    Raises
    ------
    UsageError
        If the loop reaches beyond the recording.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=44100)
    >>> loop = closed_loop(x, 44100, start_frame=10000, frames=22050)
    >>> loop.shape, bool(np.allclose(loop[0, :1000], x[10000:11000], atol=1e-5))
    ((1, 22050), True)
    """
    audio, rate = as_channels(x), checked_rate(sample_rate_hz)
    stop = start_frame + frames
    if start_frame < 0 or frames < 1 or stop > audio.shape[-1]:
        raise UsageError(
            f"A loop from frame {start_frame} to {stop} cannot be cut from {audio.shape[-1]} frames",
            cause="it reaches beyond the recording",
            way_out="let loop_cut find it",
        )
    most = min(round(fade_s * rate), frames // 2)
    before, after = min(most, start_frame), min(most, audio.shape[-1] - stop)
    fade = before if before >= min(most, after) else after
    loop = audio[:, start_frame:stop].astype(np.float64)
    if fade < 8:
        return _without_step(loop, rate).astype(np.float32)
    for band in _bands(audio.astype(np.float64), rate):
        if fade == before:
            ending, lead = band[:, stop - fade : stop], band[:, start_frame - fade : start_frame]
            loop[:, frames - fade :] += _faded(ending, lead) - ending
        else:
            beginning, rest = band[:, start_frame : start_frame + fade], band[:, stop : stop + fade]
            loop[:, :fade] += _faded(rest, beginning) - beginning
    return loop.astype(np.float32)


def turned_to_hit(x: npt.ArrayLike, sample_rate_hz: float, *, after_s: float = 0.0) -> Audio:
    """A loop turned so that a hit cut in two by its seam, or begun 12 ms before its end at most, begins it.

    The hit then rises a millisecond after the first frame. Where no hit is near the seam nothing is turned.

    Parameters
    ----------
    x
        A closed circle, shape ``(channels, frames)`` or ``(frames,)``, finite.
    sample_rate_hz
        Frames per second.
    after_s
        How long after the first frame a hit may begin and still be brought there, a millisecond at most.

    Examples
    --------
    >>> x = np.zeros(44100)
    >>> x[-100:] = 0.5  # 2.3 ms before the end
    >>> int(np.argmax(turned_to_hit(x, 44100)[0] > 0.1))
    44
    """
    audio, rate = as_channels(x), checked_rate(sample_rate_hz)
    foot = _foot_near_seam(audio, rate)
    if foot is None or foot >= min(after_s, _FIRST_S) * rate:
        return audio
    return np.roll(audio, round(_FIRST_S * rate) - foot, axis=-1)


def _foot_near_seam(audio: Audio, rate: float) -> int | None:
    """Where a hit begins that lies near the seam, in frames, negative before the end; None if none does."""
    size = max(1, round(_BLOCK_S * rate))
    around, near, first = (round(s * rate / size) for s in (_AROUND_S, _NEAR_S, _FIRST_S))
    before, after = (near + around) * size, (first + 2 * around) * size  # looked at on either side of the seam
    if audio.shape[-1] < before + after:
        return None
    loud = np.abs(audio).max(axis=0)
    seam = np.concatenate([loud[-before:], loud[:after]])
    blocks = seam.reshape(-1, size).max(axis=1)
    peaks = np.lib.stride_tricks.sliding_window_view(blocks, around).max(axis=1)  # of what comes from a block on
    moments = np.arange(around, around + near + first)
    past, coming = peaks[moments - around], peaks[moments]
    rises = (coming >= _HIT * past) & (coming >= _LOUD_HIT * float(loud.max()))
    if not rises.any():
        return None
    best = int(np.argmax(np.where(rises, coming / np.maximum(past, 1e-9), 0.0)))
    begun = max(_FOOT * float(coming[best]), _OVER * float(past[best]))
    start = int(moments[best]) * size
    return start + int(np.argmax(seam[start:] > begun)) - before


def _levels_db(audio: Audio, rate: float, *, hop_s: float) -> Numbers:
    """Level of 24 bands every hop, within 60 dB of the loudest, ``(hops, bands)``."""
    size = 2 ** round(np.log2(_WINDOW_S * rate))
    hops = max(1, int(audio.shape[-1] / (hop_s * rate)) + 1)
    centres = np.round(np.arange(hops) * hop_s * rate).astype(np.int64)
    padded = np.pad(audio.mean(axis=0).astype(np.float64), size // 2)
    frames = padded[np.minimum(centres[:, None] + np.arange(size), padded.size - 1)]
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(size))))
    edges = np.unique(np.geomspace(2, size // 2, _BANDS + 1).astype(np.int64))
    banded = np.add.reduceat(power, edges[:-1], axis=1)
    return 10 * np.log10(banded + 1e-6 * max(float(banded.max()), 1e-12))


def _apart_db(levels: Numbers, *, reach: int) -> Numbers:
    """How far the spectra up to so many hops around two moments are apart, for every pair, ``(hops, hops)``."""
    flat = levels.astype(np.float32)
    squares = np.square(flat).sum(axis=1)
    squared = np.maximum(squares[:, None] + squares[None] - 2 * flat @ flat.T, 0.0) / flat.shape[1]
    total = np.zeros_like(squared, dtype=np.float64)
    weights = np.zeros_like(total)
    for shift in range(-reach, reach + 1):  # the same distance a little earlier and later, along the diagonal
        a, b = max(0, shift), max(0, -shift)
        size = len(levels) - abs(shift)
        if size <= 0:
            continue
        total[b : b + size, b : b + size] += squared[a : a + size, a : a + size]
        weights[b : b + size, b : b + size] += 1
    return np.sqrt(total / weights)


def _in_phase(audio: Audio, rate: float, start: int, frames: int) -> int:
    """The length near this at which the waveforms around the two ends are most alike."""
    reach, half = round(_REFINE_S * rate), round(0.03 * rate)
    mono = audio.mean(axis=0).astype(np.float64)
    low, high = start - half, start + half
    if low < 0:
        low, high = start, start + 2 * half
    offset = low - start
    first, last = start + frames + offset - reach, start + frames + offset + reach
    if first < 0 or last + 2 * half > mono.size or high > mono.size:
        last = min(last, mono.size - 2 * half)
        if last <= first:
            return frames
    model = mono[low:high]
    around = mono[first : last + 2 * half]
    product = np.correlate(around, model, mode="valid")
    energy = np.cumsum(np.concatenate([[0.0], np.square(around)]))
    norm = np.sqrt(np.maximum(energy[model.size :] - energy[: -model.size], 1e-12))
    best = first + int(np.argmax(product / norm)) - offset - start
    return max(1, min(best, mono.size - start))


def _faded(out: Numbers, into: Numbers) -> Numbers:
    """One stretch faded into another of equal length, at even power however alike they are."""
    place = (np.arange(out.shape[1]) + 0.5) / out.shape[1]
    angle = place * np.pi / 2
    power = np.sqrt(np.square(out).sum() * np.square(into).sum())
    alike = float((out * into).sum() / power) if power > 0 else 0.0
    alike = max(alike, _LEAST_CORRELATION)
    law = 1.0 / np.sqrt(1.0 + alike * np.sin(2 * angle))
    return (out * np.cos(angle) + into * np.sin(angle)) * law


def _bands(audio: Numbers, rate: float) -> list[Numbers]:
    """The recording in four bands that add up to it."""
    frames = audio.shape[1]
    padded = np.pad(audio, ((0, 0), (0, round(0.05 * rate))))
    spectrum = np.fft.rfft(padded)
    hz = np.maximum(np.fft.rfftfreq(padded.shape[1], 1 / rate), 1e-3)
    above = [np.ones_like(hz)]
    above += [0.5 - 0.5 * np.cos(np.pi * np.clip(np.log2(hz / edge) + 0.5, 0, 1)) for edge in _SPLITS_HZ]
    above.append(np.zeros_like(hz))
    pairs = itertools.pairwise(above)
    return [np.fft.irfft(spectrum * (a - b), n=padded.shape[1])[:, :frames] for a, b in pairs]


def _without_step(loop: Numbers, rate: float) -> Numbers:
    """Half of the step at the seam added before it, half taken away after it, over 2 ms each."""
    size = min(round(_CLICK_S * rate), loop.shape[1] // 2)
    if size < 2:
        return loop
    ahead = 2 * loop[:, -1:] - loop[:, -2:-1]
    step = loop[:, :1] - ahead
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(size) + 0.5) / size)
    loop = loop.copy()
    loop[:, -size:] += 0.5 * step * ramp
    loop[:, :size] -= 0.5 * step * ramp[::-1]
    return loop
