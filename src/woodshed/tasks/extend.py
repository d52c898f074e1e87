"""Extend: a sound made longer, at its end, its start or both; the sound itself stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from woodshed.artifacts.delivery import Product
from woodshed.artifacts.usual_knobs import FIRST_SEED, LEAN_TO, RESAMPLE, STEPS
from woodshed.artifacts.verb import Job, Verb
from woodshed.base.errors import UsageError
from woodshed.base.events import Progress
from woodshed.base.knobs import Knob, KnobTable
from woodshed.roles import Fills
from woodshed.sound import Sound

SIDES = ("tail", "head", "both")

KNOBS = KnobTable(
    task="extend",
    knobs=(
        Knob(name="longer", kind="float", unit="s", low=0.005, high=60, default=0.5, help="how much is added a side"),
        Knob(name="side", kind="text", choices=SIDES, default="tail", help="where it is made longer"),
        Knob(
            name="keep",
            kind="float",
            unit="s",
            low=0.005,
            high=600,
            default=None,
            help="how much of its start is kept, for another tail; left out: all of it",
        ),
        Knob(name="count", kind="int", low=1, high=10_000, default=1, help="how many drawings"),
        LEAN_TO,
        FIRST_SEED,
        RESAMPLE,
        STEPS,
    ),
)


def make(job: Job) -> Iterator[Product]:
    """Draw what comes after (or before) a sound, as often as asked."""
    model, [given] = job.model, job.sounds
    assert isinstance(model, Fills)
    laid, regions = laid_out(
        given.sound, longer_s=job.number("longer") or 0.0, side=job.word("side") or "tail", keep_s=job.number("keep")
    )
    first, count = job.whole("seed") or 0, job.whole("count") or 1
    knobs = {**job.settings, "count": 1}
    for number in range(count):
        made = model.fill(
            laid,
            regions=regions,
            seed=first + number,
            lenders=job.lenders,
            class_name=job.word("class"),
            steps=job.whole("steps"),
        )
        job.on_event(Progress(stage="extending", done=number + 1, total=count, unit="sounds"))
        label = Path(given.name).stem
        yield Product(made, seed=first + number, number=number + 1, inputs=job.inputs, knobs=knobs, label=label)


def laid_out(
    sound: Sound, *, longer_s: float, side: str, keep_s: float | None = None
) -> tuple[Sound, list[tuple[int, int]]]:
    """The sound with room where it is to grow, and the regions of that room in frames.

    Raises
    ------
    UsageError
        If what is kept is silent.

    Examples
    --------
    >>> sound, regions = laid_out(Sound(np.ones(1000), 1000), longer_s=0.2, side="both")
    >>> sound.frames, regions
    (1400, [(0, 200), (1200, 1400)])
    """
    rate = sound.sample_rate_hz
    kept = sound if keep_s is None else sound.section(0, max(1, round(keep_s * rate)))
    if kept.peak < 1e-5:
        raise UsageError(
            "What is kept of the sound is silent",
            cause="the sound begins later than that",
            way_out="keep more of it",
        )
    room = max(1, round(longer_s * rate))
    before, after = room * (side != "tail"), room * (side != "head")
    laid = Sound(np.pad(kept.data, ((0, 0), (before, after))), rate)
    end = before + kept.frames
    regions = [(0, before)] * bool(before) + [(end, end + after)] * bool(after)
    return laid, regions


VERB = Verb(
    knobs=KNOBS,
    needs=(Fills,),
    can="extend sounds",
    make=make,
    template="{label}_extend_{number:03d}_seed{seed}",
    most_channels=2,
)
