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


def midi_to_hz(pitch_midi: float) -> float:
    """Frequency in Hz of a MIDI note number (69 = A4 = 440 Hz).

    Examples
    --------
    >>> midi_to_hz(57)
    220.0
    """
    return 440.0 * 2.0 ** ((pitch_midi - 69.0) / 12.0)


def hz_to_midi(frequency_hz: float) -> float:
    """MIDI note number of a frequency in Hz.

    Examples
    --------
    >>> hz_to_midi(440.0)
    69.0
    """
    return 69.0 + 12.0 * math.log2(frequency_hz / 440.0)


def seconds_to_frames(duration_s: float, sample_rate_hz: int) -> int:
    """Nearest whole number of frames.

    Examples
    --------
    >>> seconds_to_frames(0.5, 44100)
    22050
    """
    return round(duration_s * sample_rate_hz)


def bars_to_seconds(bars: float, *, bpm: float, beats_per_bar: float = 4.0) -> float:
    """Length in seconds of a number of bars at a tempo.

    Examples
    --------
    >>> bars_to_seconds(2, bpm=120)
    4.0
    """
    return bars * beats_per_bar * 60.0 / bpm


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
