"""The fundamental frequency of a sound, and how strongly it is heard.

Each piece of 93 ms is compared with itself some time later (normalised square difference); the first strong likeness
is the period. Over a whole sound the pieces vote, weighted by amplitude and likeness, so that the note a kick settles
on wins over its glide and single octave slips are outvoted.

References
----------
P. McLeod and G. Wyvill, "A Smarter Way to Find Pitch", ICMC 2005 (the normalised square difference and its key maxima).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from woodshed.dsp._audio import Audio, as_channels, block_means, checked_rate
from woodshed.dsp._fourier import irfft, next_fast_length, rfft
from woodshed.dsp.envelope import smoothed

LOWEST_HZ = 25.0
HIGHEST_HZ = 5000.0
WEAKEST = 0.1
_WORKING_RATE_HZ = 22_050
_PIECE_S = 2048 / 22_050
_KEY_SHARE = 0.9
_QUIET_DB = -40.0
_CLEAR = 0.5
_FAIR = 0.3
_PARTIAL_SHARE = 0.25
_AROUND = 2.0**0.125
_SMEAR_HZ = 4.0
_SAME_SEMITONES = 3.0
_PARTIAL_S = 0.5
_LEVELLING_S = 0.03
_LEVELLING_HOP_S = 0.002

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pitch:
    """A fundamental frequency.

    Parameters
    ----------
    frequency_hz
        The fundamental in Hz; NaN where none is heard.
    strength
        0 (noise) to 1 (a steady periodic tone).
    """

    frequency_hz: float
    strength: float


@dataclass(frozen=True, eq=False)
class PitchTrack:
    """The fundamental over time.

    Parameters
    ----------
    times_s
        Centre of each piece, shape ``(pieces,)``.
    frequency_hz
        Fundamental of each piece in Hz, NaN where none is heard, shape ``(pieces,)``.
    strength
        0 to 1, shape ``(pieces,)``.
    amplitude
        RMS of each piece, shape ``(pieces,)``.
    """

    times_s: Numbers
    frequency_hz: Numbers
    strength: Numbers
    amplitude: Numbers


def fundamental_hz(
    x: npt.ArrayLike, sample_rate_hz: float, *, low_hz: float = LOWEST_HZ, high_hz: float = HIGHEST_HZ
) -> Pitch:
    """Measure the one pitch of a sound: the note of a bass, a tom or a clarinet, or where a kick settles.

    Parameters
    ----------
    x
        Audio, shape ``(channels, frames)`` or ``(frames,)``, finite.
    sample_rate_hz
        Frames per second.
    low_hz, high_hz
        Range of fundamentals to look in.

    Returns
    -------
    Pitch; NaN with strength 0 for silence, and NaN with the strength that was found below a strength of 0.1.

    Raises
    ------
    UsageError
        If the shape or the rate cannot be.

    Examples
    --------
    >>> t = np.arange(22050) / 44100
    >>> pitch = fundamental_hz(np.sign(np.sin(2 * np.pi * 220 * t)), 44100)
    >>> round(pitch.frequency_hz), pitch.strength > 0.9
    (220, True)
    """
    audio = as_channels(x)
    hop_s = voting_hop_s(audio.shape[-1] / checked_rate(sample_rate_hz))
    track = pitch_track(audio, sample_rate_hz, hop_s=hop_s, low_hz=low_hz, high_hz=high_hz)
    return settled_or_strongest(track, audio, sample_rate_hz)


def pitch_track(
    x: npt.ArrayLike,
    sample_rate_hz: float,
    *,
    hop_s: float = 0.01,
    low_hz: float = LOWEST_HZ,
    high_hz: float = HIGHEST_HZ,
) -> PitchTrack:
    """Measure the fundamental of one piece of 93 ms after the other.

    Parameters
    ----------
    x
        Audio, shape ``(channels, frames)`` or ``(frames,)``, finite.
    sample_rate_hz
        Frames per second.
    hop_s
        Seconds from one piece to the next.
    low_hz, high_hz
        Range of fundamentals to look in.

    Channels are averaged; where they cancel, the loudest one is heard.

    Returns
    -------
    PitchTrack, at least one piece (none for an empty sound).

    Raises
    ------
    UsageError
        If the shape or the rate cannot be.

    Examples
    --------
    >>> t = np.arange(44100) / 44100
    >>> track = pitch_track(np.sin(2 * np.pi * 100 * t), 44100, hop_s=0.1)
    >>> track.frequency_hz[3].round().item()
    100.0
    """
    audio, rate = _halved(_one_channel(as_channels(x)), checked_rate(sample_rate_hz))
    levelled = _levelled(audio, rate=rate)
    pieces, hop_frames = _pieces(levelled, rate=rate, hop_s=hop_s)
    pieces = pieces - pieces.mean(axis=-1, keepdims=True)
    loud, _ = _pieces(audio, rate=rate, hop_s=hop_s)
    centres = (np.arange(len(pieces)) * hop_frames + pieces.shape[1] / 2) / rate
    likeness = _likeness(pieces, longest=rate / low_hz)
    period, strength = _periods(likeness, shortest=rate / high_hz, longest=rate / low_hz)
    frequency = np.where(strength > 0.0, rate / np.maximum(period, 1.0), np.nan)
    amplitude = np.sqrt(np.einsum("pn,pn->p", loud, loud) / loud.shape[1])
    return PitchTrack(centres, frequency, strength, amplitude.astype(np.float64))


def settled_pitch(track: PitchTrack) -> Pitch:
    """The pitch most of a track agrees on: the vote of its pieces, weighted by amplitude and strength.

    Examples
    --------
    >>> steady = np.full(4, 100.0)
    >>> settled_pitch(PitchTrack(np.arange(4.0), steady, np.ones(4), np.ones(4)))
    Pitch(frequency_hz=100.0, strength=1.0)
    """
    loud = track.amplitude > track.amplitude.max(initial=0.0) * 10.0 ** (_QUIET_DB / 20.0)
    heard = loud & np.isfinite(track.frequency_hz)
    if not heard.any():
        return Pitch(float("nan"), 0.0)
    semitones = 12.0 * np.log2(track.frequency_hz[heard])
    weight = np.sqrt(track.amplitude[heard]) * np.square(track.strength[heard])
    near = np.abs(semitones[:, np.newaxis] - semitones) < 0.7
    centre = int(np.argmax(near @ weight))
    chosen = near[centre]
    pitch = float(np.average(semitones[chosen], weights=weight[chosen]))
    voice = np.sqrt(track.amplitude)
    agreed = float(np.sum((voice * track.strength)[heard][chosen]) / np.sum(voice[loud]))
    frequency = 2.0 ** (pitch / 12.0) if agreed >= WEAKEST else float("nan")
    return Pitch(round(frequency, 6), min(1.0, max(0.0, agreed)))


def voting_hop_s(duration_s: float) -> float:
    """Seconds from piece to piece for a vote: a dozen pieces or more where the sound is long enough.

    Examples
    --------
    >>> round(voting_hop_s(0.6), 3), round(voting_hop_s(10.0), 3)
    (0.05, 0.093)
    """
    return float(np.clip(duration_s / 12.0, 0.02, _PIECE_S))


def settled_or_strongest(track: PitchTrack, x: npt.ArrayLike, sample_rate_hz: float) -> Pitch:
    """The pitch of ``settled_pitch``, or that of the strongest partial where little repeats but one partial stands out.

    So the skin of a drum has a pitch, though its partials are no multiples of each other.

    Examples
    --------
    >>> t = np.arange(22050) / 44100
    >>> thud = np.exp(-t / 0.02) * np.sin(2 * np.pi * (55 * t + 0.5 * np.exp(-t / 0.01)))
    >>> pitch = fundamental_hz(thud, 44100)
    >>> 50 < pitch.frequency_hz < 60
    True
    """
    settled = settled_pitch(track)
    if settled.strength >= _CLEAR:
        return settled
    partial = _strongest_partial(*_halved(_one_channel(as_channels(x)), checked_rate(sample_rate_hz)))
    if partial.strength <= max(settled.strength, _PARTIAL_SHARE) or not partial.frequency_hz > 0.0:
        return settled  # a single step has no partial but the one at 0 Hz
    apart = abs(12.0 * np.log2(settled.frequency_hz / partial.frequency_hz))  # NaN if nothing repeats
    agrees = settled.strength >= _FAIR and apart < _SAME_SEMITONES
    return Pitch(settled.frequency_hz, partial.strength) if agrees else partial


def _strongest_partial(x: Audio, rate: float) -> Pitch:
    """The frequency with most power in the three semitones around it, and the share of the whole that is."""
    start = max(0, int(np.argmax(np.abs(x))) - round(0.1 * _PARTIAL_S * rate)) if x.size else 0
    x = x[start : start + round(_PARTIAL_S * rate)]
    if x.size < 64 or not x.any():
        return Pitch(float("nan"), 0.0)
    length = next_fast_length(2 * x.size)
    spectrum = rfft(x, frames=length)
    power = (np.square(spectrum.real) + np.square(spectrum.imag)).astype(np.float64)
    first, last = (min(power.size, round(edge * length / rate)) for edge in (LOWEST_HZ, HIGHEST_HZ))
    total = float(power[first:].sum())
    if total <= 0.0 or last <= first:
        return Pitch(float("nan"), 0.0)
    bins = np.arange(first, last)
    running = np.concatenate([[0.0], np.cumsum(power[:last])])
    reach = _SMEAR_HZ * length / rate
    low = np.maximum((bins / _AROUND - reach).astype(np.int64), first)
    high = np.minimum((bins * _AROUND + reach).astype(np.int64), last - 1)
    around = running[high + 1] - running[low]
    top = int(np.argmax(around))
    peak = int(low[top]) + int(np.argmax(power[low[top] : high[top] + 1]))
    return Pitch(round(peak * rate / length, 6), float(np.clip(around[top] / total, 0.0, 1.0)))


def _one_channel(audio: Audio) -> Audio:
    """The mean of the channels, or the loudest where they cancel, without its steady offset, shape ``(frames,)``."""
    x = audio[0]
    if audio.shape[0] > 1:
        mean = 0.5 * (audio[0] + audio[1]) if audio.shape[0] == 2 else audio.mean(axis=0)
        energy = np.einsum("cn,cn->c", audio, audio)
        x = mean if np.vdot(mean, mean) > 0.1 * energy.mean() else audio[int(np.argmax(energy))]
    if x.size == 0:
        return x
    centred = x - x.mean()
    heard = np.abs(centred).max() > 1e-5 * np.abs(x).max()
    return centred if heard else np.zeros_like(x)


def _halved(x: Audio, rate: float) -> tuple[Audio, float]:
    """The sound at 22 to 44 kHz, where pitch lives: every second frame of a three-point average, as often as needed."""
    while rate >= 2 * _WORKING_RATE_HZ and x.size >= 3:
        middle = x[1:-1:2]
        x = (0.5 * middle + 0.25 * (x[0:-2:2] + x[2::2])).astype(np.float32, copy=False)
        rate /= 2.0
    return x, rate


def _levelled(x: Audio, *, rate: float) -> Audio:
    """The sound with its swelling and dying taken out, so that the settled part of a short note counts in its piece."""
    block = max(1, round(_LEVELLING_HOP_S * rate))
    power = smoothed(block_means(np.square(x), block_frames=block), width=_LEVELLING_S / _LEVELLING_HOP_S)
    loudest = float(power.max(initial=0.0))
    if loudest <= 0.0:
        return x
    gain = 1.0 / np.sqrt(np.maximum(power, loudest * 10.0 ** (_QUIET_DB / 10.0)))
    return x * np.repeat(gain.astype(np.float32), block)[: x.size]


def _pieces(x: Audio, *, rate: float, hop_s: float) -> tuple[Audio, int]:
    """Pieces of a sound, ``(pieces, frames)``, read-only; the last one is filled up with silence. And their hop."""
    size, hop_frames = max(8, round(_PIECE_S * rate)), max(1, round(hop_s * rate))
    count = 0 if x.size == 0 else 1 + max(0, -(-(x.size - size) // hop_frames))
    padded = np.zeros(max(0, count - 1) * hop_frames + size, dtype=np.float32)
    padded[: x.size] = x[: padded.size]
    return np.lib.stride_tricks.sliding_window_view(padded, size)[::hop_frames][:count], hop_frames


def _likeness(pieces: Audio, *, longest: float) -> Audio:
    """Normalised square difference of each piece at each delay up to half of it, 1 = the same, ``(pieces, delays)``."""
    size = pieces.shape[-1]
    delays = min(size // 2, int(longest) + 3)
    length = next_fast_length(size + delays)
    spectra = rfft(pieces, frames=length)
    power = np.square(spectra.real) + np.square(spectra.imag)
    product = irfft(power.astype(np.complex64, copy=False), frames=length)[:, :delays]
    energy = np.cumsum(np.square(pieces), axis=-1)
    total = energy[:, -1:]
    norm = energy[:, ::-1][:, :delays] + total
    norm[:, 1:] -= energy[:, : delays - 1]
    heard = norm > 1e-4 * total + 1e-20
    return np.where(heard, 2.0 * product / np.where(heard, norm, 1.0), 0.0).astype(np.float32, copy=False)


def _periods(likeness: Audio, *, shortest: float, longest: float) -> tuple[Numbers, Numbers]:
    """Period in frames (fractional) and strength of each piece: the first of the strongest likenesses."""
    pieces, delays = likeness.shape
    if pieces == 0:
        return np.zeros(0), np.zeros(0)
    inner = likeness[:, 1:-1]
    place = np.arange(1, delays - 1)
    is_peak = (inner > likeness[:, :-2]) & (inner >= likeness[:, 2:]) & (inner > 0.0)
    is_peak &= np.logical_or.accumulate(inner < 0.0, axis=1)
    is_peak &= (place >= shortest) & (place <= longest)
    heights = np.where(is_peak, inner, 0.0)
    best = heights.max(axis=1)
    first = np.argmax(heights >= _KEY_SHARE * np.maximum(best, 1e-9)[:, np.newaxis], axis=1) + 1
    rows = np.arange(pieces)
    period, strength = _parabola(likeness, rows, first)
    period = _refined(likeness, period)
    return np.where(best > 0.0, period, 0.0), np.where(best > 0.0, np.clip(strength, 0.0, 1.0), 0.0)


def _refined(likeness: Audio, period: Numbers) -> Numbers:
    """A finer period from a later repeat: where the delay of four (else two) periods is just as alike."""
    rows = np.arange(period.size)
    for multiple in (2, 4):
        guess = np.round(multiple * period).astype(np.int64)
        fits = (guess + 2 < likeness.shape[1]) & (guess > 2)
        safe = np.where(fits, guess, 2)
        around = np.stack([likeness[rows, safe + step] for step in (-1, 0, 1)])
        top = safe + np.argmax(around, axis=0) - 1
        place, height = _parabola(likeness, rows, np.clip(top, 1, likeness.shape[1] - 2))
        good = fits & (height > 0.8) & (np.abs(place / multiple - period) < 0.03 * period)
        period = np.where(good, place / multiple, period)
    return period


def _parabola(values: Audio, rows: npt.NDArray[np.int64], index: npt.NDArray[np.int64]) -> tuple[Numbers, Numbers]:
    """Place and height of the top of the parabola through three neighbours."""
    before, middle, after = (values[rows, index + step].astype(np.float64) for step in (-1, 0, 1))
    bend = before - 2.0 * middle + after
    offset = np.where(bend < 0.0, 0.5 * (before - after) / np.where(bend < 0.0, bend, -1.0), 0.0)
    offset = np.clip(offset, -0.5, 0.5)
    return np.asarray(index + offset, dtype=np.float64), middle - 0.25 * (before - after) * offset
