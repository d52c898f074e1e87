"""Loop: a recording or phrase made seamless, at its own length or to a tempo and bars; no model needed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from woodshed.artifacts.delivery import Product
from woodshed.artifacts.verb import GivenSound, Job, Verb
from woodshed.base.errors import UsageError
from woodshed.base.events import Note, Progress
from woodshed.base.knobs import Knob, KnobTable
from woodshed.dsp import FADE_S, closed_loop, loop_cut, tempo_bpm, turned_to_hit
from woodshed.metrics import seam_of
from woodshed.roles import Made
from woodshed.sound import MOST_BPM, Sound

_CONFIDENT = 0.3
_SHORTEST_S = 0.01  # in less no two places can be compared
_USUAL_BEAT_S = 0.5
_DEAD_DB = -25.0  # four of five one-shots end below it, one loop in twenty
_NEARLY = 0.01  # a sound so little too short is played that much slower

KNOBS = KnobTable(
    task="loop",
    knobs=(
        Knob(name="bpm", kind="float", unit="bpm", low=20, high=400, default=None, help="tempo; left out: it is heard"),
        Knob(name="bars", kind="int", low=1, high=64, default=None, help="bars of four beats; left out: what fits"),
        Knob(name="fade", kind="float", unit="ms", low=0, high=2000, default=1000 * FADE_S, help="longest fade"),
        Knob(
            name="level", kind="float", unit="lufs", low=-60, high=0, default=None, help="loudness asked for; finishes"
        ),
        Knob(name="finish", kind="bool", default=False, help="bring it to a level, usually -22 LUFS"),
    ),
)


def make(job: Job) -> Iterator[Product]:
    """One loop per given sound.

    Raises
    ------
    UsageError
        If not even one beat of the tempo fits, or a sound is too short.
    """
    bpm, bars, fade_s = job.number("bpm"), job.whole("bars"), (job.number("fade") or 0.0) / 1000
    for given in job.sounds:
        _check_length(given, bpm=bpm, bars=bars)
    for number, (given, known) in enumerate(zip(job.sounds, job.inputs, strict=True), start=1):
        loop, beats = seamless(given.sound, bpm=bpm, bars=bars, fade_s=fade_s)
        made_bpm = bpm or 60.0 * beats / loop.duration_s
        if made_bpm >= MOST_BPM:
            raise UsageError(
                f"{given.name} lasts {1000 * loop.duration_s:.3g} ms, and {bars} bars in it are {made_bpm:.0f} bpm",
                cause="it is a single hit, and all of it was to be so many bars",
                way_out="ask for fewer bars, or give --bpm too: the rest is silence",
            )
        if _dies_away(given.sound):
            text = f"{given.name} dies away before its end, as a single hit does: its loop is that hit, again and again"
            job.on_event(Note(level="warning", text=text))
        seam = seam_of(loop, sixteenths=4 * beats)
        text = f"{given.name}: {beats} beats at {made_bpm:.2f} bpm; its seam is smoother than "
        job.on_event(Note(level="info", text=f"{text}{100 - seam.jump_percentile:.0f} % of its inside"))
        knobs = {**job.settings, "bpm": round(made_bpm, 4), "bars": bars}
        made = Made(loop, bpm=made_bpm, beats=beats)
        yield Product(made, seed=0, number=number, inputs=(known,), knobs=knobs, label=Path(given.name).stem)
        job.on_event(Progress(stage="looping", done=number, total=len(job.sounds), unit="sounds"))


def seamless(sound: Sound, *, bpm: float | None, bars: int | None, fade_s: float = FADE_S) -> tuple[Sound, int]:
    """The loop of a sound and how many beats it has.

    With a tempo and bars its length is exact to the sample; a sound that is too short is followed by silence. A hit
    that would be cut in two begins it.
    """
    beats = _beats(sound, bpm=bpm, bars=bars)
    if beats is None:
        cut = loop_cut(sound.data, sound.sample_rate_hz)
        data = closed_loop(
            sound.data, sound.sample_rate_hz, start_frame=cut.start_frame, frames=cut.frames, fade_s=fade_s
        )
        loop = Sound(turned_to_hit(data, sound.sample_rate_hz), sound.sample_rate_hz)
        return loop, _usual_beats(loop.duration_s)
    count, beat_s = beats
    frames = max(1, round(count * beat_s * sound.sample_rate_hz))
    filled = _long_enough(sound, frames)
    cut = loop_cut(filled.data, sound.sample_rate_hz, frames=frames)
    data = closed_loop(filled.data, sound.sample_rate_hz, start_frame=cut.start_frame, frames=frames, fade_s=fade_s)
    return Sound(turned_to_hit(data, sound.sample_rate_hz), sound.sample_rate_hz), count


def _check_length(given: GivenSound, *, bpm: float | None, bars: int | None) -> None:
    sound = given.sound
    if sound.frames < _SHORTEST_S * sound.sample_rate_hz and (bpm is None or bars is None):
        raise UsageError(
            f"{given.name} is too short for a loop ({sound.frames} frame{'s' if sound.frames > 1 else ''}, "
            f"{1000 * sound.duration_s:.3g} ms)",
            cause=f"a click, or an export that was stopped: a loop is cut from {1000 * _SHORTEST_S:g} ms or more",
            way_out="use a longer recording, or give --bpm and --bars: the rest is silence",
        )


def _beats(sound: Sound, *, bpm: float | None, bars: int | None) -> tuple[int, float] | None:
    """Beats of the loop and seconds per beat; None where no tempo is asked for or heard."""
    if bpm is None:
        heard = tempo_bpm(sound.data, sound.sample_rate_hz)
        if heard.confidence < _CONFIDENT:
            if bars is None:
                return None
            return 4 * bars, sound.duration_s / (4 * bars)  # all of the sound
        bpm = heard.bpm
    beat_s = 60.0 / bpm
    if bars is not None:
        return 4 * bars, beat_s
    fitting = int(sound.duration_s * (1 + _NEARLY) / beat_s)
    if fitting < 1:
        raise UsageError(
            f"Not even one beat at {bpm:g} bpm fits into {sound.duration_s:.3g} s",
            cause="the sound is a single hit, or the tempo is too slow",
            way_out="give --bars too: the rest is silence",
        )
    return (fitting - fitting % 4 if fitting >= 4 else fitting), beat_s


def _long_enough(sound: Sound, frames: int) -> Sound:
    """The sound itself, a little slower, or followed by silence, so that so many frames can be cut from it."""
    if sound.frames >= frames:
        return sound
    if frames <= sound.frames * (1 + _NEARLY):
        places = np.linspace(0, sound.frames - 1, frames)
        inside = np.arange(sound.frames)
        data = np.stack([np.interp(places, inside, row) for row in sound.data])
        return Sound(data.astype(np.float32), sound.sample_rate_hz)
    data = np.array(sound.data)
    fall = min(sound.frames, round(0.005 * sound.sample_rate_hz))
    data[:, sound.frames - fall :] *= np.linspace(1, 0, fall, dtype=np.float32)
    return Sound(np.pad(data, ((0, 0), (0, frames - sound.frames))), sound.sample_rate_hz)


def _dies_away(sound: Sound) -> bool:
    """Whether its last quarter is far softer than its loudest eighth."""
    level = np.array([np.square(part).mean() for part in np.array_split(sound.data, 8, axis=1) if part.size])
    return float(level[-2:].max()) < float(level.max()) * 10 ** (_DEAD_DB / 10)


def _usual_beats(duration_s: float) -> int:
    return 2 ** max(0, round(math.log2(max(duration_s, 1e-3) / _USUAL_BEAT_S)))


VERB = Verb(KNOBS, needs=(), can="make loops", make=make, template="{label}_loop", least=1, most=None)
