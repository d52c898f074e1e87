"""Generate: new sounds of the kind a model was trained on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from woodshed.artifacts.delivery import DEFAULT_TEMPLATE, Product
from woodshed.artifacts.refusing import without_copies
from woodshed.artifacts.requesting import classes_asked, own_first, until_sounding
from woodshed.artifacts.usual_knobs import BORROW, COPIES, FIRST_SEED, STEPS
from woodshed.artifacts.verb import Job, Verb
from woodshed.base.events import Note, Progress
from woodshed.base.knobs import Knob, KnobTable, KnobValue
from woodshed.roles import Generator, LenderPool, Made, Request
from woodshed.tasks._missed import Row, measured, missed_wishes

BATCH = 16

WISHES: dict[str, Knob] = {  # by the name a request gives them
    "brightness_hz": Knob(
        name="brightness",
        kind="float",
        unit="hz",
        low=30,
        high=18_000,
        default=None,
        curve="log",
        help="middle of the spectrum",
    ),
    "decay_ms": Knob(
        name="decay",
        kind="float",
        unit="ms",
        low=5,
        high=10_000,
        default=None,
        curve="log",
        help="time to fall by 20 dB",
    ),
    "pitch_hz": Knob(
        name="pitch", kind="float", unit="hz", low=20, high=6000, default=None, curve="log", help="the tone heard most"
    ),
    "width": Knob(
        name="width", kind="float", low=0, high=0.9, default=None, help="energy of the stereo side, of all; 0 is mono"
    ),
    "roam": Knob(
        name="roam",
        kind="float",
        low=0,
        high=5,
        default=None,
        help="how far from known sounds; left out: takes of them and far ones, or 0 with a length or trait",
    ),
}

KNOBS = KnobTable(
    task="generate",
    knobs=(
        Knob(name="count", kind="int", low=1, high=10_000, default=8, help="how many sounds"),
        Knob(
            name="class",
            kind="text",
            default=None,
            help="a class of the model, or several: kick,snare; 'each' for all in turn, your own first; left out: any",
        ),
        Knob(name="duration", kind="float", unit="s", low=0.05, high=60, default=None, help="length asked for"),
        Knob(name="bpm", kind="float", unit="bpm", low=20, high=400, default=None, help="tempo of a loop"),
        Knob(name="bars", kind="int", low=1, high=64, default=None, help="bars of four beats of a loop"),
        FIRST_SEED,
        STEPS,
        Knob(
            name="guidance",
            kind="float",
            low=0,
            high=10,
            default=None,
            help="how strictly the class is kept (by new sounds, not by takes)",
        ),
        Knob(name="level", kind="float", unit="lufs", low=-60, high=0, default=None, help="loudness asked for"),
        *WISHES.values(),
        BORROW,
        COPIES,
    ),
)


def make(job: Job) -> Iterator[Product]:
    """Make new sounds, some at a time.

    Raises
    ------
    UnknownName
        If the class is none of the model's.
    """
    model, settings = job.model, job.settings
    assert isinstance(model, Generator)
    requests = plan_requests(model, settings, own_classes=job.own_classes)

    def sounds_of(asked: Sequence[Request]) -> list[Made]:
        return sounding(model, asked, lenders=job.lenders, settings=settings)

    rows: list[Row] = []
    for start in range(0, len(requests), BATCH):
        batch = requests[start : start + BATCH]
        kept = without_copies(batch, sounds_of, guard=job.guard, on_event=job.on_event)
        job.on_event(Progress(stage="generating", done=start + len(batch), total=len(requests), unit="sounds"))
        for number, one in kept:
            request = batch[number]
            knobs = {**settings, "count": 1, "class": request.class_name}
            place = start + number + 1
            row = measured(one.made.sound, request.wishes)
            rows += [] if row is None else [row]
            yield Product(one.made, seed=request.seed, number=place, knobs=knobs, copy_check=one.checked)
    for text in missed_wishes(rows, requests[0].wishes if requests else {}):
        job.on_event(Note(level="warning", text=text))


def sounding(
    model: Generator, requests: Sequence[Request], *, lenders: LenderPool, settings: dict[str, KnobValue]
) -> list[Made]:
    """Make one sound per request; one that comes out silent is asked for again with a seed derived from its own."""
    steps, guidance = _int(settings["steps"]), _float(settings["guidance"])
    return until_sounding(lambda some: model.generate(some, lenders=lenders, steps=steps, guidance=guidance), requests)


def plan_requests(
    model: Generator, settings: dict[str, KnobValue], *, own_classes: Collection[str] = ()
) -> list[Request]:
    """One request per sound: sound i takes seed + i; several classes come in turn, with ``each`` the own ones first.

    A model spreads seeds side by side over a class, so of several classes those of one lie side by side.
    """
    count, seed = int(settings["count"] or 1), int(settings["seed"] or 0)
    word = None if settings["class"] is None else str(settings["class"])
    asked = {name: _float(settings[knob.name]) for name, knob in WISHES.items()}
    wishes = {name: value for name, value in asked.items() if value is not None}
    names = classes_asked(own_first(model.spec.classes, own=own_classes), word=word)
    turns = len(names)
    rounds = -(-count // turns)
    return [
        Request(
            seed=seed + i % turns * rounds + i // turns,
            class_name=names[i % turns],
            duration_s=_float(settings["duration"]),
            wishes=wishes,
            bpm=_float(settings["bpm"]),
            bars=_int(settings["bars"]),
        )
        for i in range(count)
    ]


def _int(value: KnobValue) -> int | None:
    return None if value is None else int(value)


def _float(value: KnobValue) -> float | None:
    return None if value is None else float(value)


VERB = Verb(
    knobs=KNOBS,
    needs=(Generator,),
    can="generate sounds",
    make=make,
    template=DEFAULT_TEMPLATE,
    least=0,
    most=0,
    finish=True,
)
