"""Descriptors of level: how loud, how peaky, how long."""

from __future__ import annotations

import numpy as np

from woodshed.dsp.descriptors._view import Descriptor, View
from woodshed.dsp.loudness import gated_loudness_lufs, momentary_loudness_lufs

FLOOR_LUFS = -70.0
FLOOR_DB = -120.0
_FULL_SCALE = 0.999

TABLE = (
    Descriptor("duration_s", "s", "length of the file"),
    Descriptor("loudness_lufs", "lufs", "integrated loudness (BS.1770-4), -70 or more", FLOOR_LUFS, follows_gain=True),
    Descriptor("loudest_moment_lufs", "lufs", "loudest 400 ms, -70 or more", FLOOR_LUFS, follows_gain=True),
    Descriptor("peak_db", "db", "level of the largest frame, -120 or more", FLOOR_DB, follows_gain=True),
    Descriptor("rms_db", "db", "level of the mean power of all channels, -120 or more", FLOOR_DB, follows_gain=True),
    Descriptor("crest_db", "db", "peak above RMS; 3 for a sine"),
    Descriptor("dc_offset", "amplitude", "mean of the channel that is furthest from zero", follows_gain=True),
    Descriptor("full_scale_share", "share", "frames at full scale or beyond: clipping", follows_gain=True),
    Descriptor("zero_crossing_rate_hz", "hz", "changes of sign per second, half of them: a sine gives its frequency"),
)


def values(view: View) -> list[float]:
    """The values of the table above, in its order."""
    moments = momentary_loudness_lufs(view.original, view.rate)
    peak_db = 20.0 * float(np.log10(view.peak))
    crest_db = -10.0 * float(np.log10(max(np.trace(view.gram) / len(view.gram), 1e-30)))
    means = view.audio.mean(axis=-1, dtype=np.float64) * view.peak
    return [
        view.duration_s,
        max(FLOOR_LUFS, gated_loudness_lufs(moments)),
        max(FLOOR_LUFS, float(moments.max())),
        max(FLOOR_DB, peak_db),
        max(FLOOR_DB, peak_db - crest_db),
        crest_db,
        float(means[np.argmax(np.abs(means))]),
        _full_scale_share(view),
        _zero_crossing_rate_hz(view),
    ]


def _full_scale_share(view: View) -> float:
    if view.peak < _FULL_SCALE:
        return 0.0
    return float(np.count_nonzero(np.abs(view.original) >= _FULL_SCALE)) / view.original.size


def _zero_crossing_rate_hz(view: View) -> float:
    if view.frames < 2:
        return 0.0
    negative = np.signbit(view.audio)
    changes = int(np.count_nonzero(negative[:, 1:] != negative[:, :-1]))
    return 0.5 * changes / len(negative) * view.rate / (view.frames - 1)
