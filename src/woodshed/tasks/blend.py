"""Blend: the sounds on the way from one sound to another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from woodshed.artifacts.delivery import Product
from woodshed.artifacts.usual_knobs import RESAMPLE, SEED, STEPS
from woodshed.artifacts.verb import Job, Verb
from woodshed.base.events import Progress
from woodshed.base.knobs import Knob, KnobTable
from woodshed.roles import Blends

KNOBS = KnobTable(
    task="blend",
    knobs=(
        Knob(name="steps_between", kind="int", low=2, high=1000, default=5, help="how many sounds, both ends counted"),
        SEED,
        RESAMPLE,
        STEPS,
    ),
)


def make(job: Job) -> Iterator[Product]:
    """Make sounds at even positions from the first to the second; the ends are the two sounds themselves."""
    model, [first, second] = job.model, job.sounds
    assert isinstance(model, Blends)
    count, seed = job.whole("steps_between") or 2, job.whole("seed") or 0
    label = f"{Path(first.name).stem}_to_{Path(second.name).stem}"
    for number in range(count):
        position = number / (count - 1)
        made = model.blend(
            first.sound, second.sound, position=position, seed=seed, lenders=job.lenders, steps=job.whole("steps")
        )
        job.on_event(Progress(stage="blending", done=number + 1, total=count, unit="sounds"))
        knobs = {**job.settings, "position": round(position, 6)}
        yield Product(made, seed=seed, number=number + 1, inputs=job.inputs, knobs=knobs, label=label)


VERB = Verb(
    knobs=KNOBS,
    needs=(Blends,),
    can="blend sounds",
    make=make,
    template="{label}_blend_{number:02d}",
    least=2,
    most=2,
)
