"""The tonal part of a sound as a few numbers: which partials ring, how they glide, how much of their band they are.

A drum rings in a handful of modes; a note in a harmonic series. Both are described by one lowest frequency, the
intervals between the modes (or the word that they are harmonic), one glide shared by all, and for every short stretch
of time the share of the energy around each mode that is tone rather than noise. How loud it is, the band envelope says.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from scipy.signal import hilbert
from torch import Tensor

from woodshed.dsp import fundamental_hz

Floats = npt.NDArray[np.floating]

MODES = 6
LOWEST_HZ, HIGHEST_HZ = 30.0, 6000.0
HARMONIC_SPANS = ((1, 1), (2, 2), (3, 4), (5, 8), (9, 16), (17, 32))  # of the series, one per mode
PARTIAL_NUMBERS = 4 + (MODES - 1) + MODES
_MIDDLE_HZ = 110.0
_ABSENT_STEP = 0.6  # octaves between modes that are not there
_BEGUN = 0.03  # of the peak
_WINDOW_S = 0.046
_NOISY_SHARE = 0.3  # what noise itself shows
_PEAK_OVER_FLOOR_DB = 9.0
_WEAKEST_DB = -42.0
_GLIDE_BELOW_HZ = 350.0
_LONGEST_GLIDE_S = 0.15


@dataclass(frozen=True)
class Partials:
    """Modes of a sound.

    Attributes
    ----------
    frequencies_hz
        Where the modes settle, rising, ``(modes,)``; of a harmonic sound multiples of the first.
    glide_octaves, glide_s
        How far above (or below) it all begins, and the time in which that falls to 37 %.
    harmonic
        Whether there is a full harmonic series above the first mode; then each mode stands for a span of it.
    shares
        How much of the energy around each mode is tone, per token, ``(tokens, modes)``, 0 to 1.
    """

    frequencies_hz: Tensor
    glide_octaves: float
    glide_s: float
    harmonic: bool
    shares: Tensor

    def course(self, seconds: Tensor) -> Tensor:
        """Frequency at some times, as a multiple of where it settles."""
        return torch.exp2(self.glide_octaves * torch.exp(-seconds / max(1e-3, self.glide_s)))

    def transposed(self, semitones: float) -> Partials:
        """The same modes, higher or lower; all else stays."""
        return replace(self, frequencies_hz=self.frequencies_hz * 2.0 ** (semitones / 12.0))

    def on_tokens(self, tokens: int) -> Partials:
        """The same over another number of tokens: shares are drawn out or squeezed in time."""
        if tokens == len(self.shares):
            return self
        drawn = torch.nn.functional.interpolate(self.shares.T[None], size=tokens, mode="linear", align_corners=False)
        return replace(self, shares=drawn[0].T)

    def to_numbers(self) -> Tensor:
        """As numbers around 0 that a model can learn, ``(tokens, PARTIAL_NUMBERS)``; all but shares are constant."""
        steps = torch.log2(self.frequencies_hz[1:] / self.frequencies_hz[:-1])
        settled = [
            math.log2(float(self.frequencies_hz[0]) / _MIDDLE_HZ) / 1.5,
            self.glide_octaves * 1.5,
            math.log2(max(1e-3, self.glide_s) / 0.02) / 1.5 if self.glide_octaves else 0.0,
            1.0 if self.harmonic else -1.0,
        ]
        ratios = torch.zeros(MODES - 1) if self.harmonic else (steps - _ABSENT_STEP) / 0.5
        constant = torch.cat([torch.tensor(settled), ratios.float()])
        return torch.cat([constant.expand(len(self.shares), -1), (self.shares - 0.3) * 2], dim=-1)

    @classmethod
    def from_numbers(cls, numbers: Tensor) -> Partials:
        """Back from numbers, however roughly a model drew them: constants are averaged over the tokens."""
        constant = numbers[:, : PARTIAL_NUMBERS - MODES].mean(0)
        glide = float((constant[1] / 1.5).clamp(-0.3, 1.6))
        harmonic = bool(constant[3] > 0)
        first = (_MIDDLE_HZ * 2.0 ** (1.5 * constant[0])).clamp(LOWEST_HZ, HIGHEST_HZ)
        steps = (constant[4:] * 0.5 + _ABSENT_STEP).clamp(0.02, 4.0)
        if harmonic:
            steps = torch.log2(torch.tensor([b[0] / a[0] for a, b in itertools.pairwise(HARMONIC_SPANS)]))
        frequencies = first * torch.exp2(torch.cat([torch.zeros(1), torch.cumsum(steps, 0)]))
        shares = (numbers[:, PARTIAL_NUMBERS - MODES :] / 2 + 0.3).clamp(0, 1)
        glide_s = float(0.02 * 2.0 ** (1.5 * constant[2].clamp(-1.5, 1.5)))
        return cls(frequencies, glide if abs(glide) > 0.02 else 0.0, glide_s, harmonic, shares)


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
    if 0 < deepest < 200.0 and not harmonic:
        shares[:, 0] = _coherence(audio, sample_rate_hz, deepest, glide, glide_s, token_frames, tokens)
    shares = np.clip((shares - _NOISY_SHARE) / (1 - _NOISY_SHARE), 0, 1)
    return Partials(torch.from_numpy(frequencies).float(), glide, glide_s, harmonic, torch.from_numpy(shares).float())


def _coherence(
    audio: Floats, rate: int, settled: float, glide: float, glide_s: float, token_frames: int, tokens: int
) -> Floats:
    """How much of what sounds below 300 Hz follows one gliding sine, per token: demodulated by it, it hardly turns."""
    size = 1 << math.ceil(math.log2(len(audio) + 4096))
    hz = np.fft.rfftfreq(size, 1 / rate)
    spectrum = np.fft.rfft(audio, size) * np.clip((320.0 - hz) / 100.0, 0, 1)
    low = np.asarray(hilbert(np.fft.irfft(spectrum, size)[: len(audio)]))
    seconds = np.arange(len(audio)) / rate
    angle = 2 * math.pi * settled * np.cumsum(np.exp2(glide * np.exp(-seconds / glide_s))) / rate
    still = low * np.exp(-1j * angle)
    span = max(3, round(min(0.04, 1.2 / settled) * rate))
    smooth = np.convolve(still, np.hanning(span) / np.hanning(span).sum(), "same")
    length = tokens * token_frames
    part, whole = (
        np.pad(np.abs(x) ** 2, (0, max(0, length - len(x))))[:length].reshape(tokens, -1).sum(1) for x in (smooth, low)
    )
    return np.clip(part / np.maximum(whole, 1e-12), 0, 1)


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
        deep = place * bin_hz < 200.0  # what glides down there has a broad peak
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
    part = audio[: round(0.4 * rate)]
    size = 1 << math.ceil(math.log2(len(part) + 1024))
    spectrum = np.fft.rfft(part, size)
    hz = np.fft.rfftfreq(size, 1 / rate)
    spectrum *= np.clip((450.0 - hz) / 100.0, 0, 1) * np.clip((hz - 15.0) / 15.0, 0, 1)
    low = np.fft.irfft(spectrum, size)[: len(part)]
    analytic = np.asarray(hilbert(low))
    power = np.abs(analytic) ** 2
    turn = np.angle(analytic[1:] * np.conj(analytic[:-1])) * rate / (2 * math.pi)
    hop = round(0.002 * rate)
    count = len(turn) // hop
    weights = power[1 : count * hop + 1].reshape(count, hop)
    course = (turn[: count * hop].reshape(count, hop) * weights).sum(1) / (weights.sum(1) + 1e-12)
    weight = weights.sum(1)
    times = (np.arange(count) + 0.5) * hop / rate
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
        out.append(min(out[-1] * 2.0**_ABSENT_STEP, 4 * HIGHEST_HZ))
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
    bins = np.arange(power.shape[1])
    out = np.zeros(len(power))
    for token in range(len(power)):
        places = lines_hz[token] / bin_hz
        distance = np.abs(bins[:, None] - places[None]).min(1)
        lobe, near = distance <= 2.0, distance <= 6.0
        if others_hz.shape[1]:
            taken = np.abs(bins[:, None] - others_hz[token][None] / bin_hz).min(1) <= 2.0
            near &= ~taken | lobe
        energy, total = power[token, lobe].sum(), power[token, near].sum()
        if total <= 0 or near.sum() == lobe.sum():
            out[token] = 1.0 if total > 0 else 0.0
            continue
        chance = lobe.sum() / near.sum()
        out[token] = np.clip((energy / total - chance) / (1 - chance), 0, 1)
    return out
