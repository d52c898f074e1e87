"""Combine: sounds added and subtracted, a - b + c, as far as the model finds the sum plausible."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from woodshed.artifacts.delivery import Product
from woodshed.artifacts.knob_words import parse_weights
from woodshed.artifacts.usual_knobs import FIRST_SEED, RESAMPLE, STEPS
from woodshed.artifacts.verb import Job, Verb
from woodshed.base.errors import UsageError
from woodshed.base.events import Progress
from woodshed.base.knobs import Knob, KnobTable
from woodshed.roles import Combines

KNOBS = KnobTable(
    task="combine",
    knobs=(
        Knob(
            name="weights", kind="text", default=None, help="one per sound; none, for three sounds: 1:-1:1, a - b + c"
        ),
        Knob(name="fine", kind="int", low=1, high=16, default=1, help="number of the sound that gives fine structure"),
        Knob(name="count", kind="int", low=1, high=10_000, default=1, help="how many drawings"),
        FIRST_SEED,
        RESAMPLE,
        STEPS,
    ),
)


def make(job: Job) -> Iterator[Product]:
    """Make the weighted sum of sounds, as often as asked."""
    model, sounds = job.model, [given.sound for given in job.sounds]
    assert isinstance(model, Combines)
    weights = _weights(job.word("weights"), count=len(sounds))
    first, count = job.whole("seed") or 0, job.whole("count") or 1
    knobs = {**job.settings, "count": 1, "weights": ":".join(f"{weight:g}" for weight in weights)}
    label = "_".join(Path(given.name).stem for given in job.sounds[:3])
    for number in range(count):
        made = model.combine(
            sounds,
            weights=weights,
            fine=(job.whole("fine") or 1) - 1,
            seed=first + number,
            lenders=job.lenders,
            steps=job.whole("steps"),
        )
        job.on_event(Progress(stage="combining", done=number + 1, total=count, unit="sounds"))
        yield Product(made, seed=first + number, number=number + 1, inputs=job.inputs, knobs=knobs, label=label)


def _weights(text: str | None, *, count: int) -> tuple[float, ...]:
    if text is None and count != 3:
        raise UsageError(
            f"How {count} sounds add up was not said",
            cause="only for three sounds is there a usual sum, a - b + c",
            way_out="give weights, for a + b / 2: --weights 1:0.5",
        )
    return parse_weights(text or "1:-1:1", count=count)


VERB = Verb(
    knobs=KNOBS,
    needs=(Combines,),
    can="combine sounds",
    make=make,
    template="{label}_combine_{number:03d}_seed{seed}",
    least=1,
    most=16,
    most_channels=2,
)
