"""The tonal part of a sound as a few numbers: which partials ring, how they glide, how much of their band they are.

A drum rings in a handful of modes; a note in a harmonic series. Both are described by one lowest frequency, the
intervals between the modes (or the word that they are harmonic), one glide shared by all, and for every short stretch
of time the share of the energy around each mode that is tone rather than noise. How loud it is, the band envelope says.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from woodshed.nn.gliding import FASTEST_S, LEAST_OCTAVES, MOST_OCTAVES, SLOWEST_S, Glide

MODES = 6
LOWEST_HZ, HIGHEST_HZ = 30.0, 6000.0
HARMONIC_SPANS = ((1, 1), (2, 2), (3, 4), (5, 8), (9, 16), (17, 32))  # of the series, one per mode
_SETTLED_NUMBERS = 6  # the lowest, glide and dive and the time of each, whether it is harmonic
GLIDE_PLACES = slice(1, 5)  # of these numbers
PARTIAL_NUMBERS = _SETTLED_NUMBERS + (MODES - 1) + MODES
_MIDDLE_HZ = 110.0
_LOWEST_OCTAVES = 1.5  # to one unit of the number of the lowest
_LEAST_GLIDE, _LEAST_DIVE = 0.05, 0.1  # octaves; what is less was meant as none
_GLIDE_S, _DIVE_S = 0.02, 0.006  # usual times
ABSENT_STEP = 0.6  # octaves between modes that are not there
_LEAST_SHARE = 0.05  # of tone, below which a mode is not rung


def highest_rung_hz(sample_rate_hz: int) -> float:
    """Up to where lines are told and rung one by one.

    Examples
    --------
    >>> highest_rung_hz(44100), highest_rung_hz(8000)
    (6000.0, 3600.0)
    """
    return min(HIGHEST_HZ, 0.45 * sample_rate_hz)


@dataclass(frozen=True)
class Partials:
    """Modes of a sound.

    Attributes
    ----------
    frequencies_hz
        Where the modes settle, rising, ``(modes,)``; of a harmonic sound multiples of the first.
    glide
        How far above (or below) that all of it begins, and how that falls.
    harmonic
        Whether there is a full harmonic series above the first mode; then each mode stands for a span of it.
    shares
        How much of the energy around each mode is tone, per token, ``(tokens, modes)``, 0 to 1.
    """

    frequencies_hz: Tensor
    glide: Glide
    harmonic: bool
    shares: Tensor

    def course(self, seconds: Tensor) -> Tensor:
        """Frequency at some times, as a multiple of where it settles."""
        return self.glide.course(seconds)

    def lines(self) -> tuple[Tensor, Tensor]:
        """All sines of the modes: where each settles in Hz, and its mode, both ``(lines,)``."""
        if not self.harmonic:
            return self.frequencies_hz, torch.arange(MODES)
        numbers = [(number, mode) for mode, (low, high) in enumerate(HARMONIC_SPANS) for number in range(low, high + 1)]
        multiples, modes = torch.tensor(numbers).T
        return self.frequencies_hz[0] * multiples, modes

    def heard_lines(self) -> tuple[Tensor, Tensor]:
        """The sines of `lines` that are heard at some time."""
        hz, modes = self.lines()
        heard = (self.shares.amax(0) > _LEAST_SHARE)[modes]
        return hz[heard], modes[heard]

    def transposed(self, semitones: float) -> Partials:
        """The same modes, higher or lower; all else stays."""
        return replace(self, frequencies_hz=self.frequencies_hz * 2.0 ** (semitones / 12.0))

    @staticmethod
    def tuned_number(semitones: float) -> float:
        """What the first number, of the lowest frequency, grows by where all is tuned higher.

        Examples
        --------
        >>> partials = Partials(torch.arange(1.0, 7.0) * 100.0, Glide(), False, torch.ones(1, 6))
        >>> tuned = partials.transposed(3.0).to_numbers()[0, 0] - partials.to_numbers()[0, 0]
        >>> bool(abs(tuned - Partials.tuned_number(3.0)) < 1e-6)
        True
        """
        return semitones / 12.0 / _LOWEST_OCTAVES

    def on_tokens(self, tokens: int) -> Partials:
        """The same over another number of tokens: shares are drawn out or squeezed in time."""
        if tokens == len(self.shares):
            return self
        drawn = torch.nn.functional.interpolate(self.shares.T[None], size=tokens, mode="linear", align_corners=False)
        return replace(self, shares=drawn[0].T)

    def shares_at(self, tokens: Tensor) -> Tensor:
        """Shares so many tokens after the beginning, evenly from the middle of one to that of the next, ``(n, modes)``.

        Examples
        --------
        >>> partials = Partials(torch.ones(6), Glide(), False, torch.tensor([[0.0], [1.0]]))
        >>> partials.shares_at(torch.tensor([0.0, 0.5, 1.0, 1.5, 1.9])).flatten().tolist()
        [0.0, 0.0, 0.5, 1.0, 1.0]
        """
        places = (tokens - 0.5).clamp(0, len(self.shares) - 1)
        before = places.floor().long()
        after = (before + 1).clamp(max=len(self.shares) - 1)
        return torch.lerp(self.shares[before], self.shares[after], (places - before)[:, None])

    def to_numbers(self) -> Tensor:
        """As numbers around 0 that a model can learn, ``(tokens, PARTIAL_NUMBERS)``; all but shares are constant."""
        steps = torch.log2(self.frequencies_hz[1:] / self.frequencies_hz[:-1])
        settled = [
            math.log2(float(self.frequencies_hz[0]) / _MIDDLE_HZ) / _LOWEST_OCTAVES,
            self.glide.octaves * 1.5,
            math.log2(max(1e-3, self.glide.seconds) / _GLIDE_S) / 1.5 if self.glide.octaves else 0.0,
            self.glide.dive_octaves * 1.5,
            math.log2(max(1e-3, self.glide.dive_s) / _DIVE_S) / 1.5 if self.glide.dive_octaves else 0.0,
            1.0 if self.harmonic else -1.0,
        ]
        ratios = torch.zeros(MODES - 1) if self.harmonic else (steps - ABSENT_STEP) / 0.5
        constant = torch.cat([torch.tensor(settled), ratios.float()])
        return torch.cat([constant.expand(len(self.shares), -1), (self.shares - 0.3) * 2], dim=-1)

    @classmethod
    def from_numbers(cls, numbers: Tensor) -> Partials:
        """Back from numbers, however roughly a model drew them: constants are averaged over the tokens."""
        constant = numbers[:, : PARTIAL_NUMBERS - MODES].mean(0)
        octaves, seconds, dive_octaves, dive_s = constant[GLIDE_PLACES].nan_to_num().tolist()
        fall = _octaves_of(octaves, most=MOST_OCTAVES, least=_LEAST_GLIDE)
        glide = Glide(
            fall,
            _seconds_of(seconds, usual=_GLIDE_S),
            max(0.0, _octaves_of(dive_octaves, most=MOST_OCTAVES - fall, least=_LEAST_DIVE)),
            _seconds_of(dive_s, usual=_DIVE_S),
        )
        harmonic = bool(constant[_SETTLED_NUMBERS - 1] > 0)
        first = (_MIDDLE_HZ * 2.0 ** (_LOWEST_OCTAVES * constant[0])).clamp(LOWEST_HZ, HIGHEST_HZ)
        steps = (constant[_SETTLED_NUMBERS:] * 0.5 + ABSENT_STEP).clamp(0.02, 4.0)
        if harmonic:
            steps = torch.log2(torch.tensor([b[0] / a[0] for a, b in itertools.pairwise(HARMONIC_SPANS)]))
        frequencies = first * torch.exp2(torch.cat([torch.zeros(1), torch.cumsum(steps, 0)]))
        shares = (numbers[:, PARTIAL_NUMBERS - MODES :] / 2 + 0.3).clamp(0, 1)
        return cls(frequencies, glide, harmonic, shares)


def _octaves_of(number: float, *, most: float, least: float) -> float:
    octaves = min(most, max(LEAST_OCTAVES, number / 1.5))
    return octaves if abs(octaves) > least else 0.0


def _seconds_of(number: float, *, usual: float) -> float:
    return min(SLOWEST_S, max(FASTEST_S, usual * 2.0 ** (1.5 * min(5.0, max(-5.0, number)))))
