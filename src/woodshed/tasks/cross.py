"""Cross: how loud one sound is in every band at every moment, with the fine structure of another; no model needed."""

from __future__ import annotations

from collections.abc import Iterator

from woodshed.artifacts.choosing import CHOOSING_KNOBS, companies
from woodshed.artifacts.delivery import Product
from woodshed.artifacts.verb import Job, Verb
from woodshed.base.errors import RateMismatch
from woodshed.base.events import Progress
from woodshed.base.knobs import Knob, KnobTable
from woodshed.nn import crossed
from woodshed.roles import Made
from woodshed.sound import Sound

KNOBS = KnobTable(
    task="cross",
    knobs=(
        *CHOOSING_KNOBS,
        Knob(
            name="bands", kind="int", low=8, high=64, default=24, help="of the envelope; few let more of the lender by"
        ),
        Knob(name="resample", kind="bool", default=False, help="bring all given sounds to the rate of the first"),
        Knob(name="finish", kind="bool", default=True, help="trim and level what comes out"),
        Knob(name="level", kind="float", unit="lufs", low=-60, high=0, default=None, help="loudness asked for"),
    ),
)


def make(job: Job) -> Iterator[Product]:
    """One crossing after another; the first sound of each gives the envelope, the second the fine structure.

    Raises
    ------
    RateMismatch
        If two given sounds have different rates.
    """
    together = companies(job, size=2)
    for number, (seed, company) in enumerate(together, start=1):
        one, two = company.sounds
        if one.sample_rate_hz != two.sample_rate_hz:
            raise RateMismatch("The second sound", got_hz=two.sample_rate_hz, expected_hz=one.sample_rate_hz)
        data = crossed(one.data, two.data, sample_rate_hz=one.sample_rate_hz, bands=job.whole("bands") or 24, seed=seed)
        knobs = {**job.settings, **company.asked_again(seed=seed)}
        made = Made(Sound(data, one.sample_rate_hz), company.lenders, company.class_name)
        yield Product(made, seed=seed, number=number, inputs=company.inputs, knobs=knobs, label=company.label)
        job.on_event(Progress(stage="crossing", done=number, total=len(together), unit="sounds"))


VERB = Verb(
    KNOBS,
    needs=(),
    can="cross sounds",
    make=make,
    template="{label}_cross_{number:03d}",
    least=0,
    most=None,
    finish=True,
)
