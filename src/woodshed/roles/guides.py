"""The guides there are: a listener's class, a spectrum, a loudness contour, onsets, a groove, away from a sound, a
brightness, a decay, any function of yours.

Targets are numbers: nothing here holds audio. Times are seconds, levels decibels below the loudest place of a sound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Tensor

from woodshed.base.errors import UnknownName, UsageError
from woodshed.nn import centroid_hz, envelope_db, loudness_db, octave_centres_hz, octave_levels_db
from woodshed.roles.guide_targets import CONTOUR_HOP_S, RISE_HOP_S, Points, onset_curve, picture_distance_db
from woodshed.roles.guiding import Guide, Hears, Schedule
from woodshed.roles.listener import Listener

Loss = Callable[[Tensor, int], Tensor]

_CONTOUR_FLOOR_DB = -50.0
_CLEAR_DB = 4.0
_LONG_AFTER = 0.3  # weight of what sounds long after a decay should be over
_TAIL_S = 0.2  # how much room the last onset of a grid needs


@dataclass(frozen=True, kw_only=True)
class HeardAs(Guide):
    """Heard as a class by a listener, at the listener's own rate and channels."""

    listener: Hears
    class_name: str
    name: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.class_name not in self._classes():
            raise UnknownName("class of the listener", self.class_name, known=self._classes())

    def _classes(self) -> tuple[str, ...]:
        assert isinstance(self.listener, Listener)
        return self.listener.spec.classes

    @property
    def least(self) -> float:
        """Heard so at 95 %."""
        return 0.05

    def loss(self, audio: Tensor, *, sample_rate_hz: int) -> Tensor:
        """Minus the log of the probability of the class."""
        return -self.listener.hear_tensor(audio, sample_rate_hz=sample_rate_hz)[
            :, self._classes().index(self.class_name)
        ]

    def told(self) -> str:
        """The class and the listener's name."""
        return f"heard as {self.class_name} by {self.name or 'a listener'}"


@dataclass(frozen=True, kw_only=True)
class Spectrum(Guide):
    """The level of each third of an octave over the whole sound, as a curve of (Hz, dB); only its slope counts."""

    curve: Points
    name: str = "a curve"

    @property
    def least(self) -> float:
        """Two decibels off on average."""
        return 0.04

    @property
    def moves_level(self) -> bool:
        """No: it says nothing of time."""
        return False

    def loss(self, audio: Tensor, *, sample_rate_hz: int) -> Tensor:
        """Mean square of the difference in units of 10 dB, over the bands between the ends of the curve."""
        centres = octave_centres_hz(sample_rate_hz=sample_rate_hz)
        inside = [i for i, hz in enumerate(centres) if 0.94 * self.curve[0][0] <= hz <= 1.06 * self.curve[-1][0]]
        if not inside:
            raise UsageError(
                f"A spectrum from {self.curve[0][0]:g} to {self.curve[-1][0]:g} Hz says nothing about this sound",
                cause="it lies outside 40 Hz to 16 kHz or above half the sample rate",
                way_out="give a curve that crosses that range",
            )
        wanted = _between(self.curve, [centres[i] for i in inside], log=True).to(audio)
        got = octave_levels_db(audio, sample_rate_hz=sample_rate_hz)[:, inside]
        return ((_of_the_sum(got) - _of_the_sum(wanted[None])) / 10).square().mean(1)

    def told(self) -> str:
        """Where the curve comes from."""
        return f"spectrum of {self.name}"


@dataclass(frozen=True, kw_only=True)
class Loudness(Guide):
    """How loudness goes over time, as points of (s, dB below the loudest); after the last point comes silence."""

    points: Points
    name: str = "a curve"

    @property
    def span_s(self) -> float:
        """Up to the last point."""
        return self.points[-1][0]

    @property
    def least(self) -> float:
        """Two decibels off on average."""
        return 0.04

    def loss(self, audio: Tensor, *, sample_rate_hz: int) -> Tensor:
        """Mean square of the difference in units of 10 dB, down to -50 dB."""
        got = loudness_db(audio, sample_rate_hz=sample_rate_hz, hop_s=CONTOUR_HOP_S)
        times = [CONTOUR_HOP_S * number for number in range(got.shape[1])]
        wanted = _between(self.points, times, beyond=_CONTOUR_FLOOR_DB).to(audio).clamp(min=_CONTOUR_FLOOR_DB)
        return ((_soft_floor(got, _CONTOUR_FLOOR_DB) - wanted) / 10).square().mean(1)

    def told(self) -> str:
        """Where the contour comes from."""
        return f"loudness of {self.name}"


@dataclass(frozen=True, kw_only=True)
class Rises(Guide):
    """Where in time something begins, as points of (s, strength): an onset grid, or the groove of another sound."""

    points: Points
    name: str = "onsets"
    tail_s: float = 0.0

    @classmethod
    def at(cls, times_s: Sequence[float], *, weight: float = 1.0) -> Rises:
        """An onset at each of these times and nowhere else.

        Examples
        --------
        >>> Rises.at([0, 0.25]).span_s
        0.45
        """
        width = 0.012
        points: list[tuple[float, float]] = []
        for time in sorted(times_s):
            points += [(time - width, 0.0), (time, 1.0), (time + width, 0.0)]
        told = "onsets at " + ", ".join(f"{time:g}" for time in sorted(times_s)) + " s"
        return cls(points=tuple(points), name=told, tail_s=_TAIL_S - width, weight=weight)

    @property
    def span_s(self) -> float:
        """Up to the last point, and room for the last onset to sound."""
        return round(self.points[-1][0] + self.tail_s, 6)

    @property
    def least(self) -> float:
        """A cosine of 0.95."""
        return 0.05

    def loss(self, audio: Tensor, *, sample_rate_hz: int) -> Tensor:
        """One minus the cosine between the rise of all bands over time and the points."""
        got = onset_curve(audio, sample_rate_hz=sample_rate_hz)
        times = [RISE_HOP_S * number for number in range(got.shape[1])]
        wanted = _between(self.points, times, beyond=0.0).to(audio)[None]
        return 1 - torch.cosine_similarity(got, wanted, dim=1)

    def told(self) -> str:
        """The times, or where the groove comes from."""
        return self.name


@dataclass(frozen=True, kw_only=True)
class Unlike(Guide):
    """At least so many decibels away from a sound, on average over its mel picture.

    It says which of a few sounds is taken, and pulls at it only where a schedule is given: of what is led away by a
    slope less stays of its kind than of what began elsewhere.
    """

    picture: tuple[tuple[float, ...], ...]  # (bands, hops) in dB, of the sound to stay away from
    name: str = "a sound"
    distance_db: float = 15.0
    schedule: Schedule = field(default_factory=partial(Schedule, stop=0.0))

    @property
    def away(self) -> bool:
        """Yes."""
        return True

    def loss(self, audio: Tensor, *, sample_rate_hz: int) -> Tensor:
        """By what share of the wanted distance a sound is too near; 0 from there on."""
        return (1 - picture_distance_db(audio, self.picture, sample_rate_hz=sample_rate_hz) / self.distance_db).clamp(
            min=0
        )

    def told(self) -> str:
        """What to stay away from."""
        return f"unlike {self.name}"


@dataclass(frozen=True, kw_only=True)
class Brightness(Guide):
    """The centre of gravity of the spectrum."""

    hz: float

    @property
    def least(self) -> float:
        """A thirtieth of an octave."""
        return 0.001

    @property
    def moves_level(self) -> bool:
        """No: it says nothing of time."""
        return False

    def loss(self, audio: Tensor, *, sample_rate_hz: int) -> Tensor:
        """Square of the distance in octaves."""
        return torch.log2(centroid_hz(audio, sample_rate_hz=sample_rate_hz).clamp(min=1.0) / self.hz).square()

    def told(self) -> str:
        """The frequency."""
        return f"brightness {self.hz:g} Hz"


@dataclass(frozen=True, kw_only=True)
class Decay(Guide):
    """How long a sound stays within 20 dB of its peak, after the peak."""

    ms: float

    @property
    def span_s(self) -> float:
        """Half as long again, so that the fall is heard."""
        return 1.5 * self.ms / 1000 + 0.02

    @property
    def least(self) -> float:
        """Half a decibel off around that time."""
        return 0.002

    def loss(self, audio: Tensor, *, sample_rate_hz: int) -> Tensor:
        """Mean square, in units of 10 dB, of what stands too low before that time or too high after it.

        Farther from that time the level shall lie farther from -20 dB, by up to 4 dB, so that it falls through clearly;
        what is near that time decides, but what sounds again long after it counts too.
        """
        hop_s = 0.002
        level = envelope_db(audio, sample_rate_hz=sample_rate_hz, hop_s=hop_s)
        peak = level.detach().argmax(1, keepdim=True)
        place = (torch.arange(level.shape[1], device=audio.device)[None] - peak) * hop_s * 1000  # ms after the peak
        near = torch.exp(-(place - self.ms).abs() / max(20.0, 0.5 * self.ms))
        clear = _CLEAR_DB * (1 - near**3)
        after = place >= self.ms
        too_low = (clear - 20 - level).clamp(min=0) * ((place >= 0) & ~after)
        too_high = (clear + 20 + level).clamp(min=0) * after
        weight = torch.where(after, near.clamp(min=_LONG_AFTER), near)
        return ((too_low + too_high) / 10).square().mul(weight).sum(1) / near.sum(1)

    def told(self) -> str:
        """The time."""
        return f"decay {self.ms:g} ms"


@dataclass(frozen=True, kw_only=True)
class Function(Guide):
    """Any differentiable function of the audio and its rate: ``function(audio, sample_rate_hz) -> (batch,)``.

    Examples
    --------
    >>> quiet = Function(function=lambda audio, rate: audio.square().mean((1, 2)), name="quiet")
    >>> quiet.loss(torch.ones(2, 1, 5), sample_rate_hz=44100).tolist()
    [1.0, 1.0]
    """

    function: Loss
    name: str = "a function"
    lowest: float | None = None

    @property
    def least(self) -> float | None:
        """As given; unknown if not."""
        return self.lowest

    def loss(self, audio: Tensor, *, sample_rate_hz: int) -> Tensor:
        """What the function says.

        Raises
        ------
        UsageError
            If it fails, or gives no tensor.
        """
        try:
            found = self.function(audio, sample_rate_hz)
        except Exception as error:
            raise self._broken(f"failed: {type(error).__name__}: {error}") from error
        if not isinstance(found, Tensor):
            raise self._broken(f"gave {type(found).__name__}, not a tensor")
        return found

    def _broken(self, how: str) -> UsageError:
        return UsageError(
            f"The loss {self.name!r} {how}",
            cause="a loss takes audio (batch, channels, frames) and the rate, and gives one number per sound, (batch,)",
            way_out="for example: def quiet(audio, sample_rate_hz): return audio.square().mean((1, 2))",
        )

    def told(self) -> str:
        """The function's name."""
        return f"loss {self.name}"


def _between(points: Points, places: list[float], *, log: bool = False, beyond: float | None = None) -> Tensor:
    """The curve through points, at places; outside it holds its ends, or after the last point is ``beyond``."""
    at, values = (np.array(column, dtype=np.float64) for column in zip(*points, strict=True))
    wanted = np.array(places)
    if log:
        at, wanted = np.log(at), np.log(wanted)
    return torch.from_numpy(np.interp(wanted, at, values, right=beyond).astype(np.float32))


def _of_the_sum(levels: Tensor) -> Tensor:
    """Levels in dB of the sum of all bands."""
    return levels - 10 * torch.logsumexp(levels * (np.log(10) / 10), dim=1, keepdim=True) / np.log(10)


def _soft_floor(level_db: Tensor, floor_db: float) -> Tensor:
    """A level that never falls below a floor and keeps a gradient just above it."""
    return floor_db + 3 * torch.nn.functional.softplus((level_db - floor_db) / 3)
