"""Which grid a loop lies on: how much of it is whole beats, and how many sixteenths that is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from woodshed.dsp import onset_times_s, tempo_bpm, turned_to_hit
from woodshed.metrics import roughness
from woodshed.sound import Sound

BEAT_TOKENS = 4  # a token is a sixteenth
BAR_TOKENS = 16
MOST_TOKENS = 256
USUAL_TOKEN_S = 0.13
_LATE_S = 0.03  # how far a loop may be off whole beats and still count as cut to them
_CONFIDENT = 0.3
_LEAST_HITS = 4
_CALM_PERCENTILE = 90  # of the roughness of all places, up to which a place is calm
_CALM_S = 0.0005  # how far a loop is turned at most to find a calm place for its seam
_BEGUN_S = 0.001  # after the seam, before which no hit begins: slices smear what precedes it
_LEAD_S = 0.002  # how long after its sixteenth a hit begins, so that the seam cuts none in two


@dataclass(frozen=True)
class Grid:
    """The first ``frames`` of a loop are ``tokens`` sixteenths."""

    frames: int
    tokens: int


@dataclass(frozen=True)
class Groove:
    """How the hits of a loop lie on its sixteenths.

    Attributes
    ----------
    late_frames
        What all of them share; negative for early ones.
    tightness
        1 if all lie alike, 0 if they lie anywhere; 1 where hardly anything is hit.
    """

    late_frames: int
    tightness: float


def groove_of(sound: Sound, *, tokens: int) -> Groove:
    """How the hits of a loop that lasts so many sixteenths lie on them, heard round the circle."""
    onsets = onset_times_s(np.tile(sound.data, (1, 2)), sound.sample_rate_hz)
    onsets = onsets[(onsets >= 0.5 * sound.duration_s) & (onsets < 1.5 * sound.duration_s)]
    if len(onsets) < _LEAST_HITS:
        return Groove(0, 1.0)
    token_s = sound.duration_s / tokens
    mean = complex(np.exp(2j * np.pi * (onsets - _LEAD_S) / token_s).mean())
    late_s = token_s * math.atan2(mean.imag, mean.real) / (2 * math.pi)
    return Groove(round(late_s * sound.sample_rate_hz), abs(mean))


def grid_of(sound: Sound, *, bpm: float | None, most_s: float) -> Grid:
    """The grid of a loop of known tempo, of a measured one, or, failing both, of one that is all of the sound.

    Parameters
    ----------
    bpm
        None where it is not known.
    most_s
        Longest loop; a longer one is cut to whole bars.
    """
    if bpm is None and sound.duration_s >= 1.0:
        bpm = _measured_bpm(sound)
    if bpm is None or sound.duration_s * bpm / 60.0 < 0.95:
        return _whole(sound, most_s=most_s)
    beat_s = 60.0 / bpm
    beats = round(sound.duration_s / beat_s)
    if abs(sound.duration_s - beats * beat_s) > _LATE_S:
        beats = _in_bars(int(sound.duration_s / beat_s))
    most = min(MOST_TOKENS // BEAT_TOKENS, int(most_s / beat_s + 1e-6))
    if beats > most:
        beats = _in_bars(most)
    if beats < 1:
        return _whole(sound, most_s=most_s)
    frames = min(sound.frames, round(beats * beat_s * sound.sample_rate_hz))
    return Grid(max(1, frames), beats * BEAT_TOKENS)


def well_begun(loop: Sound) -> Sound:
    """The loop turned so that a hit near its seam begins it, and is not cut in two; its seam where the wave is calm."""
    rate = loop.sample_rate_hz
    return calmly_seamed(Sound(turned_to_hit(loop.data, rate, after_s=_BEGUN_S), rate))


def calmly_seamed(loop: Sound) -> Sound:
    """The loop turned by at most half a millisecond, to the nearest place where its wave is calm enough to begin.

    Examples
    --------
    >>> click = np.zeros(1000)
    >>> click[:3] = 0.5, -0.5, 0.5  # right at the seam
    >>> calm = calmly_seamed(Sound(click, 44100)).data[0]
    >>> float(abs(calm[0] - calm[-1])), sorted(calm) == sorted(click)
    (0.0, True)
    """
    most = min(loop.frames // 2, round(_CALM_S * loop.sample_rate_hz))
    if most < 1:
        return loop
    rough = roughness(loop.data.astype(np.float64))
    turns = np.array(sorted(range(-most, most + 1), key=abs))  # the nearest first
    here = rough[turns % loop.frames]
    calm = np.flatnonzero(here <= np.percentile(rough, _CALM_PERCENTILE))
    turn = int(turns[calm[0] if len(calm) else here.argmin()])
    return Sound(np.roll(loop.data, -turn, axis=-1), loop.sample_rate_hz) if turn else loop


def plain_tokens(duration_s: float, *, token_s: float = USUAL_TOKEN_S) -> int:
    """How many sixteenths a loop of a length has if nothing is known: a power of two, near a usual tempo."""
    return min(MOST_TOKENS, 2 ** max(0, round(math.log2(max(duration_s, 1e-3) / token_s))))


def _measured_bpm(sound: Sound) -> float | None:
    """The tempo as it is heard; that of whole bars where it fits almost as well; None where no beat is heard."""
    heard = tempo_bpm(sound.data, sound.sample_rate_hz)
    barred = tempo_bpm(sound.data, sound.sample_rate_hz, whole_bars=True)
    best = barred if barred.confidence >= 0.7 * heard.confidence else heard
    return best.bpm if best.confidence >= _CONFIDENT else None


def _whole(sound: Sound, *, most_s: float) -> Grid:
    frames = max(1, min(sound.frames, round(most_s * sound.sample_rate_hz)))
    return Grid(frames, plain_tokens(frames / sound.sample_rate_hz))


def _in_bars(beats: int) -> int:
    """Cut to whole bars where there is at least one."""
    return beats - beats % 4 if beats >= 4 else beats
