"""Vary: the same sound, a little or entirely different."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from woodshed.artifacts.delivery import Product
from woodshed.artifacts.usual_knobs import BORROW, FIRST_SEED, LEAN_TO, RESAMPLE, STEPS
from woodshed.artifacts.verb import Job, Verb
from woodshed.base.events import Progress
from woodshed.base.knobs import Knob, KnobTable
from woodshed.roles import Varies

KNOBS = KnobTable(
    task="vary",
    knobs=(
        Knob(name="amount", kind="float", low=0, high=1, default=0.3, help="0 gives the sound back, 1 forgets it"),
        Knob(name="count", kind="int", low=1, high=10_000, default=1, help="how many variations"),
        LEAN_TO,
        FIRST_SEED,
        RESAMPLE,
        STEPS,
        BORROW,
    ),
)


def make(job: Job) -> Iterator[Product]:
    """Make variations of a sound; never trimmed, aligned or levelled, so that 0 is the sound itself."""
    model, [source] = job.model, job.sounds
    assert isinstance(model, Varies)
    first, count = job.whole("seed") or 0, job.whole("count") or 1
    knobs = {**job.settings, "count": 1}
    for number in range(count):
        made = model.vary(
            source.sound,
            amount=job.number("amount") or 0.0,
            seed=first + number,
            lenders=job.lenders,
            class_name=job.word("class"),
            steps=job.whole("steps"),
        )
        job.on_event(Progress(stage="varying", done=number + 1, total=count, unit="sounds"))
        label = Path(source.name).stem
        yield Product(made, seed=first + number, number=number + 1, inputs=job.inputs, knobs=knobs, label=label)


VERB = Verb(
    knobs=KNOBS,
    needs=(Varies,),
    can="vary sounds",
    make=make,
    template="{label}_vary_{number:03d}_seed{seed}",
)
