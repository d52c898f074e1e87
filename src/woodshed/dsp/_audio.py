"""The two shapes of audio this room takes, and the levels it speaks of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from woodshed.base.errors import UsageError

Audio = npt.NDArray[np.float32]

SILENT_DB = -200.0
"""The level given to silence, so that every level is a finite number (as in ``woodshed.base.units``)."""


def as_channels(x: npt.ArrayLike) -> Audio:
    """Audio as float32 ``(channels, frames)``; ``(frames,)`` becomes one channel. No copy where none is needed.

    Raises
    ------
    UsageError
        If the array has another number of axes or no channel.
    """
    audio = np.asarray(x, dtype=np.float32)
    if audio.ndim == 1:
        audio = audio[np.newaxis]
    if audio.ndim != 2 or audio.shape[0] < 1:
        raise UsageError(
            f"Audio of the shape {np.shape(x)} cannot be measured",
            cause="a batch was given, or the axes are in another order",
            way_out="pass (channels, frames) or (frames,), one sound at a time",
        )
    return audio


def checked_rate(sample_rate_hz: float) -> float:
    """The rate, if it can be one.

    Raises
    ------
    UsageError
        If it is not a positive number.
    """
    if not (np.isfinite(sample_rate_hz) and sample_rate_hz > 0):
        raise UsageError(
            f"A sample rate of {sample_rate_hz} Hz is not possible",
            cause="the rate was left out or misread",
            way_out="give the rate of the recording, for example 44100",
        )
    return float(sample_rate_hz)


def power_to_db(power: npt.ArrayLike, *, floor_db: float = SILENT_DB) -> npt.NDArray[np.float64]:
    """Level in dB of a power (10 log10), never below ``floor_db``; any shape in, the same shape out."""
    return np.maximum(10.0 * np.log10(np.maximum(np.asarray(power, dtype=np.float64), 1e-30)), floor_db)


def block_means(x: npt.NDArray[np.floating], *, block_frames: int) -> npt.NDArray[np.floating]:
    """Means over blocks along the last axis, shape ``(..., ceil(frames / block))``.

    Where frames are left over, the last mean is that of the last whole block's worth of frames.
    """
    frames = x.shape[-1]
    whole = frames // block_frames
    blocks = x[..., : whole * block_frames].reshape(*x.shape[:-1], whole, block_frames)
    means = blocks @ np.full(block_frames, 1.0 / block_frames, dtype=x.dtype)
    if frames == whole * block_frames:
        return means
    return np.concatenate([means, x[..., -block_frames:].mean(axis=-1, keepdims=True)], axis=-1)
