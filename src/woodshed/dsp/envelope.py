"""How a sound swells and dies: its amplitude envelope, attack, decay and tail."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from woodshed.dsp._audio import SILENT_DB, as_channels, block_means, checked_rate, power_to_db

HOP_MS = 1.0
SMOOTHING_MS = 8.0


@dataclass(frozen=True, eq=False)
class Envelope:
    """The RMS amplitude of a sound over time, all channels together.

    Parameters
    ----------
    amplitude
        RMS over channels and over a few milliseconds, shape ``(hops,)``.
    hop_s
        Seconds from one value to the next; value ``i`` is centred on ``(i + 0.5) * hop_s``.
    """

    amplitude: npt.NDArray[np.float64]
    hop_s: float

    @cached_property
    def peak_index(self) -> int:
        """Index of the first value within half a percent of the largest; 0 if there is none."""
        return int(np.argmax(self.amplitude >= 0.995 * self.peak)) if self.amplitude.size else 0

    @cached_property
    def peak(self) -> float:
        """The largest value; 0 if there is none."""
        return float(np.max(self.amplitude, initial=0.0))

    def attack_time_ms(self, *, low: float = 0.1, high: float = 0.9) -> float:
        """Milliseconds from the last time below ``low`` of the peak to the first time above ``high``; 0 for silence.

        Examples
        --------
        >>> ramp = Envelope(np.minimum(np.arange(200) / 100, 1.0), hop_s=0.001)
        >>> round(ramp.attack_time_ms())
        80
        """
        if self.peak <= 0.0:
            return 0.0
        top = int(np.argmax(self.amplitude >= high * self.peak))
        below = np.flatnonzero(self.amplitude[:top] < low * self.peak)
        start = self._crossing(int(below[-1]), low * self.peak) if below.size else 0.0
        end = self._crossing(top - 1, high * self.peak) if top else 0.0
        return 1000.0 * self.hop_s * max(0.0, end - start)

    def decay_time_ms(self, *, fall_db: float = 20.0) -> float:
        """Milliseconds from the peak to the last time above ``peak - fall_db``; to the end if it never falls so far.

        Examples
        --------
        >>> bell = Envelope(10 ** (-np.arange(1000) / 1000 * 60 / 20), hop_s=0.001)
        >>> round(bell.decay_time_ms(fall_db=20.0))
        333
        """
        if self.peak <= 0.0:
            return 0.0
        level = self.peak * 10.0 ** (-fall_db / 20.0)
        last = int(np.flatnonzero(self.amplitude >= level)[-1])
        end = self._crossing(last, level) if last + 1 < self.amplitude.size else last + 0.5
        return 1000.0 * self.hop_s * max(0.0, end - self.peak_index)

    def temporal_centroid_s(self) -> float:
        """Centre of gravity of the amplitude in time; 0 for silence.

        Examples
        --------
        >>> Envelope(np.ones(1000), hop_s=0.001).temporal_centroid_s()
        0.5
        """
        total = float(self.amplitude.sum())
        return float(np.sum(self.times_s() * self.amplitude)) / total if total > 0.0 else 0.0

    def times_s(self) -> npt.NDArray[np.float64]:
        """The time of each value, shape ``(hops,)``."""
        return np.asarray((np.arange(self.amplitude.size) + 0.5) * self.hop_s, dtype=np.float64)

    def tail_level_db(self, *, duration_s: float = 0.02) -> float:
        """Level of the last ``duration_s`` below the peak of the envelope, in dB (0 or less); -200 if silent.

        Examples
        --------
        >>> Envelope(np.r_[np.ones(500), np.full(500, 0.01)], hop_s=0.001).tail_level_db()
        -40.0
        """
        if self.peak <= 0.0:
            return SILENT_DB
        last = self.amplitude[-max(1, round(duration_s / self.hop_s)) :]
        return round(float(power_to_db(np.mean(np.square(last / self.peak)))), 9)

    def _crossing(self, index: int, level: float) -> float:
        """Where between ``index`` and the next value the amplitude passes a level, in hops."""
        before, after = self.amplitude[index], self.amplitude[index + 1]
        return index + (float((level - before) / (after - before)) if after != before else 0.0)


def amplitude_envelope(
    x: npt.ArrayLike, sample_rate_hz: float, *, hop_ms: float = HOP_MS, smoothing_ms: float = SMOOTHING_MS
) -> Envelope:
    """Measure the envelope of a sound.

    Parameters
    ----------
    x
        Audio, shape ``(channels, frames)`` or ``(frames,)``, finite.
    sample_rate_hz
        Frames per second.
    hop_ms
        From one value to the next (rounded to whole frames; ``hop_s`` of the result is exact).
    smoothing_ms
        Length of the Hann window under which the power is averaged; a hop or less leaves it as it is. Shorter follows
        attacks more closely, longer rides over the waves of low notes.

    Returns
    -------
    Envelope with ``ceil(frames / hop)`` values; none for an empty sound.

    Raises
    ------
    UsageError
        If the shape or the rate cannot be.

    Examples
    --------
    >>> envelope = amplitude_envelope(np.ones(44100), 44100)
    >>> len(envelope.amplitude), round(envelope.peak, 6)
    (1003, 1.0)
    """
    audio = as_channels(x)
    rate = checked_rate(sample_rate_hz)
    hop_frames = max(1, round(hop_ms * rate / 1000.0))
    power = block_means(np.einsum("cn,cn->n", audio, audio) / audio.shape[0], block_frames=hop_frames)
    hop_s = hop_frames / rate
    return Envelope(np.sqrt(smoothed(power, width=smoothing_ms / 1000.0 / hop_s)), hop_s)


def smoothed(values: npt.NDArray[np.floating], *, width: float) -> npt.NDArray[np.float64]:
    """Centred average under a Hann window of ``width`` values; at the ends over the values there are.

    Examples
    --------
    >>> smoothed(np.array([0.0, 0.0, 1.0, 0.0, 0.0]), width=4).round(2).tolist()
    [0.0, 0.25, 0.5, 0.25, 0.0]
    """
    values = np.asarray(values, dtype=np.float64)
    half = int(width / 2.0)
    if half < 1 or values.size < 2:
        return values
    window = 0.5 + 0.5 * np.cos(np.pi * np.arange(-half, half + 1) / (width / 2.0))
    total = np.convolve(values, window)[half : half + values.size]
    weight = np.convolve(np.ones_like(values), window)[half : half + values.size]
    return np.maximum(total / weight, 0.0)
