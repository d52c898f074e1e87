"""Knobs that many tasks share, so that one word means one thing everywhere."""

from __future__ import annotations

from woodshed.base.knobs import Knob

SEED = Knob(name="seed", kind="int", low=0, high=2**62, default=0, help="the same seed gives the same sound")
FIRST_SEED = SEED.model_copy(update={"help": "first seed; the next sound takes the next"})
RESAMPLE = Knob(
    name="resample", kind="bool", default=False, help="bring the sound to the model's rate if it has another"
)
STEPS = Knob(name="steps", kind="int", low=1, high=200, default=None, help="solver steps; more is finer and slower")
BORROW = Knob(
    name="borrow",
    kind="text",
    choices=("none", "own", "any"),
    default="none",
    help="where fine structure comes from: made anew, the model's own training sounds, any sound that may lend",
)
LEAN_TO = Knob(name="class", kind="text", default=None, help="class to lean towards; left out: the model decides")

COPIES = Knob(
    name="copies",
    kind="text",
    choices=("refuse", "keep"),
    default="refuse",
    help="what to do with a copy of a training sound: make another one, or keep it",
)
