"""Mix: the mean of two or more sounds of a class; no model needed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from woodshed.artifacts.choosing import CHOOSING_KNOBS, companies
from woodshed.artifacts.delivery import Product
from woodshed.artifacts.verb import Job, Verb
from woodshed.base.errors import KnobOutOfRange
from woodshed.base.events import Progress
from woodshed.base.knobs import Knob, KnobTable
from woodshed.base.seeds import derive_seed
from woodshed.roles import Made
from woodshed.sound import mean_of

_LEAST_SHARE, _MOST_SHARE = 0.3, 0.7

KNOBS = KnobTable(
    task="mix",
    knobs=(
        *CHOOSING_KNOBS,
        Knob(name="sounds", kind="int", low=2, high=8, default=2, help="how many go into one; given ones all do"),
        Knob(
            name="weights",
            kind="text",
            default=None,
            help="how much of each, such as 2,1; left out: drawn, or even for one",
        ),
        Knob(name="resample", kind="bool", default=False, help="bring all given sounds to the rate of the first"),
        Knob(name="finish", kind="bool", default=True, help="trim and level what comes out"),
        Knob(name="level", kind="float", unit="lufs", low=-60, high=0, default=None, help="loudness asked for"),
    ),
)


def make(job: Job) -> Iterator[Product]:
    """Mean after mean, each of other sounds or other weights.

    Raises
    ------
    KnobOutOfRange
        If the weights are no positive numbers, one for each sound.
    """
    size = max(job.whole("sounds") or 2, len(job.sounds))
    together = companies(job, size=size)
    for number, (seed, company) in enumerate(together, start=1):
        even = len(together) == 1 and not company.lenders
        weights = _weights(job.word("weights"), size=size, seed=seed, even=even)
        sound = mean_of(company.sounds, weights=weights)
        knobs = {**job.settings, **company.asked_again(seed=seed), "weights": ",".join(f"{w:.4g}" for w in weights)}
        made = Made(sound, company.lenders, company.class_name)
        yield Product(made, seed=seed, number=number, inputs=company.inputs, knobs=knobs, label=company.label)
        job.on_event(Progress(stage="mixing", done=number, total=len(together), unit="sounds"))


VERB = Verb(
    KNOBS, needs=(), can="mix sounds", make=make, template="{label}_mix_{number:03d}", least=0, most=8, finish=True
)


def _weights(text: str | None, *, size: int, seed: int, even: bool) -> tuple[float, ...]:
    if text is None:
        if even:
            return (1.0,) * size
        rng = np.random.default_rng(derive_seed(seed, "weights"))
        drawn = rng.uniform(_LEAST_SHARE, _MOST_SHARE, size=size)
        return tuple(round(float(w), 4) for w in drawn / drawn.sum())
    try:
        weights = tuple(float(word) for word in text.split(","))
    except ValueError:
        weights = ()
    if len(weights) != size or not all(0 < w < float("inf") for w in weights):
        raise KnobOutOfRange(
            f"weights is {text!r}",
            cause=f"{size} sounds go together, and each needs a number above 0",
            way_out="write one number per sound with commas between, for example " + ",".join("21111111"[:size]),
        )
    return weights
