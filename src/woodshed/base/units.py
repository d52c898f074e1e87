"""Conversions between the units that end our names; scalars only (array versions live in dsp)."""

from __future__ import annotations

import math


def db_to_gain(level_db: float) -> float:
    """Amplitude ratio of a level in dB.

    Examples
    --------
    >>> round(db_to_gain(-20.0), 6)
    0.1
    """
    return 10.0 ** (level_db / 20.0)


def gain_to_db(gain: float, *, floor_db: float = -200.0) -> float:
    """Level in dB of an amplitude ratio, never below ``floor_db``.

    Examples
    --------
    >>> gain_to_db(0.0)
    -200.0
    >>> round(gain_to_db(0.5), 3)
    -6.021
    """
    return max(floor_db, 20.0 * math.log10(gain)) if gain > 0 else floor_db


def seconds_to_frames(duration_s: float, sample_rate_hz: int) -> int:
    """Nearest whole number of frames.

    Examples
    --------
    >>> seconds_to_frames(0.5, 44100)
    22050
    """
    return round(duration_s * sample_rate_hz)


def seconds_to_text(duration_s: float) -> str:
    """A duration as a person says it.

    Examples
    --------
    >>> seconds_to_text(0.25), seconds_to_text(200)
    ('0.2 s', '3 min 20 s')
    """
    if duration_s < 90:
        return f"{duration_s:.1f} s" if duration_s < 10 else f"{duration_s:.0f} s"
    minutes, seconds = divmod(round(duration_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def bytes_to_text(size_bytes: float) -> str:
    """A file size as a person says it.

    Examples
    --------
    >>> bytes_to_text(3_400_000)
    '3.4 MB'
    """
    for unit in ("B", "kB", "MB", "GB"):
        if size_bytes < 1000:
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.1f} TB"
