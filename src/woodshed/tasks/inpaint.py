"""Inpaint: regions of a sound drawn anew so that they fit the rest, which stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from woodshed.artifacts.delivery import Product
from woodshed.artifacts.knob_words import parse_band, parse_regions
from woodshed.artifacts.usual_knobs import FIRST_SEED, LEAN_TO, RESAMPLE, STEPS
from woodshed.artifacts.verb import Job, Verb
from woodshed.base.events import Progress
from woodshed.base.knobs import Knob, KnobTable
from woodshed.roles import Fills

KNOBS = KnobTable(
    task="inpaint",
    knobs=(
        Knob(name="regions", kind="text", default="0:0.05", help="seconds start:stop, several with commas between"),
        Knob(name="band", kind="text", default=None, help="only this band, low:high in Hz; left out: all of it"),
        Knob(name="count", kind="int", low=1, high=10_000, default=1, help="how many drawings"),
        LEAN_TO,
        FIRST_SEED,
        RESAMPLE,
        STEPS,
    ),
)


def make(job: Job) -> Iterator[Product]:
    """Draw the regions anew, as often as asked; every frame outside them is that of the sound."""
    model, [given] = job.model, job.sounds
    assert isinstance(model, Fills)
    sound = given.sound
    regions = parse_regions(job.word("regions") or "", sample_rate_hz=sound.sample_rate_hz, frames=sound.frames)
    band_hz = parse_band(job.word("band"))
    first, count = job.whole("seed") or 0, job.whole("count") or 1
    knobs = {**job.settings, "count": 1}
    for number in range(count):
        made = model.fill(
            sound,
            regions=regions,
            band_hz=band_hz,
            seed=first + number,
            lenders=job.lenders,
            class_name=job.word("class"),
            steps=job.whole("steps"),
        )
        job.on_event(Progress(stage="inpainting", done=number + 1, total=count, unit="sounds"))
        label = Path(given.name).stem
        yield Product(made, seed=first + number, number=number + 1, inputs=job.inputs, knobs=knobs, label=label)


VERB = Verb(
    knobs=KNOBS,
    needs=(Fills,),
    can="inpaint sounds",
    make=make,
    template="{label}_inpaint_{number:03d}_seed{seed}",
    most_channels=2,
)
