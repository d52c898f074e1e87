"""Generate: new sounds of the kind a model was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from woodshed.artifacts.copy_guarding import guard_of
from woodshed.artifacts.delivery import DEFAULT_TEMPLATE, Delivered, Order, Product, deliver
from woodshed.artifacts.model_file import LoadedModel
from woodshed.artifacts.refusing import without_copies
from woodshed.artifacts.standing import require_standing
from woodshed.artifacts.workbench import Workbench
from woodshed.base.errors import HandshakeError, UnknownName
from woodshed.base.events import EventSink, Progress, ignore
from woodshed.base.knobs import Knob, KnobTable, KnobValue
from woodshed.base.seeds import derive_seed
from woodshed.roles import Generator, LenderPool, Made, Request

EACH = "each"
BATCH = 16
SILENT_PEAK = 1e-4
TRIES = 3

KNOBS = KnobTable(
    task="generate",
    knobs=(
        Knob(name="count", kind="int", low=1, high=10_000, default=8, help="how many sounds"),
        Knob(name="class", kind="text", default=None, help="a class of the model, 'each' for all in turn; none: any"),
        Knob(name="duration", kind="float", unit="s", low=0.05, high=60, default=None, help="length asked for"),
        Knob(name="seed", kind="int", low=0, high=2**62, default=0, help="first seed; the next sound takes the next"),
        Knob(name="steps", kind="int", low=1, high=200, default=None, help="solver steps; more is finer and slower"),
        Knob(name="guidance", kind="float", low=0, high=10, default=None, help="how strictly the class is kept"),
        Knob(name="level", kind="float", unit="lufs", low=-60, high=0, default=None, help="loudness asked for"),
        Knob(
            name="borrow", kind="text", choices=("own", "none"), default="own", help="where fine structure comes from"
        ),
        Knob(
            name="copies",
            kind="text",
            choices=("refuse", "keep"),
            default="refuse",
            help="what to do with a copy of a training sound: make another one, or keep it",
        ),
    ),
)


def generate(
    bench: Workbench,
    loaded: LoadedModel,
    *,
    lenders: LenderPool,
    folder: Path,
    settings: dict[str, KnobValue],
    template: str = DEFAULT_TEMPLATE,
    on_event: EventSink = ignore,
) -> list[Delivered]:
    """Make new sounds and write them, finished and with receipts.

    Parameters
    ----------
    bench, loaded
        The workspace's tools and the model.
    lenders
        Sounds that may lend fine structure; ``NoLenders()`` for none.
    folder, template
        Where the files go and how they are called.
    settings
        Positions of ``KNOBS``.

    Raises
    ------
    ConsentRefused
        If a training grant of the model was withdrawn.
    HandshakeError
        If the model is no generator.
    UnknownName
        If the class is none of the model's.
    """
    require_standing(loaded.card, bench.library)
    model = loaded.model
    if not isinstance(model, Generator):
        raise HandshakeError(
            f"{loaded.card.name} is a {loaded.card.role}, not a generator",
            cause="it was trained to listen, not to play",
            way_out="woodshed models ls shows which models generate",
        )
    requests = plan_requests(model, settings)
    order = Order("generate", folder, template, level_lufs=_float(settings["level"]))
    guard = guard_of(loaded.card, bench.library) if settings["copies"] == "refuse" else None

    def make(asked: Sequence[Request]) -> list[Made]:
        return sounding(model, asked, lenders=lenders, settings=settings)

    delivered: list[Delivered] = []
    for start in range(0, len(requests), BATCH):  # each batch reaches the disk before the next is made
        batch = requests[start : start + BATCH]
        numbers = {request.seed: number for number, request in enumerate(batch, start=start + 1)}
        products = [
            Product(
                made,
                seed=request.seed,
                number=numbers[request.seed],
                knobs={**settings, "count": 1, "class": request.class_name},
                copy_check=checked,
            )
            for request, made, checked in without_copies(batch, make, guard=guard, on_event=on_event)
        ]
        delivered += deliver(products, order, loaded=loaded, bench=bench)
        on_event(Progress(stage="generating", done=min(start + BATCH, len(requests)), total=len(requests), unit="sounds"))
    return delivered


def sounding(
    model: Generator, requests: Sequence[Request], *, lenders: LenderPool, settings: dict[str, KnobValue]
) -> list[Made]:
    """Make one sound per request; one that comes out silent is asked for again with a seed derived from its own."""
    steps, guidance = _int(settings["steps"]), _float(settings["guidance"])
    made = model.generate(requests, lenders=lenders, steps=steps, guidance=guidance)
    for attempt in range(TRIES):
        silent = [i for i, one in enumerate(made) if one.sound.peak < SILENT_PEAK]
        if not silent:
            break
        again = [replace(requests[i], seed=derive_seed(requests[i].seed, "again", attempt)) for i in silent]
        for i, one in zip(silent, model.generate(again, lenders=lenders, steps=steps, guidance=guidance), strict=True):
            made[i] = one
    return made


def plan_requests(model: Generator, settings: dict[str, KnobValue]) -> list[Request]:
    """One request per sound: sound i takes seed + i, and with ``each`` the i-th class in turn."""
    count, seed, word = int(settings["count"] or 1), int(settings["seed"] or 0), settings["class"]
    classes = model.spec.classes
    if word is not None and word != EACH and word not in classes:
        raise UnknownName("class", str(word), known=[*classes, EACH])
    names = [classes[i % len(classes)] if word == EACH and classes else word for i in range(count)]
    return [
        Request(
            seed=seed + i,
            class_name=None if name in (None, EACH) else str(name),
            duration_s=_float(settings["duration"]),
        )
        for i, name in enumerate(names)
    ]


def _int(value: KnobValue) -> int | None:
    return None if value is None else int(value)


def _float(value: KnobValue) -> float | None:
    return None if value is None else float(value)
