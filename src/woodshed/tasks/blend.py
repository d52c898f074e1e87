"""Blend: the sounds on the way from one sound to another, or the one sound at some weights between many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from woodshed.artifacts.delivery import Product
from woodshed.artifacts.knob_words import parse_weights
from woodshed.artifacts.usual_knobs import RESAMPLE, SEED, STEPS
from woodshed.artifacts.verb import Job, Verb
from woodshed.base.events import Progress
from woodshed.base.knobs import Knob, KnobTable
from woodshed.roles import ATTRIBUTES, WAYS, BlendsMany

_APART = "a sound's number, or weights like 1:2; left out: as all else"

KNOBS = KnobTable(
    task="blend",
    knobs=(
        Knob(name="steps_between", kind="int", low=2, high=1000, default=5, help="how many sounds, both ends counted"),
        Knob(name="weights", kind="text", default=None, help="one sound at weights like 1:2:1 in place of a way"),
        Knob(name="shape", kind="text", default=None, help=f"whose envelope over time and bands: {_APART}"),
        Knob(name="fine", kind="text", default=None, help=f"whose fine structure: {_APART}"),
        Knob(name="length", kind="text", default=None, help=f"whose length: {_APART}"),
        Knob(name="level", kind="text", default=None, help=f"whose level: {_APART}"),
        Knob(name="width", kind="text", default=None, help=f"whose stereo width: {_APART}"),
        Knob(
            name="way", kind="text", choices=WAYS, default="even", help="straight between shapes, or round their noise"
        ),
        SEED,
        RESAMPLE,
        STEPS,
    ),
)


def make(job: Job) -> Iterator[Product]:
    """Make sounds at even positions from the first to the last, past each in between; or one at the weights given."""
    model, sounds = job.model, [given.sound for given in job.sounds]
    assert isinstance(model, BlendsMany)
    apart = {name: parse_weights(word, count=len(sounds), knob=name) for name in ATTRIBUTES if (word := job.word(name))}
    seed, asked = job.whole("seed") or 0, job.word("weights")
    stops = [None] if asked else _positions(job.whole("steps_between") or 2)
    label = "_to_".join(Path(given.name).stem for given in job.sounds[:: max(1, len(sounds) - 1)])
    for number, position in enumerate(stops, start=1):
        weights = parse_weights(asked or "", count=len(sounds)) if position is None else _on_the_way(sounds, position)
        made = model.blend_many(
            sounds,
            weights=weights,
            apart=apart,
            way=job.word("way") or "even",
            seed=seed,
            lenders=job.lenders,
            steps=job.whole("steps"),
        )
        job.on_event(Progress(stage="blending", done=number, total=len(stops), unit="sounds"))
        knobs = job.settings if position is None else {**job.settings, "position": round(position, 6)}
        yield Product(made, seed=seed, number=number, inputs=job.inputs, knobs=knobs, label=label)


def _positions(count: int) -> list[float | None]:
    return [number / (count - 1) for number in range(count)]


def _on_the_way(sounds: Sequence[object], position: float) -> tuple[float, ...]:
    """Weights at a position from 0 (the first) to 1 (the last): between two neighbours only."""
    place = position * (len(sounds) - 1)
    return tuple(max(0.0, 1.0 - abs(place - number)) for number in range(len(sounds)))


VERB = Verb(
    knobs=KNOBS,
    needs=(BlendsMany,),
    can="blend sounds",
    make=make,
    template="{label}_blend_{number:02d}",
    least=2,
    most=None,
    most_channels=2,
)
