"""What names say in numbers: tempo, key, and whether a file is a one-shot or a loop."""

from __future__ import annotations

import re
from collections.abc import Sequence

from woodshed.library.names import words_of


def _listed(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_BPM_NAMED = re.compile(
    r"(?<![\d.])(\d{2,3}(?:\.\d+)?)[ _-]?bpm(?![a-z])|bpm[ _-]?(\d{2,3}(?:\.\d+)?)(?!\d)", re.IGNORECASE
)
_BARE_NUMBER = re.compile(r"(?:^|[ _\-(\[])(\d{2,3})(?=$|[ _\-)\].])")
_KEY_WITH_MODE = re.compile(
    r"(?:^|(?<=[ _\-(\[\d]))([A-Ga-g])(#|b|♯|♭|sharp|flat)?[ _-]?(min|minor|maj|major)(?![A-Za-z])"
)
_KEY_SHORT = re.compile(r"(?:^|(?<=[ _\-(\[]))([A-G])(#|b|♯|♭)?(m)(?=$|[ _\-)\].])")
_KEY_SHARP = re.compile(r"(?:^|(?<=[ _\-(\[]))([A-G])(#|♯)(?=$|[ _\-)\].])")

_LOOP_WORDS = frozenset(_listed("loop break breakbeat groove beat drumloop fill riff phrase"))
_SHOT_WORDS = frozenset(_listed("oneshot shot hit single"))
_SLOWEST_BPM, _FASTEST_BPM = 50.0, 220.0
_BAR_TOLERANCE = 0.015


def guess_bpm(parts: Sequence[str], *, duration_s: float) -> float | None:
    """Tempo from a name: where the name says bpm, or a bare number that fits a whole number of bars.

    Parameters
    ----------
    parts
        Folder names, then the file's name; the nearest to the file counts first.
    duration_s
        Length of the sound; a bare number must turn it into whole bars (2 % off at most), or it is only a number.

    Examples
    --------
    >>> guess_bpm(["Loops", "funky_92_drums.wav"], duration_s=2 * 4 * 60 / 92)
    92.0
    >>> guess_bpm(["kick_92.wav"], duration_s=0.4) is None
    True
    """
    for part in reversed(parts):
        named = [float(a or b) for a, b in _BPM_NAMED.findall(part)]
        named = [bpm for bpm in named if _SLOWEST_BPM <= bpm <= _FASTEST_BPM]
        if named:
            return named[0]
    bare = [float(number) for number in _BARE_NUMBER.findall(_stem(parts[-1]))] if parts else []
    fitting = {bpm for bpm in bare if 60 <= bpm <= 200 and fits_bars(duration_s, bpm=bpm)}
    return fitting.pop() if len(fitting) == 1 else None


def fits_bars(duration_s: float, *, bpm: float) -> bool:
    """Whether a sound is a whole number of 4/4 bars long at a tempo, within 1.5 %."""
    bars = duration_s * bpm / 240.0
    return round(bars) >= 1 and abs(bars / round(bars) - 1) <= _BAR_TOLERANCE


def guess_key(parts: Sequence[str]) -> str | None:
    """Key from a name, as ``C minor`` or ``F#``.

    Examples
    --------
    >>> guess_key(["bass_F#m_120.wav"]), guess_key(["Pad Cmin.wav"]), guess_key(["I am here.wav"])
    ('F# minor', 'C minor', None)
    """
    for part in reversed(parts):
        text = _stem(part)
        for pattern in (_KEY_WITH_MODE, _KEY_SHORT, _KEY_SHARP):
            found = pattern.search(text)
            if found:
                return _spell(*found.groups())
    return None


def _spell(letter: str, accidental: str | None, mode: str | None = None) -> str:
    sign = {"#": "#", "♯": "#", "sharp": "#", "b": "b", "♭": "b", "flat": "b"}.get(accidental or "", "")
    name = {"m": " minor", "min": " minor", "minor": " minor", "maj": " major", "major": " major"}.get(mode or "", "")
    return letter.upper() + sign + name


def guess_kind(parts: Sequence[str], *, duration_s: float, bpm: float | None) -> str:
    """``oneshot``, ``loop`` or ``recording``, from words, tempo and length.

    Examples
    --------
    >>> guess_kind(["Loops", "amen.wav"], duration_s=3.0, bpm=None)
    'loop'
    >>> guess_kind(["snare.wav"], duration_s=0.4, bpm=None)
    'oneshot'
    """
    for part in reversed(parts):
        words = {word.text for word in words_of(_stem(part) if part == parts[-1] else part)}
        if words & _SHOT_WORDS and not words & {"loop"}:
            return "oneshot"
        if words & _LOOP_WORDS and duration_s >= 0.8:
            return "loop"
    if bpm is not None and duration_s >= 0.8 and fits_bars(duration_s, bpm=bpm):
        return "loop"
    if duration_s <= 6.0:
        return "oneshot"
    return "loop" if bpm is not None and duration_s <= 60.0 else "recording"


def _stem(part: str) -> str:
    return re.sub(r"\.(?!\d+bpm)[A-Za-z][A-Za-z0-9]{1,4}$", "", part)
