"""Finding the partials of a sound: peaks of a long spectrum, the glide of the lowest, the share of tone around each."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch

from woodshed.dsp import fundamental_hz, next_fast_length, rfft
from woodshed.nn.gliding import (
    LEAST_OCTAVES,
    LOWS_FROM_HZ,
    SWEPT_OCTAVES,
    Glide,
    analytic_below,
    frequency_course,
    smoothed,
    sweep_of,
)
from woodshed.nn.partials import ABSENT_STEP, HARMONIC_SPANS, HIGHEST_HZ, LOWEST_HZ, MODES, Partials, highest_rung_hz

Floats = npt.NDArray[np.floating]

_BEGUN = 0.03  # of the peak
_WINDOW_S = 0.046
_PERIODS = 6.0  # of a series, within which it is compared with itself a period later
_TUNED_S = 0.37  # of a series, in which its fundamental is told closely
_TUNING, _TUNINGS = 0.015, 121  # how far from where it was heard it is looked for, and in how many places
_NOISY_SHARE = 0.3  # what noise itself shows
_NOISY_SERIES = 0.2  # the same of a series, in its upper spans
_SILENT = 1e-8  # of the most energy
_PEAK_OVER_FLOOR_DB = 9.0
_WEAKEST_DB = -42.0
_LONGEST_GLIDE_S = 0.6
_DEEP_HZ = 350.0  # modes below it may glide, and are followed in time, not in the spectrum
_SETTLED_S = 0.06
_GLIDES_S = (0.005, 0.01, 0.02, 0.035, 0.06, 0.12, 0.24, 0.48)
_LEAST_GLIDE, _LEAST_SUDDEN_GLIDE = 0.03, 0.25  # octaves
_EXPLAINED = 0.6  # of what a course wavers, that a glide may leave over
_MOST_SLOW, _SLOW_S = 0.8, 0.05  # octaves and seconds of a glide like that of a tom, heard beside other modes
_MOST_SLIGHT = 1.6  # octaves; what falls farther is a sweep
_MOST_SETTLED = 0.35  # octaves between the peak of the spectrum and where a glide settles
_ONE_BAND_HZ = 130.0
_BESIDE_SWEEP = 0.35  # of its frequency, nearer than which nothing is believed to ring beside what sweeps
_FADED_DB = -20.0  # what still sounds this much below its start after that time shows where it settles
_DEEP_WEAKEST_DB = -24.0  # of the strongest low mode
_TONAL_SHARE = 0.85  # from here on it is all tone
_STILL_S, _NEAR_S = 0.03, 0.008  # spans over which a mode stands still, and noise around it is heard
_GLIDING_TOP_HZ = 600.0  # of what is followed
_FILTERED = 0.7  # over the width of a band: seconds that a filter takes to follow
_NO_GLIDE = (math.inf, 0.0, 0.03, 0.0)


def partials_of(audio: Floats, *, sample_rate_hz: int, token_frames: int, tokens: int) -> Partials:
    """Find the modes of one sound.

    Parameters
    ----------
    audio
        One channel, ``(frames,)``; what lies before its onset does not matter.
    token_frames, tokens
        Grid of the shares.
    """
    rate = sample_rate_hz
    audio = _from_onset(np.asarray(audio, dtype=np.float64))
    modes, harmonic = _modes(audio, rate)
    glide, deep = (Glide(), np.zeros(0)) if harmonic else _gliding(audio, rate, modes[modes < _DEEP_HZ])
    modes = modes if harmonic else np.concatenate([deep, modes[modes >= _DEEP_HZ]])[:MODES]
    frequencies = _filled(modes)
    if harmonic:
        shares = _series_shares(audio, rate, float(frequencies[0]), token_frames, tokens)
    else:
        shares = _shares(audio, rate, frequencies, len(modes), glide, token_frames, tokens)
    if len(deep):
        shares[:, : len(deep)] = _deep_shares(audio, rate, deep, glide, token_frames, tokens)
    return Partials(torch.from_numpy(frequencies).float(), glide, harmonic, torch.from_numpy(shares).float())


def _from_onset(audio: Floats) -> Floats:
    loud = np.abs(audio)
    return audio[int(np.argmax(loud > _BEGUN * loud.max())) :] if audio.size and loud.max() > 0 else audio


def _modes(audio: Floats, rate: int) -> tuple[Floats, bool]:
    """Where the modes settle, rising, and whether they are the start of a harmonic series.

    What glides at first has settled after some 60 ms, so low modes are looked for from then on where they still sound.
    """
    if len(audio) < 0.02 * rate or not audio.any():
        return np.zeros(0), False
    early, strengths = _peaks(audio[round(0.004 * rate) :], rate)
    pitch = fundamental_hz(audio[None].astype(np.float32), rate) if len(audio) > 0.04 * rate else None
    if pitch and pitch.strength > 0.85 and math.isfinite(pitch.frequency_hz):
        first_hz = _refined(audio, rate, pitch.frequency_hz)
        if _is_series(early, strengths, first_hz):
            return first_hz * np.array([span[0] for span in HARMONIC_SPANS], dtype=float), True
    if len(audio) > 0.2 * rate:
        late, late_strengths = _peaks(audio[round(_SETTLED_S * rate) :], rate)
        keep = (late < _DEEP_HZ) & (late_strengths > strengths[early < _DEEP_HZ].max(initial=-200.0) + _FADED_DB)
        if keep.any():
            high = early >= _DEEP_HZ
            early = np.concatenate([late[keep], early[high]])
            strengths = np.concatenate([late_strengths[keep] + 6.0, strengths[high]])
    early, strengths = _from_the_strongest(early, strengths)
    strongest = np.argsort(-strengths)[:MODES]
    return np.sort(early[strongest]), False


def _from_the_strongest(modes: Floats, strengths: Floats) -> tuple[Floats, Floats]:
    """Without what lies below the strongest low mode, and without low modes far weaker than it."""
    deep = modes < _DEEP_HZ
    if not deep.any():
        return modes, strengths
    best = int(np.argmax(np.where(deep, strengths, -np.inf)))
    kept = ~deep | ((modes >= modes[best]) & (strengths > strengths[best] + _DEEP_WEAKEST_DB))
    return modes[kept], strengths[kept]


def _deep_shares(audio: Floats, rate: int, deep: Floats, glide: Glide, token_frames: int, tokens: int) -> Floats:
    """Tone over tone and noise around each low mode, ``(tokens, modes)``.

    One mode after another is turned to a standstill, smoothed and taken away; what is left in the end is noise. Modes
    so near that one band holds them share its energy as they do in the sound.
    """
    left, low_rate = analytic_below(audio, rate, pass_hz=(5.0, 480.0, 600.0))
    seconds = np.arange(len(left)) / low_rate
    turns = glide.turns(len(left), low_rate)
    tones, waves = [], [np.exp(2j * math.pi * hz * turns) for hz in deep]
    for wave in waves:
        tone = smoothed(left * wave.conj(), round(_STILL_S * low_rate))
        left = left - tone * wave
        tones.append(tone)
    token = np.minimum((seconds * rate / token_frames).astype(int), tokens - 1)
    noises = [smoothed(left * wave.conj(), round(_NEAR_S * low_rate)) for wave in waves]
    parts, rests = (
        np.stack([np.bincount(token, np.abs(x) ** 2, tokens) for x in some], axis=1) for some in (tones, noises)
    )  # (tokens, modes)
    near = np.clip(1 - np.abs(np.subtract.outer(deep, deep)) / _ONE_BAND_HZ, 0, 1)
    return parts / np.maximum(parts @ near + rests, 1e-15)


def _peaks(audio: Floats, rate: int) -> tuple[Floats, Floats]:
    """Frequencies (rising) and levels in dB of the strongest spectral peaks that stand clear of what is around."""
    part = audio[: round(0.37 * rate)]
    if len(part) < 0.015 * rate:
        return np.zeros(0), np.zeros(0)
    fade = np.cos(np.linspace(0, math.pi / 2, len(part))) ** 2  # a half window: what decays is heard from its start
    rise = min(len(part), round(0.002 * rate))
    fade[:rise] *= np.sin(np.linspace(0, math.pi / 2, rise))
    size = 1 << max(16, math.ceil(math.log2(len(part))))
    level = 20 * np.log10(np.abs(rfft(part * fade, frames=size)) + 1e-9)
    bin_hz = rate / size
    low, high = int(LOWEST_HZ / bin_hz), min(int(HIGHEST_HZ / bin_hz), len(level) - 1)
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
        if any(abs(place - other) * bin_hz < _elbow_room(place * bin_hz, width) for other in found):
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
    if len(peaks) < 3:
        return False
    number = peaks / first_hz
    near = (np.abs(number - np.round(number)) < 0.02 + 0.004 * number) & (np.round(number) >= 1)
    energy = 10 ** (strengths / 10)
    return bool(energy[near].sum() > 0.75 * energy.sum() and len(set(np.round(number[near]))) >= 3)


def _refined(audio: Floats, rate: int, first_hz: float) -> float:
    """The fundamental whose multiples, up to the highest that is rung, meet most of the spectrum's amplitude.

    A third of a Hz off is ten at the thirtieth multiple, and there it would be noise that is heard.
    """
    part = audio[: round(_TUNED_S * rate)]
    size = 1 << math.ceil(math.log2(8 * len(part)))
    level = np.abs(rfft(part * np.hanning(len(part)), frames=size))
    numbers = np.arange(1, HARMONIC_SPANS[-1][1] + 1)
    numbers = numbers[numbers * first_hz * (1 + _TUNING) < highest_rung_hz(rate)]
    tried = first_hz * (1 + np.linspace(-_TUNING, _TUNING, _TUNINGS))
    met = np.interp(np.outer(tried, numbers) * size / rate, np.arange(len(level)), level)
    return float(tried[int(np.argmax(met.sum(axis=1)))])


def _gliding(audio: Floats, rate: int, deep: Floats) -> tuple[Glide, Floats]:
    """How the low modes glide, and where they settle: as found, or as they stand once a far sweep is undone."""
    octaves, seconds, settled = _glide(audio, rate, deep) if len(deep) else _NO_GLIDE[1:]
    slight = Glide(octaves, seconds)
    sweep, lows = sweep_of(audio, sample_rate_hz=rate, also=[slight] if octaves else [])
    swept = _swept_modes(lows)
    if len(swept):
        return sweep, swept
    believed = abs(octaves) < SWEPT_OCTAVES or (abs(octaves) < _MOST_SLOW and seconds > _SLOW_S)
    return (slight, deep * 2.0**settled) if believed else (Glide(), deep)


def _swept_modes(lows: Floats) -> Floats:
    """Where the low modes settle, rising, from levels in dB at whole Hz once a sweep was undone.

    What is close to the strongest is what is left of its sweep.
    """
    edged = np.pad(lows, 1, constant_values=-np.inf)
    top = np.flatnonzero((edged[1:-1] > edged[:-2]) & (edged[1:-1] >= edged[2:]))
    found: list[int] = []
    for place in top[np.argsort(-lows[top])].tolist():
        hz = [LOWS_FROM_HZ + other for other in (place, *found)]
        apart = all(abs(hz[0] - other) > max(_elbow_room(hz[0], 12.0), _BESIDE_SWEEP * other) for other in hz[1:])
        clear = lows[place] - np.median(lows[max(0, place - 250) : place + 250]) >= 6.0
        if not found or (apart and clear and place > found[0] and lows[place] > lows[found[0]] + _DEEP_WEAKEST_DB):
            found.append(place)
    return LOWS_FROM_HZ + np.sort(np.array(found[:MODES], dtype=float))


def _glide(audio: Floats, rate: int, deep: Floats) -> tuple[float, float, float]:
    """How far the low modes begin above where they settle, in octaves, how fast they fall, and where they settle.

    The last is in octaves from where the peak of the spectrum lies: of a slow glide that is its middle. The lowest mode
    is followed in all that lies low, where a kick begins octaves above its end, and close around it, where a tom falls
    by a few semitones beside other modes as loud; the glide that the course keeps to more closely is the one.
    """
    peak_hz, next_hz = deep[0], deep[1] if len(deep) > 1 else math.inf
    wide = min(_GLIDING_TOP_HZ, 6.0 * peak_hz, 0.85 * next_hz)
    close = min(1.6 * peak_hz, 0.9 * next_hz)
    found = []
    for low_hz, top_hz, least in ((15.0, wide, 1.2), (0.45 * peak_hz, close, 1.15)):
        if top_hz >= least * peak_hz:
            found.append(_glide_between(audio, rate, peak_hz, pass_hz=(low_hz, top_hz, 1.25 * top_hz)))
    return min(one for one in [*found, _NO_GLIDE] if one is not None)[1:]


def _glide_between(
    audio: Floats, rate: int, peak_hz: float, *, pass_hz: tuple[float, float, float]
) -> tuple[float, float, float, float] | None:
    """How far the course of a band strays from a glide, and that glide; None where it hardly keeps to one."""
    analytic, slow_rate = analytic_below(audio[: round(_LONGEST_GLIDE_S * rate)], rate, pass_hz=pass_hz)
    times, course, weight = frequency_course(analytic, slow_rate)
    settled_s = _FILTERED / (pass_hz[1] - pass_hz[0])  # before, it is the filter that is heard
    heard = (weight > weight.max(initial=0.0) * 10 ** (-2.5)) & (course > 25) & (times > settled_s)
    if heard.sum() < 8:
        return None
    above, weight, times = np.log2(course[heard] / peak_hz), np.sqrt(weight[heard]), times[heard]
    weight = weight / weight.sum()
    best = (math.inf, *_NO_GLIDE[1:])
    level = float(weight @ above)
    for glide_s in _GLIDES_S:
        shape = np.exp(-times / glide_s)
        late = float(weight @ shape)
        slope = float((weight * (above - level) * (shape - late)).sum() / ((weight * (shape - late) ** 2).sum() + 1e-9))
        glide = float(np.clip(slope, LEAST_OCTAVES, _MOST_SLIGHT))
        settled = float(np.clip(level - glide * late, -_MOST_SETTLED, _MOST_SETTLED))
        best = min(best, (float(weight @ (above - settled - glide * shape) ** 2), glide, glide_s, settled))
    flat = float(weight @ (above - level) ** 2)
    least = _LEAST_GLIDE if best[2] * peak_hz >= 1.0 else _LEAST_SUDDEN_GLIDE  # over within a wave
    if abs(best[1]) <= least:
        return (flat, *_NO_GLIDE[1:])
    return best if best[0] < _EXPLAINED * flat else None


def _filled(peaks: Floats) -> Floats:
    """As many rising frequencies as there are modes; those that are not there lie at even steps above."""
    out = list(peaks[:MODES]) or [110.0]
    while len(out) < MODES:
        out.append(min(out[-1] * 2.0**ABSENT_STEP, 4 * HIGHEST_HZ))
    return np.array(out)


def _series_shares(audio: Floats, rate: int, first_hz: float, token_frames: int, tokens: int) -> Floats:
    """How like each span of a series is to itself a period later, at each token, ``(tokens, modes)``.

    Noise is not, so that this is the tone's share of the energy. A window long enough to show lines apart would be
    longer than many a note. Where a note ends, the last that has a period after it tells; silence has no tone.
    """
    period = round(rate / first_hz)
    last = max(1, len(audio) - period)
    reach = round(_PERIODS / 2 * period)
    centres = np.minimum((np.arange(tokens) + 0.5) * token_frames, last - 1).astype(int)
    at = centres[:, None] + np.arange(-reach, reach + 1)  # (tokens, frames)
    window = np.where((at >= 0) & (at < last), np.hanning(2 * reach + 1), 0.0)
    at = at.clip(0, last - 1)
    size = next_fast_length(len(audio) + period)
    hz = np.fft.fftfreq(size, 1 / rate)
    spectrum = 2 * np.fft.fft(audio, size)
    energy = (window * audio[at] ** 2).sum(1)
    sounding = energy > _SILENT * energy.max()
    shares = np.zeros((tokens, MODES))
    for mode, (low, high) in enumerate(HARMONIC_SPANS):
        if low * first_hz >= highest_rung_hz(rate):
            break
        span = np.fft.ifft(spectrum * ((hz > (low - 0.5) * first_hz) & (hz <= (high + 0.5) * first_hz)))
        now, later = span[at], span[at + period]
        mine, theirs = ((window * np.abs(one) ** 2).sum(1) for one in (now, later))
        alike = np.abs((window * now.conj() * later).sum(1)) / np.sqrt(np.maximum(mine * theirs, 1e-30))
        shares[:, mode] = np.where(sounding, alike, 0.0)
    return np.clip((shares - _NOISY_SERIES) / (1 - _NOISY_SERIES), 0, 1)


def _shares(
    audio: Floats,
    rate: int,
    frequencies: Floats,
    count: int,
    glide: Glide,
    token_frames: int,
    tokens: int,
) -> Floats:
    """Tone over tone and noise around each mode and token, from the main lobes of a long window."""
    size = 1 << round(math.log2(_WINDOW_S * rate))
    centres = (np.arange(tokens) + 0.5) * token_frames
    padded = np.pad(audio, (size, size + tokens * token_frames))
    window = np.hanning(size)
    frames = np.stack([padded[int(c) - size // 2 + size : int(c) + size // 2 + size] * window for c in centres])
    power = np.abs(rfft(frames)) ** 2  # (tokens, bins)
    bin_hz = rate / size
    at = glide.course(torch.from_numpy(centres / rate)).numpy()[:, None]  # of the settled frequency
    shares = np.zeros((tokens, MODES))
    for mode in range(count):
        if frequencies[mode] < highest_rung_hz(rate):
            others = np.delete(frequencies[:count], mode)
            shares[:, mode] = _share_of(power, frequencies[None, mode : mode + 1] * at, others[None] * at, bin_hz)
    return np.clip((shares - _NOISY_SHARE) / (_TONAL_SHARE - _NOISY_SHARE), 0, 1)


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


def _elbow_room(hz: float, width: float) -> float:
    """Hz around a mode in which no other is looked for: what glides down there has a broad peak with teeth."""
    return max(width, 0.22 * hz) if hz < _DEEP_HZ else width
