"""Blend: the sounds on the way from one sound to another."""

from __future__ import annotations

from pathlib import Path

from woodshed.artifacts.delivery import Delivered, Order, Product, deliver, input_sound
from woodshed.artifacts.model_file import LoadedModel
from woodshed.artifacts.standing import require_standing
from woodshed.artifacts.workbench import Workbench
from woodshed.base.errors import HandshakeError
from woodshed.base.events import EventSink, Progress, ignore
from woodshed.base.knobs import Knob, KnobTable, KnobValue
from woodshed.roles import Blends, LenderPool
from woodshed.sound import Sound

TEMPLATE = "{label}_blend_{number:02d}"

KNOBS = KnobTable(
    task="blend",
    knobs=(
        Knob(name="steps_between", kind="int", low=2, high=1000, default=5, help="how many sounds, both ends counted"),
        Knob(name="seed", kind="int", low=0, high=2**62, default=0, help="seed of the way"),
        Knob(name="resample", kind="bool", default=False, help="bring the sound to the model's rate if it has another"),
        Knob(name="steps", kind="int", low=1, high=200, default=None, help="solver steps; more is finer and slower"),
    ),
)


def blend(
    bench: Workbench,
    loaded: LoadedModel,
    first: Sound,
    second: Sound,
    *,
    names: tuple[str, str],
    content_ids: tuple[str | None, str | None] = (None, None),
    lenders: LenderPool,
    folder: Path,
    settings: dict[str, KnobValue],
    template: str = TEMPLATE,
    on_event: EventSink = ignore,
) -> list[Delivered]:
    """Make sounds at even positions from the first to the second; the ends are the two sounds themselves.

    ``content_ids`` are those of the library's sounds where the given ones were converted from them.

    Raises
    ------
    ConsentRefused
        If a training grant of the model was withdrawn.
    HandshakeError
        If the model cannot blend sounds.
    RateMismatch
        If a sound has another rate than the model.
    """
    require_standing(loaded.card, bench.library)
    if not isinstance(loaded.model, Blends):
        raise HandshakeError(
            f"{loaded.card.name} cannot blend sounds",
            cause=f"the family {loaded.card.family} has no way back from a sound to its inner form",
            way_out="woodshed models ls shows which models blend",
        )
    first.checked(name=names[0])
    second.checked(name=names[1])
    given = tuple(
        input_sound(sound, name, bench, content_id=content_id)
        for sound, name, content_id in zip((first, second), names, content_ids, strict=True)
    )
    if settings["resample"]:
        first, second = (sound.resampled(loaded.card.sample_rate_hz) for sound in (first, second))
    count, seed = int(settings["steps_between"] or 2), int(settings["seed"] or 0)
    label = f"{Path(names[0]).stem}_to_{Path(names[1]).stem}"
    products = []
    for number in range(count):
        position = number / (count - 1)
        steps = None if settings["steps"] is None else int(settings["steps"])
        made = loaded.model.blend(first, second, position=position, seed=seed, lenders=lenders, steps=steps)
        knobs = {**settings, "position": round(position, 6)}
        products.append(Product(made, seed=seed, number=number + 1, inputs=given, knobs=knobs, label=label))
        on_event(Progress(stage="blending", done=number + 1, total=count, unit="sounds"))
    return deliver(products, Order("blend", folder, template, finish=False), loaded=loaded, bench=bench)
