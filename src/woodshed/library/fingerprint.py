"""What a sound leaves behind at scan time, so that near duplicates are found later without its audio.

A fingerprint has three parts, all of the mono sound and all free of gain and polarity:

- ``vector``: log spectrum of the first 60 and the next 140 ms, level removed. Near in this space = worth a closer look.
- ``snippet``: 186 ms from the onset at 22.05 kHz, first difference, dynamics halved, 8 bits. Two copies of one
  recording agree wave for wave; two hits of one drum do not.
- ``course``: level of four bands every 20 ms, 12 s at most. Two loops that begin with the same kick part here.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from woodshed.base.errors import UsageError
from woodshed.sound import Sound

SNIPPET_RATE_HZ = 22050
SNIPPET_FRAMES = 4096
LEAD_IN_S = 0.010  # kept before the onset
COURSE_HOP_S = 0.020
COURSE_HOPS = 600
LISTENED_S = 12.5  # no more than this of a sound is looked at
COURSE_FLOOR_DB = -60.0

_TEXT_MARK = "woodshed-print-1:"
_FLOOR = 1e-10
_VECTOR_WINDOW = 1024  # frames at SNIPPET_RATE_HZ, 46 ms
_STRETCHES_S = (0.0, 0.06, 0.2)  # late enough to survive a trimmed head, early enough to survive a cut tail
_VECTOR_BANDS = 24
_VECTOR_FLOOR_DB = -40.0
_COURSE_EDGES_HZ = (30.0, 200.0, 1000.0, 4000.0, 9000.0)
_TRIM_DB = 30.0  # the onset is where the level first comes this near to the loudest moment

VECTOR_SIZE = _VECTOR_BANDS * (len(_STRETCHES_S) - 1)

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Fingerprint:
    """Gain- and polarity-free traces of one sound.

    ``vector`` float32 ``(VECTOR_SIZE,)`` in units of 10 dB; ``snippet`` int8 ``(SNIPPET_FRAMES,)``; ``course`` uint8
    ``(4, hops)`` in half dB above a floor of -60 dB.
    """

    vector: Floats
    snippet: npt.NDArray[np.int8]
    course: npt.NDArray[np.uint8]

    def vector_bytes(self) -> bytes:
        """The vector as it is stored, 96 bytes."""
        return self.vector.astype("<f2").tobytes()

    def traces_bytes(self) -> bytes:
        """Snippet and course as they are stored, 4.1 to 6.5 kB."""
        return self.snippet.tobytes() + self.course.tobytes()

    @staticmethod
    def from_bytes(vector: bytes, traces: bytes) -> Fingerprint:
        """Read back what was stored."""
        return Fingerprint(
            vector_from_bytes(vector),
            np.frombuffer(traces[:SNIPPET_FRAMES], np.int8),
            np.frombuffer(traces[SNIPPET_FRAMES:], np.uint8).reshape(len(_COURSE_EDGES_HZ) - 1, -1),
        )

    def to_text(self) -> str:
        """The fingerprint as text, to be put on an opt-out list."""
        return _TEXT_MARK + base64.urlsafe_b64encode(self.vector_bytes() + self.traces_bytes()).decode()

    @staticmethod
    def from_text(text: str) -> Fingerprint:
        """Read back what ``to_text`` wrote.

        Raises
        ------
        UsageError
            If the text is no fingerprint of ours.
        """
        try:
            block = base64.b64decode(text.removeprefix(_TEXT_MARK), altchars=b"-_", validate=True)
            size = 2 * VECTOR_SIZE
            if not text.startswith(_TEXT_MARK) or len(block) <= size + SNIPPET_FRAMES:
                raise ValueError("too short")
            return Fingerprint.from_bytes(block[:size], block[size:])
        except ValueError as error:
            raise UsageError(
                f"{text[:16]!r} is no fingerprint of a sound ({error})",
                cause="the line was cut, or comes from another program",
                way_out="make it anew with woodshed library show --fingerprint",
            ) from error


def vector_from_bytes(vector: bytes) -> Floats:
    """The vector of stored bytes, float32 ``(VECTOR_SIZE,)``."""
    return np.frombuffer(vector, "<f2").astype(np.float32)


def fingerprint(sound: Sound) -> Fingerprint:
    """Take the traces of a sound (its first 12.5 s).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> sound = Sound(rng.standard_normal(8000) * np.exp(-np.arange(8000) / 800), 22050)
    >>> a, b = fingerprint(sound), fingerprint(sound.scaled(-0.25))
    >>> bool(np.allclose(a.vector, b.vector, atol=0.01))
    True
    """
    mono = _one_channel(sound.section(0, round(LISTENED_S * sound.sample_rate_hz)))
    start = onset_frame(mono, sound.sample_rate_hz) - round(LEAD_IN_S * sound.sample_rate_hz)
    heard = mono[max(0, start) :]
    low = Sound(heard, sound.sample_rate_hz).resampled(SNIPPET_RATE_HZ).data[0]
    low = np.pad(low, (max(0, round(-start * SNIPPET_RATE_HZ / sound.sample_rate_hz)), 0))
    power = _spectrum_power(low)
    return Fingerprint(_vector(power), _snippet(low), _course(power))


def onset_frame(mono: Floats, sample_rate_hz: int) -> int:
    """First frame of the millisecond whose level comes within 30 dB of the loudest one."""
    hop = max(1, sample_rate_hz // 1000)
    hops = mono.size // hop
    if hops < 2:
        return 0
    level = np.square(mono[: hops * hop].reshape(hops, hop)).mean(axis=1)
    smooth = np.convolve(level, np.ones(3) / 3, mode="same")
    return int(np.argmax(smooth >= smooth.max() * 10 ** (-_TRIM_DB / 10))) * hop


def _one_channel(sound: Sound) -> Floats:
    """The mean of all channels; the loudest channel where they cancel each other."""
    mean = sound.data.mean(axis=0)
    energies = np.square(sound.data).sum(axis=1)
    if np.square(mean).sum() < 0.05 * energies.max():
        return sound.data[int(energies.argmax())]
    return mean


_HOP = round(COURSE_HOP_S * SNIPPET_RATE_HZ)
_WINDOW = np.hanning(_VECTOR_WINDOW).astype(np.float32)
_BINS_HZ = np.fft.rfftfreq(_VECTOR_WINDOW, 1 / SNIPPET_RATE_HZ)


def _bands(edges_hz: npt.NDArray[np.float64]) -> Floats:
    """Which bins belong to which band, ``(bins, bands)`` of 0 and 1; each band has at least one bin."""
    chosen = np.zeros((_BINS_HZ.size, edges_hz.size - 1), np.float32)
    for band, (low, high) in enumerate(pairwise(edges_hz)):
        inside = np.searchsorted(edges_hz, _BINS_HZ, side="right") - 1 == band
        inside[np.argmin(np.abs(_BINS_HZ - (low + high) / 2))] = True
        chosen[inside, band] = 1.0
    return chosen


_VECTOR_MAP = _bands(np.geomspace(40.0, 10000.0, _VECTOR_BANDS + 1))
_COURSE_MAP = _bands(np.array(_COURSE_EDGES_HZ))


def _spectrum_power(low: Floats) -> Floats:
    """Power spectra ``(hops, bins)`` every 20 ms, at most ``COURSE_HOPS`` of them."""
    hops = min(COURSE_HOPS, max(1, -(-low.size // _HOP)))
    padded = np.pad(low, (0, max(0, (hops - 1) * _HOP + _VECTOR_WINDOW - low.size)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _VECTOR_WINDOW)[: hops * _HOP : _HOP]
    return np.square(np.abs(np.fft.rfft(frames * _WINDOW, axis=1))).astype(np.float32)


def _vector(power: Floats) -> Floats:
    banded = power @ _VECTOR_MAP  # (hops, bands)
    rows = []
    for start_s, stop_s in pairwise(_STRETCHES_S):
        part = banded[round(start_s / COURSE_HOP_S) : round(stop_s / COURSE_HOP_S)]
        rows.append(part.sum(axis=0) if len(part) else np.zeros(_VECTOR_BANDS))
    level = np.array(rows, dtype=np.float64)
    level_db = 10 * np.log10(level / max(level.max(), 1e-30) + 10 ** (_VECTOR_FLOOR_DB / 10))  # (stretches, bands)
    return (level_db / 10).astype(np.float32).ravel()


_SMOOTHING = np.hanning(223).astype(np.float32) / 111  # 10 ms
_SOFTEST = 0.003  # quieter than -50 dB below the loudest is not raised any further


def _snippet(low: Floats) -> npt.NDArray[np.int8]:
    """First difference, its dynamic range halved so that a decay counts beside its attack."""
    part = np.diff(low[: SNIPPET_FRAMES + 1], prepend=0.0)[1:]
    part = np.pad(part, (0, SNIPPET_FRAMES - part.size))
    level = np.sqrt(np.convolve(np.square(part), _SMOOTHING, mode="same").clip(min=0))
    part = part / np.sqrt(np.maximum(level, max(float(level.max()), _FLOOR) * _SOFTEST))
    return np.rint(part * (127 / max(float(np.abs(part).max()), _FLOOR))).astype(np.int8)


def _course(power: Floats) -> npt.NDArray[np.uint8]:
    banded = (power @ _COURSE_MAP).T.astype(np.float64)  # (bands, hops)
    level_db = 10 * np.log10(banded / max(float(banded.max()), 1e-30) + 10 ** (COURSE_FLOOR_DB / 10))
    return np.rint((level_db - COURSE_FLOOR_DB) * 2).clip(0, 255).astype(np.uint8)
