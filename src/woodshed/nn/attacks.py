"""How a sound begins: the shape of its first 23 ms above the bass, finer than the steps of an envelope can tell."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import convolve1d
from scipy.signal import butter, sosfilt, sosfilt_zi
from torch import Tensor

from woodshed.nn.principal import PrincipalBasis

ATTACK_POINTS = 64
ATTACK_NUMBERS = 8
_POINT_S = 0.000363
_FROM_HZ = 700.0  # below, a point is shorter than a wave
_QUIET = 1e-4  # of the loudest point's power
_QUIET_AFTER = 1e-2  # of the same: where less follows, the beginning is all there is
_MOST_GAIN = 3.0  # natural log of amplitude
_FADE_POINTS = 8  # over which the change ends
_AFTER_POINTS = 64  # heard besides, as the measure of what came before
_ROUNDS = 2
_EDGE_FRAMES = 15  # by which a sound goes on, mirrored, for a filter to settle in

Floats = npt.NDArray[np.floating]


def attack_of(audio: Floats, *, sample_rate_hz: int) -> Tensor:
    """The shape of a beginning.

    Parameters
    ----------
    audio
        ``(channels, frames)`` or ``(frames,)``, from where the sound begins.

    Returns
    -------
    Tensor
        Natural log of amplitude over that of the 23 ms that follow, one point every 0.36 ms, ``(64,)``.
    """
    point = _point_frames(sample_rate_hz)
    return torch.from_numpy(_points(above_bass(_begun(np.atleast_2d(audio), point), sample_rate_hz), point)).float()


def attacked(audio: Floats, *, basis: PrincipalBasis, numbers: Tensor, sample_rate_hz: int) -> Floats:
    """A sound whose beginning has the shape that some numbers stand for; what else it does in detail stays its own.

    Above 700 Hz it is turned up and down within its first 23 ms, as much as its own numbers differ from those.

    Parameters
    ----------
    audio
        ``(channels, frames)``.
    basis
        Principal directions of `attack_of`.
    numbers
        As the basis squeezes them.
    """
    point = _point_frames(sample_rate_hz)
    begun = _begun(audio, point)
    high = above_bass(begun, sample_rate_hz)
    low = begun - high
    for _ in range(_ROUNDS):
        own = basis.nearest(torch.from_numpy(_points(high, point)).float())
        change = (basis.unsqueeze(numbers) - own).double().numpy()
        high = high * np.exp(_over_frames(change.clip(-_MOST_GAIN, _MOST_GAIN), point, high.shape[-1]))
    frames = min(audio.shape[-1], begun.shape[-1])
    out = np.array(audio, dtype=np.float32)
    out[:, :frames] = (low + high)[:, :frames]
    return out


def _point_frames(sample_rate_hz: int) -> int:
    return max(1, round(_POINT_S * sample_rate_hz))


def _begun(audio: Floats, point: int) -> Floats:
    """The beginning and a little more, with silence after where it is shorter."""
    frames = (ATTACK_POINTS + _AFTER_POINTS) * point
    begun = np.asarray(audio[:, :frames], dtype=np.float64)
    lacking = frames - begun.shape[-1]
    return np.pad(begun, ((0, 0), (0, lacking))) if lacking else begun


def above_bass(audio: Floats, sample_rate_hz: int) -> Floats:
    """What lies above 700 Hz, in phase with the rest, ``(channels, frames)``."""
    sections, settled = _bass_filter(sample_rate_hz)
    before = 2 * audio[:, :1] - audio[:, _EDGE_FRAMES:0:-1]
    after = 2 * audio[:, -1:] - audio[:, -2 : -2 - _EDGE_FRAMES : -1]
    turned = np.concatenate([before, audio, after], axis=1)
    for _ in range(2):  # ahead, then from the end
        turned, _state = sosfilt(sections, turned, zi=settled * turned[:, :1])
        turned = turned[:, ::-1]
    return turned[:, _EDGE_FRAMES:-_EDGE_FRAMES]


@cache
def _bass_filter(sample_rate_hz: int) -> tuple[Floats, Floats]:
    """A filter without what lies below 700 Hz, as second-order sections, and what it holds once it has settled.

    That is worked out once; `scipy.signal.sosfiltfilt` does the same but for this.
    """
    sections = np.asarray(butter(4, _FROM_HZ, "highpass", fs=sample_rate_hz, output="sos"))
    return sections, sosfilt_zi(sections)[:, None]


def _points(high: Floats, point: int) -> Floats:
    power = (high**2).mean(0)
    after = power[ATTACK_POINTS * point :].mean()
    power = power[: ATTACK_POINTS * point].reshape(ATTACK_POINTS, point).mean(1)
    power = convolve1d(power, [0.25, 0.5, 0.25], mode="nearest")
    most = power.max() + 1e-16
    return (np.log(power + _QUIET * most) - np.log(after + _QUIET_AFTER * most)) / 2


def _over_frames(change: Floats, point: int, frames: int) -> Floats:
    """A change per point, drawn over frames, that ends softly with the last point."""
    at = np.arange(frames)
    drawn = np.interp(at, (np.arange(ATTACK_POINTS) + 0.5) * point, change)
    return drawn * np.clip((ATTACK_POINTS * point - at) / (_FADE_POINTS * point), 0, 1)
