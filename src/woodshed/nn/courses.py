"""How the level of a sound runs from its beginning to its end, in few numbers; and sounds brought to such a course."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import convolve1d
from torch import Tensor

from woodshed.dsp import Envelope, amplitude_envelope
from woodshed.nn.attacks import above_bass
from woodshed.nn.principal import PrincipalBasis

COURSE_POINTS = 48
COURSE_NUMBERS = 14  # with all else that a token tells 108: rows of whole 16 bytes are summed alike in any company
_FIRST_S = 0.006  # the second point; from there on they lie evenly in the log of time
_BEGINNING_S = 0.023  # in which what lies above the bass is left to `attacked`
_SMOOTH_S = 0.006  # over which a change of gain is drawn out, so that it is not heard as one
_GAIN_HOP_FRAMES = 16  # between which a gain is straight
_COMPRESSION = 0.3  # a level is its amplitude to this power: the loud counts more, the quiet still counts
_LEAST = 0.02  # of the compressed level: what is quieter is not told apart
_QUIET_FROM, _QUIET_TO = 0.5, 0.25  # compressed, -20 and -40 dB
_MOST_GAIN = 1.4  # natural log of amplitude, 12 dB
_FILTERED_FRAMES = 32  # of silence, so that a filter has something to run over
_STRUCK = 0.93  # of the loudest: what stands at the peak as an attack is measured
_LATER = 1.25  # times later than asked for, before a beginning counts as too slow, or sooner
_SLACK_S = 0.003  # and this much besides
_AS_LOUD = 0.7  # of the peak, that comes when it should: else the peak before it is left
_RISING = 0.86  # of it, that stands before it at most: what has not yet risen as an attack is measured
_WITHIN_S = 0.01  # no strike is asked to be over sooner: a low wave takes as long to rise
_MOST_RISE = 14.0  # 16 s
_STRIKES = 3  # times it is turned down at most, as a gain drawn out leaves something of every wave
_MOST_HELD = 0.7  # natural log of amplitude, 6 dB, by which what follows is turned down at most

Floats = npt.NDArray[np.floating]


def course_of(audio: Floats, *, sample_rate_hz: int) -> Tensor:
    """The course of a sound's level.

    Parameters
    ----------
    audio
        ``(channels, frames)`` or ``(frames,)``, from where the sound begins to where it ends.

    Returns
    -------
    Tensor
        Amplitude over that of the peak, to the power 0.3, at points from the first frame to the last, ``(48,)``: the
        second 6 ms after the first, from there on evenly in the log of time; 0 everywhere for silence.
    """
    levels, _ = _levels(np.atleast_2d(audio), sample_rate_hz)
    return torch.from_numpy(levels).float()


def rise_of(audio: Floats, *, sample_rate_hz: int) -> float:
    """Log2 of one more than the milliseconds of the attack: 0 where it is at its peak at once."""
    envelope = amplitude_envelope(np.atleast_2d(audio), sample_rate_hz)
    return float(np.log2(1.0 + envelope.attack_time_ms()))


def faded_course(points: Tensor, *, decay_db: float) -> Tensor:
    """The points of a course that falls by so much more (or less) over its length, the loudest where it was.

    The points lie where those of a sound of one second do; for others this is within 1 dB.

    Examples
    --------
    >>> faded = faded_course(torch.ones(COURSE_POINTS), decay_db=20.0)
    >>> round(float(faded[0]), 3), round(float(faded[-1]), 3)
    (1.0, 0.501)
    """
    passed = torch.from_numpy(_points_s(1.0)).to(points)
    faded = points * 10.0 ** (-_COMPRESSION * decay_db * passed / 20.0)
    return faded * (points.max() / faded.max().clamp(min=1e-6))


def coursed(
    audio: Floats, *, basis: PrincipalBasis, numbers: Tensor, sample_rate_hz: int, closely: bool = False
) -> Floats:
    """A sound whose level runs as some numbers say; how it wavers in between stays its own, unless held closely.

    It is turned up and down, by 12 dB at most, as much as its own numbers differ from those. Where it is to be quiet,
    of which the numbers tell little, it is also never left louder than they say.

    Parameters
    ----------
    audio
        ``(channels, frames)``.
    basis
        Principal directions of `course_of`.
    numbers
        As the basis squeezes them.
    closely
        Whether every point of the course is met, as nearly as 12 dB allow, not only what the numbers tell of it.
    """
    wanted = basis.unsqueeze(numbers)
    levels, places = _levels(audio, sample_rate_hz)
    if not levels.any():
        return audio
    heard = torch.from_numpy(levels).float()
    own = heard if closely else basis.nearest(heard)
    change, exact = (_gain(wanted, before) for before in (own, heard))
    quiet = ((_QUIET_FROM - wanted.double().numpy()) / (_QUIET_FROM - _QUIET_TO)).clip(0, 1)
    change = change + quiet * np.minimum(0.0, exact - change)
    return _turned(audio, places, change.clip(-_MOST_GAIN, _MOST_GAIN), sample_rate_hz)


def _gain(wanted: Tensor, own: Tensor) -> Floats:
    """From one compressed level to another, as natural log of amplitude."""
    return (wanted.clamp(min=_LEAST).log() - own.clamp(min=_LEAST).log()).double().numpy() / _COMPRESSION


def struck(audio: Floats, *, rise: float, sample_rate_hz: int) -> Floats:
    """A sound that has risen when it should, not later and not much sooner.

    A dense noise is loudest wherever chance has it; what is struck is loudest when it is struck. So what stands above
    its beginning later is turned down, by 6 dB at most; and what is nearly as loud before it should be, a little.

    Parameters
    ----------
    audio
        ``(channels, frames)``.
    rise
        When it should have risen, as `rise_of` says it.
    """
    wanted_s = (2.0 ** min(_MOST_RISE, max(0.0, rise)) - 1.0) / 1000.0
    turned, whole = audio, 0.0
    for _ in range(_STRIKES):
        envelope = amplitude_envelope(turned, sample_rate_hz)
        change = _held_later(envelope, wanted_s) if envelope.peak > 0.0 else None
        if change is None:
            break
        whole = np.maximum(whole + change, -_MOST_HELD)
        turned = _turned(audio, _middles(envelope, sample_rate_hz), whole, sample_rate_hz)
    envelope = amplitude_envelope(turned, sample_rate_hz)
    change = _held_before(envelope, wanted_s) if envelope.peak > 0.0 else None
    return turned if change is None else _turned(turned, _middles(envelope, sample_rate_hz), change, sample_rate_hz)


def _held_later(envelope: Envelope, wanted_s: float) -> Floats | None:
    """How far to turn down what stands above a beginning that rises too late, in logs; None where it does not."""
    amplitude, hop_s = envelope.amplitude, envelope.hop_s
    if envelope.attack_time_ms() / 1000.0 <= _LATER * wanted_s + _SLACK_S:
        return None
    risen = min(len(amplitude), _begun(envelope) + 1 + round(max(wanted_s, _WITHIN_S) / hop_s))
    most = float(amplitude[:risen].max()) / _STRUCK
    change = np.log(np.minimum(1.0, most / np.maximum(amplitude, 1e-12)))
    change[:risen] = 0.0
    return change


def _held_before(envelope: Envelope, wanted_s: float) -> Floats | None:
    """How far to turn down what is as loud as the strike before it, in logs; None where that is little or far more."""
    amplitude, hop_s = envelope.amplitude, envelope.hop_s
    if envelope.attack_time_ms() / 1000.0 >= wanted_s / _LATER - _SLACK_S:
        return None
    risen = _begun(envelope) + round(wanted_s / hop_s)
    soon = risen + 1 + round(((_LATER - 1.0) * wanted_s + _SLACK_S) / hop_s)
    later = float(amplitude[risen:soon].max(initial=0.0))
    if later < _AS_LOUD * envelope.peak or float(amplitude[soon:].max(initial=0.0)) * _RISING > later:
        return None
    change = np.log(np.minimum(1.0, _RISING * later / np.maximum(amplitude, 1e-12)))
    change[risen:] = 0.0
    return change


def _begun(envelope: Envelope) -> int:
    """Where it has risen to a tenth of its peak."""
    return int(np.argmax(envelope.amplitude >= 0.1 * envelope.peak))


def _middles(envelope: Envelope, sample_rate_hz: int) -> Floats:
    """Where the points of an envelope lie, in frames."""
    return (np.arange(len(envelope.amplitude)) + 0.5) * envelope.hop_s * sample_rate_hz


def _levels(audio: Floats, sample_rate_hz: int) -> tuple[Floats, Floats]:
    """Compressed levels at the points of a course, and where those lie in frames."""
    frames = audio.shape[-1]
    envelope = amplitude_envelope(audio, sample_rate_hz)
    seconds = _points_s(frames / sample_rate_hz)
    if envelope.peak <= 0.0:
        return np.zeros(COURSE_POINTS), seconds * sample_rate_hz
    edges = np.concatenate([[0.0], (seconds[1:] + seconds[:-1]) / 2, [seconds[-1]]]) / envelope.hop_s
    energy = np.concatenate([[0.0], np.cumsum(np.square(envelope.amplitude / envelope.peak))])
    low = np.minimum(np.floor(edges[:-1]), len(energy) - 2).astype(int)
    high = np.minimum(np.maximum(np.ceil(edges[1:]), low + 1), len(energy) - 1).astype(int)
    mean = (energy[high] - energy[low]) / (high - low)
    return np.sqrt(np.maximum(mean, 0.0)) ** _COMPRESSION, seconds * sample_rate_hz


@lru_cache(maxsize=16)
def _points_s(duration_s: float) -> Floats:
    """Seconds of the points: the first at 0, the others evenly in the log of time up to the end. To be read only."""
    first = min(_FIRST_S, duration_s / COURSE_POINTS)
    return np.concatenate([[0.0], np.geomspace(first, max(duration_s, 2 * first), COURSE_POINTS - 1)])


def _turned(audio: Floats, places: Floats, change: Floats, sample_rate_hz: int) -> Floats:
    """Turned up and down by a natural log of amplitude that is given at some frames.

    Under a bass that makes up most of the level, what lies above begins as it did: within the time that `attacked`
    looks at, it is turned as at its end.
    """
    frames = audio.shape[-1]
    width = 2 * (round(_SMOOTH_S * sample_rate_hz) // (2 * _GAIN_HOP_FRAMES)) + 1
    window = np.hanning(width + 2)[1:-1]
    hops = -(-frames // _GAIN_HOP_FRAMES)
    drawn = np.interp(np.arange(hops + 1) * _GAIN_HOP_FRAMES, places, change)
    drawn = convolve1d(drawn, window / window.sum(), mode="nearest")
    levels = np.exp(drawn).astype(audio.dtype)
    within = (np.arange(_GAIN_HOP_FRAMES) / _GAIN_HOP_FRAMES).astype(audio.dtype)
    gain = (levels[:-1, None] + np.diff(levels)[:, None] * within).reshape(-1)[:frames]
    begun = min(frames, round(_BEGINNING_S * sample_rate_hz))
    heard = np.pad(audio[:, : 2 * begun], ((0, 0), (0, max(0, 2 * begun - frames) + _FILTERED_FRAMES)))
    high = above_bass(heard, sample_rate_hz)[:, :begun]
    turned = audio * gain
    rest = 1.0 - min(1.0, float(np.square(high).sum()) / max(1e-30, float(np.square(audio[:, :begun]).sum())))
    turned[:, :begun] += rest * high * (gain[begun - 1] - gain[:begun])
    return turned
