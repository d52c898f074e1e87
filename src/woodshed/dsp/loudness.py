"""Loudness as ears weigh it, and the peak between the frames (ITU-R BS.1770-4).

Weights of channels: 1 for each of one to four; with five channels (left, right, centre, left and right surround)
the surrounds count 1.41; with six the fourth (low-frequency effects) does not count and the surrounds count 1.41;
with eight (left, right, centre, effects, back pair, side pair) the side pair counts 1.41. Of any other number every
channel counts 1. A mono sound is one channel, so it measures 3.01 LU below the same sound on two.

References
----------
ITU-R BS.1770-4 (2015), annexes 1 and 2. EBU Tech 3341 (2016) for the momentary meter and the test signals. B. De Man,
"Evaluation of Implementations of the EBU R128 Loudness Measurement", AES 145 (2018), for the two filters as
functions of the rate.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from woodshed.dsp._audio import SILENT_DB, Audio, as_channels, checked_rate, power_to_db

BLOCK_S = 0.4
STEPS_PER_BLOCK = 4
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
_OFFSET_DB = -0.691
_TAPS_PER_PHASE = 24


def integrated_loudness_lufs(x: npt.ArrayLike, sample_rate_hz: float) -> float:
    """Loudness of a whole sound with the two gates of the standard.

    A sound shorter than one block of 400 ms is measured as one block filled up with silence, so a 40 ms click is
    10 LU quieter than the same level held for 400 ms.

    Parameters
    ----------
    x
        Audio, shape ``(channels, frames)`` or ``(frames,)``, finite (NaN or infinity give a meaningless figure).
    sample_rate_hz
        Any positive rate; the weighting is derived for it.

    Returns
    -------
    LUFS; -200 if no block reaches the absolute gate of -70 LUFS.

    Raises
    ------
    UsageError
        If the shape or the rate cannot be.

    Examples
    --------
    >>> t = np.arange(48000) / 48000
    >>> tone = 10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * t)
    >>> round(integrated_loudness_lufs(np.stack([tone, tone]), 48000), 1)
    -23.0
    """
    return gated_loudness_lufs(momentary_loudness_lufs(x, sample_rate_hz))


def gated_loudness_lufs(moments_lufs: npt.NDArray[np.float64]) -> float:
    """Integrated loudness of the blocks ``momentary_loudness_lufs`` gave, shape ``(blocks,)``; -200 if all are gated.

    Examples
    --------
    >>> round(gated_loudness_lufs(np.array([-20.0, -20.0, -45.0, -80.0])), 2)
    -20.0
    """
    powers = 10.0 ** (moments_lufs[moments_lufs > ABSOLUTE_GATE_LUFS] / 10.0)
    if powers.size == 0:
        return SILENT_DB
    gate = powers.mean() * 10.0 ** (RELATIVE_GATE_LU / 10.0)
    return float(power_to_db(powers[powers > gate].mean()))


def momentary_loudness_lufs(x: npt.ArrayLike, sample_rate_hz: float) -> npt.NDArray[np.float64]:
    """Loudness of each block of 400 ms, one every 100 ms, not gated.

    Returns
    -------
    LUFS, shape ``(blocks,)``, at least one block; value ``i`` covers the 400 ms from ``0.1 * i`` seconds on.
    Silence is -200.

    Raises
    ------
    UsageError
        If the shape or the rate cannot be.

    Examples
    --------
    >>> momentary_loudness_lufs(np.zeros(44100), 44100).tolist()
    [-200.0, -200.0, -200.0, -200.0, -200.0, -200.0, -200.0]
    """
    return _to_lufs(_block_powers(x, sample_rate_hz))


def true_peak_db(x: npt.ArrayLike, sample_rate_hz: float) -> float:
    """Largest level of the sound between its frames, in dB of full scale (dBTP).

    Oversampled four times below 80 kHz, twice below 160 kHz and not above, by a polyphase filter of 24 taps a phase.

    Returns
    -------
    dB; -200 for silence; never below the level of the largest frame.

    Raises
    ------
    UsageError
        If the shape or the rate cannot be.

    Examples
    --------
    >>> t = np.arange(4800) / 48000
    >>> quarter = np.hanning(4800) * np.sin(2 * np.pi * 12000 * t + np.pi / 4)
    >>> float(round(20 * np.log10(np.abs(quarter).max()))), round(true_peak_db(quarter, 48000))
    (-3.0, 0)
    """
    from scipy.signal import upfirdn  # half a second to load, and most commands never measure

    audio = as_channels(x)
    rate = checked_rate(sample_rate_hz)
    factor = 4 if rate < 80_000 else 2 if rate < 160_000 else 1
    peak = float(np.max(np.abs(audio), initial=0.0))
    if audio.shape[-1] == 0 or peak == 0.0:
        return SILENT_DB
    if factor > 1:
        between = upfirdn(_interpolator(factor), audio, up=factor, axis=-1)
        peak = max(peak, float(np.max(np.abs(between))))
    return float(power_to_db(peak * peak))


@lru_cache(maxsize=32)
def k_weighting(sample_rate_hz: float) -> npt.NDArray[np.float64]:
    """The two K-weighting filters (high shelf, then high pass) for a rate, as second-order sections ``(2, 6)``.

    The standard prints them for 48 kHz only; these are the analogue filters behind those figures, brought to the rate.

    Examples
    --------
    >>> k_weighting(48000)[0, :3].round(8).tolist()
    [1.53512486, -2.69169619, 1.19839281]
    """
    sections = np.stack([_high_shelf(sample_rate_hz), _high_pass(sample_rate_hz)])
    sections.setflags(write=False)
    return sections


@lru_cache(maxsize=32)
def _k_weighting_as_one(sample_rate_hz: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The same as one filter of fourth order, a fifth faster: numerator and denominator, ``(5,)`` each."""
    first, second = k_weighting(sample_rate_hz)
    both = np.convolve(first[:3], second[:3]), np.convolve(first[3:], second[3:])
    for one in both:
        one.setflags(write=False)
    return both


def channel_weights(channels: int) -> npt.NDArray[np.float64]:
    """Weight of each channel in the sum of powers, shape ``(channels,)``.

    Examples
    --------
    >>> channel_weights(6).tolist()
    [1.0, 1.0, 1.0, 0.0, 1.41, 1.41]
    """
    surround = {5: [1, 1, 1, 1.41, 1.41], 6: [1, 1, 1, 0, 1.41, 1.41], 8: [1, 1, 1, 0, 1, 1, 1.41, 1.41]}
    return np.array(surround.get(channels, [1.0] * channels), dtype=np.float64)


def _block_powers(x: npt.ArrayLike, sample_rate_hz: float) -> npt.NDArray[np.float64]:
    """Weighted power of each gating block, shape ``(blocks,)``."""
    audio = as_channels(x)
    rate = checked_rate(sample_rate_hz)
    frames = audio.shape[-1]
    if frames == 0:
        return np.zeros(1)
    step_frames = BLOCK_S * rate / STEPS_PER_BLOCK
    steps = max(STEPS_PER_BLOCK, int(frames / step_frames + 1e-9))
    edges = np.round(np.arange(steps + 1) * step_frames).astype(np.int64)
    energy = _step_energies(audio, rate, edges)
    blocks = np.lib.stride_tricks.sliding_window_view(energy, STEPS_PER_BLOCK).sum(axis=-1)
    return blocks / np.maximum(edges[STEPS_PER_BLOCK:] - edges[:-STEPS_PER_BLOCK], 1)


def _step_energies(audio: Audio, rate: float, edges: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """K-weighted energy of all channels between each two edges (silence beyond the end), shape ``(edges - 1,)``."""
    from scipy.signal import lfilter  # see true_peak_db

    energy = np.zeros(edges.size - 1, dtype=np.float64)
    starts = edges[:-1][edges[:-1] < audio.shape[-1]]
    above, below = _k_weighting_as_one(rate)
    for channel, weight in zip(audio, channel_weights(audio.shape[0]), strict=True):
        if weight:
            weighted = np.asarray(lfilter(above, below, channel[: edges[-1]].astype(np.float64)), dtype=np.float64)
            energy[: starts.size] += weight * np.add.reduceat(np.square(weighted, out=weighted), starts)
    return energy


def _to_lufs(power: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return np.maximum(power_to_db(power) + _OFFSET_DB, SILENT_DB)


def _high_shelf(rate: float) -> npt.NDArray[np.float64]:
    """Shelf of +4 dB above about 1.7 kHz: the head."""
    corner_hz, gain_db, quality = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k = np.tan(np.pi * min(corner_hz / rate, 0.49))
    high = 10.0 ** (gain_db / 20.0)
    band = high**0.4996667741545416
    scale = 1.0 + k / quality + k * k
    numerator = [high + band * k / quality + k * k, 2.0 * (k * k - high), high - band * k / quality + k * k]
    return np.array([*numerator, scale, 2.0 * (k * k - 1.0), 1.0 - k / quality + k * k]) / scale


def _high_pass(rate: float) -> npt.NDArray[np.float64]:
    """High pass at about 38 Hz, with the gain in the pass band (+0.04 dB) that the printed figures have at 48 kHz."""
    corner_hz, quality = 38.13547087602444, 0.5003270373238773

    def warped(at_hz: float) -> tuple[float, float]:
        k = np.tan(np.pi * min(corner_hz / at_hz, 0.49))
        return k, 1.0 + k / quality + k * k

    k, scale = warped(rate)
    gain = warped(48_000.0)[1] / scale
    return np.array([gain, -2 * gain, gain, 1.0, 2.0 * (k * k - 1.0) / scale, (1.0 - k / quality + k * k) / scale])


@lru_cache(maxsize=4)
def _interpolator(factor: int) -> Audio:
    """Windowed-sinc low pass for an oversampling, each phase with a gain of 1 at 0 Hz, shape ``(taps,)``."""
    taps = factor * _TAPS_PER_PHASE
    centre = taps // 2
    time = (np.arange(taps + 1) - centre) / factor
    impulse = np.sinc(time) * np.kaiser(taps + 1, 6.0)
    for phase in range(factor):
        impulse[phase::factor] /= impulse[phase::factor].sum()
    return impulse.astype(np.float32)
