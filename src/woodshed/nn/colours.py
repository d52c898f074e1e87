"""The colour of a sound on the whole, its long-term spectrum in few bands; and sounds brought to a colour."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from woodshed.dsp import irfft, next_fast_length, rfft
from woodshed.nn.principal import PrincipalBasis

COLOUR_POINTS = 24
COLOUR_NUMBERS = 14
_BEND_HZ = 130.0  # below, points lie 30 Hz apart: what is filtered more finely rises late; above, a third of an octave
_PER_OCTAVE = 3.0
_FLOOR = -7.0  # log10 of power over that of the whole sound
_MOST_GAIN, _MOST_GAIN_CLOSELY = 1.2, 2.4  # log10 of power, 12 and 24 dB
_BRIGHT_HZ = (4000.0, 8000.0)
_ROUNDS = 5
_LEAST_SLOPE = 0.1  # where what is turned up is nearly all low
_LOW_POINTS = 8  # up to 400 Hz, where partials are few and a filter may miss them
_MOST_LOW_GAIN = 0.3  # log10 of power, 3 dB
_MOST_BESIDE = 0.6  # log10 of power, 6 dB, by which all else is turned instead where that is not enough
_RINGS_S = 0.1  # that a filter rings at most; so much silence is put behind a sound

Floats = npt.NDArray[np.floating]


def colour_points_hz() -> Floats:
    """Where the points of a colour lie in Hz, rising: 30 Hz apart at first, later a third of an octave, ``(24,)``.

    Examples
    --------
    >>> colour_points_hz()[[0, 1, 11, 23]].round().tolist()
    [30.0, 62.0, 1036.0, 16640.0]
    """
    return _BEND_HZ * np.sinh(np.arange(1, COLOUR_POINTS + 1) * math.log(2.0) / _PER_OCTAVE)


def colour_of(audio: Floats, *, sample_rate_hz: int) -> Tensor:
    """The colour of a sound.

    Parameters
    ----------
    audio
        ``(channels, frames)`` or ``(frames,)``; channels are averaged.

    Returns
    -------
    Tensor
        Log10 of the power around each point over that of all, at least -7, ``(24,)``; -7 for silence.

    Examples
    --------
    >>> t = np.arange(22050) / 44100
    >>> colour = colour_of(np.sin(2 * np.pi * 1000 * t), sample_rate_hz=44100)
    >>> round(float(colour_points_hz()[int(colour.argmax())]))
    1036
    """
    spectrum, size = _spectrum(np.atleast_2d(audio), sample_rate_hz)
    return torch.from_numpy(_points(spectrum, size, sample_rate_hz)).float()


def leaned_colour(points: Tensor, change: Tensor) -> Tensor:
    """The points of a colour after a change of every point, in log10 of power.

    Examples
    --------
    >>> flat = torch.full((COLOUR_POINTS,), -1.38)
    >>> leaned_colour(flat, torch.linspace(0, 1, COLOUR_POINTS)).diff().min().item() > 0
    True
    """
    power = 10.0 ** (points + change)
    return torch.log10(power / power.sum(-1, keepdim=True) + 10.0**_FLOOR)


def as_bright(points: Tensor, like: Tensor, *, basis: PrincipalBasis | None = None) -> Tensor:
    """The points of colours, ``(..., 24)``, that have as much of their power above 8 kHz as another has, ``(24,)``.

    They are turned up or down from 4 kHz on.

    Parameters
    ----------
    basis
        Principal directions in which colours are told: as much is then left of them once they were, and they are turned
        as nearly from 4 kHz on as these allow. What is far from all that was known would else be some dB brighter.

    Examples
    --------
    >>> dull, bright = torch.linspace(0, -6, COLOUR_POINTS), torch.linspace(-2, -1, COLOUR_POINTS)
    >>> high = torch.from_numpy(colour_points_hz() > 8000)
    >>> power = 10 ** torch.stack([as_bright(dull, bright), bright])
    >>> shares = power[:, high].sum(-1) / power.sum(-1)
    >>> bool((shares[0] / shares[1] - 1).abs() < 0.01)
    True
    """
    hz = torch.from_numpy(colour_points_hz()).to(points)
    rising, high = torch.log2(hz / _BRIGHT_HZ[0]).clamp(0, 1), hz > _BRIGHT_HZ[1]
    rising = rising if basis is None else basis.nearest(basis.mean + rising) - basis.mean

    def odds(power: Tensor) -> tuple[Tensor, Tensor]:
        """How loud the highs are beside the lows, and how much more so for every change: Newton's two numbers."""
        highs, lows = power * high, power * ~high
        (high_power, high_slope), (low_power, low_slope) = (
            (part.sum(-1, keepdim=True), (part * rising).sum(-1, keepdim=True)) for part in (highs, lows)
        )
        return torch.log10(high_power / low_power), high_slope / high_power - low_slope / low_power

    wanted, _ = odds(10.0**like)
    for _ in range(_ROUNDS):  # what is turned up below 8 kHz counts against it
        power = 10.0**points
        now, slope = odds(power)
        points = (
            points - torch.log10(power.sum(-1, keepdim=True)) + (wanted - now) / slope.clamp(min=_LEAST_SLOPE) * rising
        )
        points = points if basis is None else basis.nearest(points)
    return points.clamp(min=_FLOOR)


def coloured(
    audio: Floats, *, basis: PrincipalBasis, numbers: Tensor, sample_rate_hz: int, closely: bool = False
) -> Floats:
    """A sound whose colour is what some numbers say; what it does between two points stays its own.

    It is filtered as much as its own numbers differ from those, by 12 dB at most if not closely, and without anything
    ringing before its cause (minimum phase).

    Parameters
    ----------
    audio
        ``(channels, frames)``.
    basis
        Principal directions of `colour_of`.
    numbers
        As the basis squeezes them.
    closely
        Whether every point above 400 Hz is met, as nearly as 24 dB allow, not only what the numbers tell of it. Below,
        it is then filtered by 3 dB at most: a colour that was not heard of this sound may have its peak beside the
        partials that ring; filtered in full, the noise there would ring as well. All above is then turned up or down
        by 6 dB at most, so that lows and highs are as loud beside each other as they should be.
    """
    spectrum, size = _spectrum(audio, sample_rate_hz)
    points = torch.from_numpy(_points(spectrum, size, sample_rate_hz)).float()
    if float(points.max()) <= _FLOOR:
        return audio
    own = points if closely else basis.nearest(points)
    wanted, own = basis.unsqueeze(numbers).double().numpy(), own.double().numpy()
    most = np.full(COLOUR_POINTS, _MOST_GAIN_CLOSELY if closely else _MOST_GAIN)
    if closely:
        most[:_LOW_POINTS] = _MOST_LOW_GAIN
    change = (wanted - own).clip(-most, most)
    if closely:
        change[_LOW_POINTS:] += _lows_left_over(own + change, wanted)
    ringing = rfft(_minimum_phase(change, sample_rate_hz), frames=size)
    return irfft(spectrum * ringing, frames=size)[:, : audio.shape[-1]].astype(audio.dtype, copy=False)


def _minimum_phase(change: Floats, sample_rate_hz: int) -> Floats:
    """What filters a colour by changes of its points, in log10 of power, as an impulse response ``(frames,)``.

    It rings no longer than a tenth of a second.
    """
    size = next_fast_length(round(_RINGS_S * sample_rate_hz))
    level = np.interp(_places(size, sample_rate_hz)[0], np.arange(COLOUR_POINTS), change)
    causal = irfft((level * math.log(10.0) / 2).astype(np.complex64), frames=size)
    causal[1 : (size + 1) // 2] *= 2.0
    causal[size // 2 + 1 :] = 0.0
    return irfft(np.exp(rfft(causal)), frames=size)


def _lows_left_over(points: Floats, wanted: Floats) -> float:
    """How much louder the lows of a colour are than wanted, in log10 of power, within +-0.6."""
    lows, asked = (float(np.sum(10.0 ** one[:_LOW_POINTS])) for one in (points, wanted))
    return min(_MOST_BESIDE, max(-_MOST_BESIDE, math.log10(lows / asked)))


def _spectrum(audio: Floats, sample_rate_hz: int) -> tuple[npt.NDArray[np.complexfloating], int]:
    size = next_fast_length(audio.shape[-1] + round(_RINGS_S * sample_rate_hz))
    return rfft(audio.astype(np.float32, copy=False), frames=size), size


@lru_cache(maxsize=4)  # a sound is coloured twice, and looked at as often
def _places(size: int, sample_rate_hz: int) -> tuple[Floats, Floats, npt.NDArray[np.intp]]:
    """Where the bins of a spectrum lie among the points, 0 at the first, within their range.

    And how far from the point before each, and the first bin after each point. To be read, not to be changed.
    """
    hz = np.arange(size // 2 + 1) * sample_rate_hz / size
    places = np.arcsinh(hz / _BEND_HZ) * _PER_OCTAVE / math.log(2.0) - 1.0
    places = places.clip(0.0, COLOUR_POINTS - 1.0)
    return places, places - np.floor(places), np.searchsorted(places, np.arange(COLOUR_POINTS))


def _points(spectrum: npt.NDArray[np.complexfloating], size: int, sample_rate_hz: int) -> Floats:
    middle = spectrum[0] if len(spectrum) == 1 else spectrum.mean(0)
    power = np.square(middle.real, dtype=np.float64) + np.square(middle.imag, dtype=np.float64)
    _, beyond, first = _places(size, sample_rate_hz)
    after = np.append(power * beyond, 0.0)  # shares of the point after each bin, and of those before the rest
    further, around = np.add.reduceat(after, first), np.add.reduceat(np.append(power, 0.0), first)
    around -= further
    around[1:] += further[:-1]
    total = around.sum()
    return np.log10(around / total + 10.0**_FLOOR) if total > 0.0 else np.full(COLOUR_POINTS, _FLOOR)
