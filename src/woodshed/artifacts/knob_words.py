"""Knobs that hold several numbers in one word: weights ``1:2:1``, regions ``0.1:0.2,0.5:0.6``, a band ``200:2000``."""

from __future__ import annotations

import math

from woodshed.base.errors import UsageError


def parse_weights(text: str, *, count: int, knob: str = "weights") -> tuple[float, ...]:
    """One weight per sound; a single whole number names the one sound that counts, from 1.

    Raises
    ------
    UsageError
        If it cannot be read, or there are not as many weights as sounds.

    Examples
    --------
    >>> parse_weights("1:-1:0.5", count=3), parse_weights("2", count=3)
    ((1.0, -1.0, 0.5), (0.0, 1.0, 0.0))
    """
    words = text.split(":")
    if len(words) == 1 and words[0].strip().isdecimal() and 1 <= int(words[0]) <= count:
        return tuple(float(number == int(words[0])) for number in range(1, count + 1))
    numbers = [_number(word) for word in words]
    if len(numbers) != count or not all(math.isfinite(number) for number in numbers):
        raise UsageError(
            f"{knob} {text!r} does not fit {count} sounds",
            cause="it needs one number per sound with colons between, or the number of one sound",
            way_out=f"for example {':'.join(['1'] * count)}, or 1 for the first sound alone",
        )
    return tuple(numbers)


def parse_regions(text: str, *, sample_rate_hz: int, frames: int) -> list[tuple[int, int]]:
    """Regions in seconds as frames of a sound; an open end means the start or the end of the sound.

    Raises
    ------
    UsageError
        If it cannot be read, or a region lies outside the sound.

    Examples
    --------
    >>> parse_regions("0.1:0.2,0.5:", sample_rate_hz=1000, frames=700)
    [(100, 200), (500, 700)]
    """
    found = []
    for part in text.split(","):
        start_text, colon, stop_text = part.partition(":")
        start_s = _number(start_text or "0")
        stop_s = _number(stop_text) if stop_text.strip() else frames / sample_rate_hz
        if not colon or not 0 <= start_s < stop_s < math.inf or round(start_s * sample_rate_hz) >= frames:
            raise UsageError(
                f"The region {part.strip()!r} cannot be filled",
                cause=f"a region is start:stop in seconds, inside the sound of {frames / sample_rate_hz:.3f} s",
                way_out="for example 0.1:0.2, or two regions: 0.1:0.2,0.5:0.6",
            )
        start = round(start_s * sample_rate_hz)
        found.append((start, min(frames, max(start + 1, round(stop_s * sample_rate_hz)))))
    return found


def parse_band(text: str | None) -> tuple[float, float] | None:
    """A band in Hz, low to high; None for none.

    Raises
    ------
    UsageError
        If it cannot be read, or is empty.

    Examples
    --------
    >>> parse_band("200:2000"), parse_band(None)
    ((200.0, 2000.0), None)
    """
    if text is None:
        return None
    low, _, high = text.partition(":")
    band = _number(low), _number(high)
    if not 0 <= band[0] < band[1] < math.inf:
        raise UsageError(
            f"The band {text!r} cannot be read",
            cause="a band is low:high in Hz, the lower frequency first",
            way_out="for example 2000:8000",
        )
    return band


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan
