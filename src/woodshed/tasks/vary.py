"""Vary: the same sound, a little or entirely different."""

from __future__ import annotations

from pathlib import Path

from woodshed.artifacts.delivery import Delivered, Order, Product, deliver, input_sound
from woodshed.artifacts.model_file import LoadedModel
from woodshed.artifacts.standing import require_standing
from woodshed.artifacts.workbench import Workbench
from woodshed.base.errors import HandshakeError
from woodshed.base.events import EventSink, Progress, ignore
from woodshed.base.knobs import Knob, KnobTable, KnobValue
from woodshed.roles import LenderPool, Varies
from woodshed.sound import Sound

TEMPLATE = "{label}_vary_{number:03d}_seed{seed}"

KNOBS = KnobTable(
    task="vary",
    knobs=(
        Knob(name="amount", kind="float", low=0, high=1, default=0.3, help="0 gives the sound back, 1 forgets it"),
        Knob(name="count", kind="int", low=1, high=10_000, default=1, help="how many variations"),
        Knob(name="class", kind="text", default=None, help="class to lean towards; none: the model decides"),
        Knob(
            name="seed", kind="int", low=0, high=2**62, default=0, help="first seed; the next variation takes the next"
        ),
        Knob(name="resample", kind="bool", default=False, help="bring the sound to the model's rate if it has another"),
        Knob(name="steps", kind="int", low=1, high=200, default=None, help="solver steps; more is finer and slower"),
        Knob(
            name="borrow", kind="text", choices=("own", "none"), default="own", help="where fine structure comes from"
        ),
    ),
)


def vary(
    bench: Workbench,
    loaded: LoadedModel,
    source: Sound,
    *,
    source_name: str,
    source_id: str | None = None,
    lenders: LenderPool,
    folder: Path,
    settings: dict[str, KnobValue],
    template: str = TEMPLATE,
    on_event: EventSink = ignore,
) -> list[Delivered]:
    """Make variations of a sound; never trimmed, aligned or levelled, so that 0 is the sound itself.

    ``source_id`` is the content id of the library's sound where the source was converted from it.

    Raises
    ------
    ConsentRefused
        If a training grant of the model was withdrawn.
    HandshakeError
        If the model cannot vary sounds.
    RateMismatch
        If the sound has another rate than the model.
    """
    require_standing(loaded.card, bench.library)
    if not isinstance(loaded.model, Varies):
        raise HandshakeError(
            f"{loaded.card.name} cannot vary sounds",
            cause=f"the family {loaded.card.family} has no way back from a sound to its inner form",
            way_out="woodshed models ls shows which models vary",
        )
    source.checked(name=source_name)
    given = (input_sound(source, source_name, bench, content_id=source_id),)
    if settings["resample"]:
        source = source.resampled(loaded.card.sample_rate_hz)
    first, count = int(settings["seed"] or 0), int(settings["count"] or 1)
    products = []
    for number in range(count):
        made = loaded.model.vary(
            source,
            amount=float(settings["amount"] or 0.0),
            seed=first + number,
            lenders=lenders,
            class_name=None if settings["class"] is None else str(settings["class"]),
            steps=None if settings["steps"] is None else int(settings["steps"]),
        )
        knobs = {**settings, "count": 1}
        label = Path(source_name).stem
        products.append(Product(made, seed=first + number, number=number + 1, inputs=given, knobs=knobs, label=label))
        on_event(Progress(stage="varying", done=number + 1, total=count, unit="sounds"))
    return deliver(products, Order("vary", folder, template, finish=False), loaded=loaded, bench=bench)
