"""Finding the partials of a sound: peaks of a long spectrum, the glide of the lowest, the share of tone around each."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch

from woodshed.dsp import fundamental_hz
from woodshed.nn.partials import ABSENT_STEP, HARMONIC_SPANS, HIGHEST_HZ, LOWEST_HZ, MODES, Partials

Floats = npt.NDArray[np.floating]

_BEGUN = 0.03  # of the peak
_WINDOW_S = 0.046
_NOISY_SHARE = 0.3  # what noise itself shows
_PEAK_OVER_FLOOR_DB = 9.0
_WEAKEST_DB = -42.0
_GLIDE_BELOW_HZ = 350.0
_LONGEST_GLIDE_S = 0.15
_DEEP_HZ = 200.0  # modes below it are followed in time, not in the spectrum
_LOW_TOP_HZ = 650.0


def partials_of(audio: Floats, *, sample_rate_hz: int, token_frames: int, tokens: int) -> Partials:
    """Find the modes of one sound.

    Parameters
    ----------
    audio
        One channel, ``(frames,)``; what lies before its onset does not matter.
    token_frames, tokens
        Grid of the shares.
    """
    audio = np.asarray(audio, dtype=np.float64)
    pitch = (
        fundamental_hz(audio[None].astype(np.float32), sample_rate_hz) if len(audio) > 0.04 * sample_rate_hz else None
    )
    peaks, strengths = _peaks(audio, sample_rate_hz)
    harmonic = bool(pitch and pitch.strength > 0.93 and _is_series(peaks, strengths, pitch.frequency_hz))
    if harmonic and pitch:
        peaks = pitch.frequency_hz * np.array([span[0] for span in HARMONIC_SPANS], dtype=float)
    glide, glide_s, settled = _glide(audio, sample_rate_hz, peaks)
    if len(peaks) and settled > 0 and not harmonic and abs(math.log2(settled / peaks[0])) < 0.7:
        begins = settled * 2.0 ** (glide if glide > 0.15 else 0.2)  # peaks below it are the glide itself
        peaks = np.concatenate([[settled], peaks[1:][peaks[1:] > max(1.15 * settled, begins)]])
    frequencies = _filled(peaks)
    deepest = frequencies[0] if len(peaks) else 0.0
    shares = _shares(audio, sample_rate_hz, frequencies, len(peaks), glide, glide_s, harmonic, token_frames, tokens)
    if 0 < deepest < _DEEP_HZ and not harmonic:
        shares[:, 0] = _coherence(audio, sample_rate_hz, deepest, glide, glide_s, token_frames, tokens)
    shares = np.clip((shares - _NOISY_SHARE) / (1 - _NOISY_SHARE), 0, 1)
    return Partials(torch.from_numpy(frequencies).float(), glide, glide_s, harmonic, torch.from_numpy(shares).float())


def _coherence(
    audio: Floats, rate: int, settled: float, glide: float, glide_s: float, token_frames: int, tokens: int
) -> Floats:
    """How much of what sounds below 300 Hz follows one gliding sine, per token: demodulated by it, it hardly turns."""
    low, low_rate = _analytic_below(audio, rate, pass_hz=(5.0, 220.0, 320.0))
    seconds = np.arange(len(low)) / low_rate
    angle = 2 * math.pi * settled * np.cumsum(np.exp2(glide * np.exp(-seconds / glide_s))) / low_rate
    still = low * np.exp(-1j * angle)
    window = np.hanning(max(3, round(min(0.04, 1.2 / settled) * low_rate)) + 2)
    smooth = np.convolve(still, window / window.sum(), "same")
    token = np.minimum((seconds * rate / token_frames).astype(int), tokens - 1)
    part, whole = (np.bincount(token, np.abs(x) ** 2, tokens) for x in (smooth, low))
    return np.clip(part / np.maximum(whole, 1e-12), 0, 1)


def _analytic_below(
    audio: Floats, rate: int, *, pass_hz: tuple[float, float, float]
) -> tuple[npt.NDArray[np.complexfloating], float]:
    """What lies in a low band as complex amplitudes, at a rate just high enough, and that rate.

    ``pass_hz``: from where it passes, up to where, and where it has fallen to nothing.
    """
    size = 1 << math.ceil(math.log2(len(audio) + 1024))
    few = 1 << math.ceil(math.log2(2 * _LOW_TOP_HZ * size / rate))
    spectrum = np.fft.rfft(audio, size)[: few // 2]
    hz = np.arange(few // 2) * rate / size
    low, high, stop = pass_hz
    spectrum = 2 * spectrum * np.clip((hz - low) / low, 0, 1) * np.clip((stop - hz) / (stop - high), 0, 1)
    slow_rate = rate * few / size
    slow = np.fft.ifft(spectrum, few) * (few / size)
    return slow[: max(2, math.ceil(len(audio) * few / size))], slow_rate


def _peaks(audio: Floats, rate: int) -> tuple[Floats, Floats]:
    """Frequencies (rising) and levels in dB of the strongest spectral peaks that stand clear of what is around."""
    start = min(len(audio) // 8, round(0.004 * rate))
    part = audio[start : start + round(0.37 * rate)]
    if len(part) < 0.02 * rate:
        return np.zeros(0), np.zeros(0)
    fade = np.cos(np.linspace(0, math.pi / 2, len(part))) ** 2  # a half window: what decays is heard from its start
    rise = min(len(part), round(0.002 * rate))
    fade[:rise] *= np.sin(np.linspace(0, math.pi / 2, rise))
    size = 1 << 16
    level = 20 * np.log10(np.abs(np.fft.rfft(part * fade, size)) + 1e-9)
    bin_hz = rate / size
    low, high = int(LOWEST_HZ / bin_hz), int(HIGHEST_HZ / bin_hz)
    top = (
        np.flatnonzero((level[low:high] > level[low - 1 : high - 1]) & (level[low:high] >= level[low + 1 : high + 1]))
        + low
    )
    top = top[level[top] > level[low:high].max() + _WEAKEST_DB]
    width = max(rate / len(part), 8.0) * 1.5  # Hz around which a mode hides others
    found: list[int] = []
    for place in top[np.argsort(-level[top])]:
        if len(found) == MODES:
            break
        if any(abs(place - other) * bin_hz < width for other in found):
            continue
        deep = place * bin_hz < _DEEP_HZ  # what glides down there has a broad peak
        reach = round((250.0 if deep else max(60.0, 0.12 * place * bin_hz)) / bin_hz)
        around = level[max(1, place - reach) : place + reach]
        if level[place] - np.median(around) >= (6.0 if deep else _PEAK_OVER_FLOOR_DB):
            found.append(int(place))
    order = np.array(sorted(found), dtype=int)
    return order * bin_hz, level[order] if len(order) else np.zeros(0)


def _is_series(peaks: Floats, strengths: Floats, first_hz: float) -> bool:
    """Whether most of the peaks' energy lies on multiples of a frequency, and more than one multiple is there."""
    if len(peaks) < 3 or not math.isfinite(first_hz):
        return False
    number = peaks / first_hz
    near = (np.abs(number - np.round(number)) < 0.02 + 0.004 * number) & (np.round(number) >= 1)
    energy = 10 ** (strengths / 10)
    return bool(energy[near].sum() > 0.75 * energy.sum() and len(set(np.round(number[near]))) >= 3)


def _glide(audio: Floats, rate: int, peaks: Floats) -> tuple[float, float, float]:
    """How far the lowest mode begins above where it settles (octaves), how fast it falls, and where it settles."""
    if not len(peaks) or peaks[0] > _GLIDE_BELOW_HZ:
        return 0.0, 0.03, 0.0
    analytic, rate_hz = _analytic_below(audio[: round(0.4 * rate)], rate, pass_hz=(15.0, 350.0, 450.0))
    power = np.abs(analytic) ** 2
    turn = np.angle(analytic[1:] * np.conj(analytic[:-1])) * rate_hz / (2 * math.pi)
    hop = max(1, round(0.002 * rate_hz))
    count = len(turn) // hop
    weights = power[1 : count * hop + 1].reshape(count, hop)
    course = (turn[: count * hop].reshape(count, hop) * weights).sum(1) / (weights.sum(1) + 1e-12)
    weight = weights.sum(1)
    times = (np.arange(count) + 0.5) * hop / rate_hz
    good = (weight > weight.max() * 10 ** (-2.5)) & (course > 25) & (course < 450)
    late = good & (times > 0.06)
    if good.sum() < 8 or late.sum() < 4:
        return 0.0, 0.03, 0.0
    order = np.argsort(course[late])
    cumulated = np.cumsum(weight[late][order])
    settled = float(course[late][order][np.searchsorted(cumulated, cumulated[-1] / 2)])
    above = np.log2(np.maximum(course, 1.0) / settled)
    early = good & (times < _LONGEST_GLIDE_S)
    best = (np.inf, 0.0, 0.03)
    for glide_s in (0.005, 0.01, 0.02, 0.035, 0.06):
        shape = np.exp(-times / glide_s)
        glide = float((weight * above * shape)[early].sum() / ((weight * shape**2)[early].sum() + 1e-12))
        glide = float(np.clip(glide, -0.3, 1.6))
        miss = float((weight * (above - glide * shape) ** 2)[early].sum())
        if miss < best[0]:
            best = miss, glide, glide_s
    flat = float((weight * above**2)[early].sum())
    return (best[1], best[2], settled) if best[0] < 0.5 * flat and abs(best[1]) > 0.02 else (0.0, 0.03, settled)


def _filled(peaks: Floats) -> Floats:
    """As many rising frequencies as there are modes; those that are not there lie at even steps above."""
    out = list(peaks[:MODES]) or [110.0]
    while len(out) < MODES:
        out.append(min(out[-1] * 2.0**ABSENT_STEP, 4 * HIGHEST_HZ))
    return np.array(out)


def _shares(
    audio: Floats,
    rate: int,
    frequencies: Floats,
    count: int,
    glide: float,
    glide_s: float,
    harmonic: bool,
    token_frames: int,
    tokens: int,
) -> Floats:
    """Tone over tone and noise around each mode and token, from the main lobes of a long window."""
    size = 1 << round(math.log2(_WINDOW_S * rate))
    centres = (np.arange(tokens) + 0.5) * token_frames
    padded = np.pad(audio, (size, size + tokens * token_frames))
    window = np.hanning(size)
    frames = np.stack([padded[int(c) - size // 2 + size : int(c) + size // 2 + size] * window for c in centres])
    power = np.abs(np.fft.rfft(frames, axis=-1)) ** 2  # (tokens, bins)
    bin_hz = rate / size
    at = np.exp2(glide * np.exp(-centres / rate / glide_s))  # (tokens,) of the settled frequency
    spans = HARMONIC_SPANS if harmonic else tuple((1, 1) for _ in range(MODES))
    shares = np.zeros((tokens, MODES))
    for mode in range(MODES if harmonic else count):
        numbers = np.arange(spans[mode][0], spans[mode][1] + 1) if harmonic else np.array([1])
        base = frequencies[0] if harmonic else frequencies[mode]
        lines = base * numbers
        lines = lines[lines < min(HIGHEST_HZ, 0.45 * rate)]
        if not len(lines):
            continue
        others = np.array([]) if harmonic else np.delete(frequencies[:count], mode)
        shares[:, mode] = _share_of(power, lines[None] * at[:, None], others[None] * at[:, None], bin_hz)
    return shares


def _share_of(power: Floats, lines_hz: Floats, others_hz: Floats, bin_hz: float) -> Floats:
    """Per token, from powers ``(tokens, bins)`` and frequencies ``(tokens, lines)`` of these lines and of others."""
    bins = np.arange(min(power.shape[1], int(2 * HIGHEST_HZ / bin_hz)))
    power = power[:, : len(bins)]
    distance = _nearest(bins, lines_hz / bin_hz)  # (tokens, bins)
    lobe, near = distance <= 2.0, distance <= 6.0
    if others_hz.shape[1]:
        near &= (_nearest(bins, others_hz / bin_hz) > 2.0) | lobe
    energy, total = (power * lobe).sum(1), (power * near).sum(1)
    chance = lobe.sum(1) / np.maximum(near.sum(1), 1)
    share = (energy / np.maximum(total, 1e-20) - chance) / np.maximum(1 - chance, 1e-6)
    share = np.where(chance >= 1, 1.0, np.clip(share, 0, 1))
    return np.where(total > 0, share, 0.0)


def _nearest(bins: npt.NDArray[np.int64], places: Floats) -> Floats:
    """Distance of every bin from the nearest of some places, ``(tokens, bins)``."""
    return np.abs(bins[None, :, None] - places[:, None, :]).min(axis=2)
