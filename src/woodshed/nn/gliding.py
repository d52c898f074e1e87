"""How the lowest partials of a sound glide: a slow part, and a dive before it; found by turning it to a standstill."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from woodshed.dsp import rfft

Floats = npt.NDArray[np.floating]
Complexes = npt.NDArray[np.complexfloating]

LOWS_FROM_HZ = 28.0
MOST_OCTAVES, LEAST_OCTAVES = 4.5, -0.3  # of a glide and its dive together
FASTEST_S, SLOWEST_S = 0.002, 0.5  # in which it falls to 37 %
SWEPT_OCTAVES = 0.25  # from here on a glide blurs a spectrum, so that modes are looked for beside it
_LOW_HZ = (15.0, 600.0, 690.0)  # passes from, up to, nothing from
_LOW_TOP_HZ = 650.0  # of what is kept at the least
_LONGEST_S = 0.6
_LEAST_SHARE = 0.03  # of the energy, that lies low in what may glide
_WINDOW_S = 0.04
_EVEN_S = 0.01  # over which its level is heard, so that the quiet counts too
_PEAKS_HZ = LOWS_FROM_HZ * 1.04 ** np.arange(65)  # up to 345 Hz
_TIMES_S = (0.003, 0.005, 0.008, 0.012, 0.02, 0.035, 0.06, 0.1, 0.16, 0.25)
_HOP_S = 0.002
_SINGLE, _DOUBLE = 4, 5  # how many of each kind are listened to, those that keep to the course most closely
_GAIN = 0.2  # of what moves, that a glide must bring to a standstill before it is believed, and a dive of the rest
_STEADY = 0.97  # what stands still from the beginning has no glide
_REFINED = (1.35, 1.15)  # factors by which all about a glide is tried up and down


@dataclass(frozen=True)
class Glide:
    """How far partials lie above where they settle, in octaves, over time: one fall, and a faster one before it.

    Attributes
    ----------
    octaves, seconds
        How far above (or below) it begins, and the time in which that falls to 37 %.
    dive_octaves, dive_s
        The same of what falls faster; 0 where nothing does.
    """

    octaves: float = 0.0
    seconds: float = 0.03
    dive_octaves: float = 0.0
    dive_s: float = 0.006

    def course(self, seconds: Tensor) -> Tensor:
        """Frequency at some times, as a multiple of where it settles.

        Examples
        --------
        >>> Glide(octaves=1.0, seconds=0.1, dive_octaves=1.0, dive_s=0.01).course(torch.tensor([0.0, 2.0])).tolist()
        [4.0, 1.0]
        """
        slow = self.octaves * torch.exp(-seconds / max(1e-3, self.seconds))
        return torch.exp2(slow + self.dive_octaves * torch.exp(-seconds / max(1e-3, self.dive_s)))

    def turns(self, frames: int, rate_hz: float) -> Floats:
        """Turns that 1 Hz has made by each frame, ``(frames,)``."""
        course = self.course(torch.arange(frames, dtype=torch.float64) / rate_hz)
        return torch.cumsum(course, 0).numpy() / rate_hz

    @property
    def all_octaves(self) -> float:
        """How far it begins above where it settles."""
        return self.octaves + self.dive_octaves


def sweep_of(audio: Floats, *, sample_rate_hz: int, also: Iterable[Glide] = ()) -> tuple[Glide, Floats]:
    """How what lies low in a sound sweeps down, and the spectrum of its lows once that is undone.

    Glides that keep to the course of its frequency are tried, and those given besides: the one is taken that brings
    most of the sound to a standstill. None at all where that is little.

    Parameters
    ----------
    audio
        One channel from its onset on, ``(frames,)``.

    Returns
    -------
    tuple
        The glide, and levels in dB at whole Hz from 28 on, up to 350 Hz; nothing where it does not sweep.
    """
    none = Glide(), np.zeros(0)
    audio = audio[: round(_LONGEST_S * sample_rate_hz)]
    if len(audio) < _WINDOW_S * sample_rate_hz or not audio.any():
        return none
    low, rate_hz = analytic_below(audio, sample_rate_hz, pass_hz=_LOW_HZ)
    energy = float((np.abs(low) ** 2).mean()) / 2
    if energy < _LEAST_SHARE * float((audio**2).mean()):
        return none
    even = low / np.sqrt(smoothed(np.abs(low), round(_EVEN_S * rate_hz)) + 1e-3 * np.abs(low).max())
    listener = _Standstill(even, rate_hz)
    still = listener.share(Glide())
    if still > _STEADY:
        return none
    singles, doubles = _fits(low, rate_hz)
    found = _best(listener, [*also, *singles[:_SINGLE]], over=still, than=Glide())
    found = _best(listener, doubles[:_DOUBLE], over=found[0], than=found[1])
    glide = _refined(listener, *found)
    if abs(glide.all_octaves) < SWEPT_OCTAVES:
        return none
    return glide, _lows(low, rate_hz, glide)


class _Standstill:
    """How much of a sound stands still once a glide is undone: within windows, at one frequency throughout."""

    def __init__(self, low: Complexes, rate_hz: float) -> None:
        size = round(_WINDOW_S * rate_hz)
        half = size // 2
        window = np.hanning(size + 2)[1:-1]
        padded = np.pad(low, (half, size + half))
        starts = range(0, len(low) + half, half)
        self.rate_hz, self.frames = rate_hz, len(padded)
        self.places = np.add.outer(np.array(starts), np.arange(size))  # (windows, size)
        pieces = padded[self.places]
        self.pieces = (pieces * window).astype(np.complex64)
        self.all = float((np.abs(pieces) ** 2 @ window).sum() * window.sum())
        self.before = half

    def share(self, glide: Glide) -> float:
        turns = np.pad(glide.turns(self.frames - self.before, self.rate_hz), (self.before, 0))
        turns = np.multiply.outer(_PEAKS_HZ, turns)
        angles = (-2 * math.pi * (turns - np.rint(turns))).astype(np.float32)  # whole turns would cost digits
        spun = np.cos(angles) + 1j * np.sin(angles)  # (peaks, frames)
        grown = np.einsum("pws,ws->pw", spun[:, self.places], self.pieces, optimize=True)
        return float((np.abs(grown) ** 2).sum(1).max() / max(self.all, 1e-30))


def _best(listener: _Standstill, tried: Iterable[Glide], *, over: float, than: Glide) -> tuple[float, Glide]:
    """The glide that makes most stand still, if that is well over what another does."""
    shares = [(round(listener.share(glide), 6), glide) for glide in tried]
    share, glide = max(shares, default=(0.0, than), key=lambda one: one[0])  # of equals the first
    return (share, glide) if share > over + _GAIN * (1.0 - over) else (over, than)


def _refined(listener: _Standstill, share: float, glide: Glide) -> Glide:
    """A glide with everything about it tried higher and lower."""
    parts = ["octaves", "seconds", *(["dive_octaves", "dive_s"] if glide.dive_octaves else [])]
    for factor in _REFINED if glide.octaves else ():
        for name in parts:
            for by in (factor, 1 / factor):
                other = replace(glide, **{name: getattr(glide, name) * by})
                if _within_bounds(other) and (found := listener.share(other)) > share:
                    share, glide = found, other
    return glide


def _within_bounds(glide: Glide) -> bool:
    times = (glide.seconds, glide.dive_s)
    return (
        LEAST_OCTAVES <= glide.all_octaves <= MOST_OCTAVES
        and all(FASTEST_S <= one <= SLOWEST_S for one in times)
        and (not glide.dive_octaves or glide.dive_s < glide.seconds)
    )


def _fits(low: Complexes, rate_hz: float) -> tuple[list[Glide], list[Glide]]:
    """Glides of one fall, and of two, that the course of the frequency keeps to, the closest first."""
    times, course, weight = frequency_course(low, rate_hz)
    heard = (weight > 10**-2.5 * weight.max(initial=0.0)) & (course > LOWS_FROM_HZ)
    if heard.sum() < 6:
        return [], []
    seconds, octaves, loud = times[heard], np.log2(course[heard]), weight[heard] ** 0.25
    falls = np.exp(-seconds / np.array(_TIMES_S)[:, None])  # (times, heard)

    def fitted(numbers: Sequence[tuple[int, ...]]) -> list[Glide]:
        parts = np.stack([[np.ones_like(seconds), *falls[list(some)]] for some in numbers])  # (fits, parts, heard)
        gram = np.einsum("fph,fqh,h->fpq", parts, parts, loud) + 1e-6 * np.eye(parts.shape[1])
        found = np.linalg.solve(gram, np.einsum("fph,h,h->fp", parts, octaves, loud)[..., None])[..., 0]
        off = np.square(np.einsum("fp,fph->fh", found, parts) - octaves) @ loud
        glides = []
        for at in np.argsort(off, kind="stable"):
            settled, *falling = found[at].tolist()
            times = [_TIMES_S[number] for number in numbers[at]]
            glide = Glide(falling[-1], times[-1], *((falling[0], times[0]) if len(falling) > 1 else ()))
            falls_alike = min(falling) > 0.0 or len(falling) == 1
            if settled > math.log2(LOWS_FROM_HZ) and falls_alike and _within_bounds(glide):
                glides.append(glide)
        return glides

    singles = [(number,) for number in range(len(_TIMES_S))]
    return fitted(singles), fitted(list(itertools.combinations(range(len(_TIMES_S)), 2)))


def frequency_course(low: Complexes, rate_hz: float) -> tuple[Floats, Floats, Floats]:
    """Seconds, frequency in Hz and energy of what a low band holds, every 2 ms, each ``(points,)``."""
    power = np.abs(low) ** 2
    turn = np.angle(low[1:] * np.conj(low[:-1])) * rate_hz / (2 * math.pi)
    hop = max(1, round(_HOP_S * rate_hz))
    count = len(turn) // hop
    weights = power[1 : count * hop + 1].reshape(count, hop)
    energy = weights.sum(1)
    course = (turn[: count * hop].reshape(count, hop) * weights).sum(1) / (energy + 1e-30)
    return (np.arange(count) + 0.5) * hop / rate_hz, course, energy


def _lows(low: Complexes, rate_hz: float, glide: Glide) -> Floats:
    """Levels in dB of the lows of a sound whose glide is undone, what decays heard from its start."""
    few = min(len(low), round(0.37 * rate_hz))
    fade = np.cos(np.linspace(0, math.pi / 2, few)) ** 2
    hz = np.arange(LOWS_FROM_HZ, 350.0)
    spun = np.exp(-2j * math.pi * np.multiply.outer(hz, glide.turns(few, rate_hz)))
    return 20 * np.log10(np.abs(spun @ (low[:few] * fade)) + 1e-9)


def analytic_below(audio: Floats, rate: int, *, pass_hz: tuple[float, float, float]) -> tuple[Complexes, float]:
    """What lies in a low band as complex amplitudes, at a rate just high enough, and that rate.

    ``pass_hz``: from where it passes, up to where, and where it has fallen to nothing; some 690 Hz at most.
    """
    size = 1 << math.ceil(math.log2(len(audio) + 1024))
    few = 1 << math.ceil(math.log2(2 * _LOW_TOP_HZ * size / rate))
    spectrum = rfft(audio, frames=size)[: few // 2]
    hz = np.arange(few // 2) * rate / size
    low, high, stop = pass_hz
    spectrum = 2 * spectrum * np.clip((hz - low) / low, 0, 1) * np.clip((stop - hz) / (stop - high), 0, 1)
    slow_rate = rate * few / size
    slow = np.fft.ifft(spectrum, few) * (few / size)
    return slow[: max(2, math.ceil(len(audio) * few / size))], slow_rate


def smoothed(values: npt.NDArray[np.inexact], span: int) -> npt.NDArray[np.inexact]:
    """Values under a running bell of some frames, as many as there were."""
    window = np.hanning(max(3, span) + 2)
    return np.convolve(values, window / window.sum(), "same")[: len(values)]
