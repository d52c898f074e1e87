"""Guide: new sounds that are pulled towards a class, a spectrum, a loudness, onsets, a groove, or any loss of yours."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from woodshed.artifacts.delivery import Product
from woodshed.artifacts.guide_building import BuiltGuides, GuideBuilder
from woodshed.artifacts.guide_recipe import GuideFacts, GuideRecipe, load_recipe, recipe_from, save_recipe
from woodshed.artifacts.refusing import without_copies
from woodshed.artifacts.requesting import classes_asked, own_first, until_sounding
from woodshed.artifacts.usual_knobs import BORROW, COPIES, FIRST_SEED, STEPS
from woodshed.artifacts.verb import Job, Verb
from woodshed.base.errors import UnknownName, UsageError
from woodshed.base.events import Progress
from woodshed.base.knobs import Knob, KnobTable, KnobValue
from woodshed.roles import Generator, Guide, Guided, Made, Request

TOGETHER = 4
ASPECTS = ("spectrum", "loudness", "groove")

KNOBS = KnobTable(
    task="guide",
    knobs=(
        Knob(name="count", kind="int", low=1, high=10_000, default=8, help="how many sounds"),
        Knob(
            name="class",
            kind="text",
            default=None,
            help="a class of the model, or several: kick,snare; 'each' for all in turn, your own first; left out: any",
        ),
        Knob(name="duration", kind="float", unit="s", low=0.05, high=60, default=None, help="length asked for"),
        FIRST_SEED,
        Knob(name="recipe", kind="text", default=None, help="a file of guides; flags come on top of it"),
        Knob(name="heard_as", kind="text", default=None, help="class that the listener shall hear"),
        Knob(name="listener", kind="text", default=None, help="a model that listens, at its own rate and channels"),
        Knob(name="like", kind="text", default=None, help="a sound file, or a sound of the library, to come near to"),
        Knob(name="aspect", kind="text", choices=ASPECTS, default="spectrum", help="in what to come near to it"),
        Knob(
            name="unlike", kind="text", default=None, help="a sound file, or a sound of the library, to stay away from"
        ),
        Knob(name="onsets", kind="text", default=None, help="times in s (0,0.25), or a grid: 8@120 or 16@120/4"),
        Knob(name="brightness", kind="float", unit="hz", low=20, high=20000, default=None, help="spectral centroid"),
        Knob(name="decay", kind="float", unit="ms", low=5, high=20000, default=None, help="time to fall by 20 dB"),
        Knob(name="loss", kind="text", default=None, help="your own: module:function or file.py:function; it is run"),
        Knob(name="weights", kind="text", default=None, help="of the flags: 0.5, or brightness=2,like=0.5"),
        Knob(name="allow_code", kind="bool", default=False, help="run the losses that the recipe names"),
        Knob(name="save", kind="text", default=None, help="write all guides as a recipe to this file"),
        STEPS,
        Knob(name="guidance", kind="float", low=0, high=10, default=None, help="how strictly the class is kept"),
        Knob(name="level", kind="float", unit="lufs", low=-60, high=0, default=None, help="loudness asked for"),
        BORROW,
        COPIES,
    ),
)
_FLAGS = ("heard_as", "like", "unlike", "onsets", "brightness", "decay", "loss")


def make(job: Job, *, given: Sequence[Guide] = ()) -> Iterator[Product]:
    """One guided sound after another; ``given`` are guides from Python besides those of the settings.

    Raises
    ------
    ConsentRefused
        If a target sound, or a sound that taught the listener, may not be used.
    UnknownName
        If the class, a listener, or a sound is not there.
    UsageError
        If nothing guides, or a recipe names code that was not allowed.
    """
    requests = _requests(job)
    built = _built(job)
    guides = (*built.guides, *given)
    if not guides:
        raise UsageError(
            "Nothing guides",
            cause="neither a recipe nor a flag names a target",
            way_out="for example: --brightness 3000",
        )
    told = "; ".join(_told(guide) for guide in guides)
    papers = {"guides": told, "listeners": ", ".join(built.listeners) or None}
    sounds_of = partial(_sounding, job, guides=guides)
    for first in range(0, len(requests), TOGETHER):
        some = requests[first : first + TOGETHER]
        kept = without_copies(some, sounds_of, guard=job.guard, on_event=job.on_event)
        job.on_event(Progress(stage="guiding", done=first + len(some), total=len(requests), unit="sounds"))
        for number, one in kept:
            request, place = some[number], first + number + 1
            knobs = {**job.settings, **papers, "count": 1, "class": request.class_name}
            yield Product(
                one.made, seed=request.seed, number=place, inputs=built.inputs, knobs=knobs, copy_check=one.checked
            )


VERB = Verb(
    knobs=KNOBS,
    needs=(Generator, Guided),
    can="be guided",
    make=make,
    template="{model}_{class}_guided_{number:03d}_seed{seed}",
    least=0,
    most=0,
    finish=True,
)


def verb_with(guides: Sequence[Guide]) -> Verb:
    """The verb with guides made in Python besides those of its settings."""
    return dataclasses.replace(VERB, make=partial(make, given=tuple(guides)))


def recipe_of(settings: dict[str, KnobValue]) -> GuideRecipe | None:
    """The guides that the flags name, as a recipe; None if they name none.

    Raises
    ------
    UsageError
        If a flag stands without the one it belongs to.

    Examples
    --------
    >>> [part.kind for part in recipe_of(KNOBS.settings(brightness=3000.0, onsets="0,0.25")).guides]
    ['onsets', 'brightness']
    """
    if settings["heard_as"] is not None and settings["listener"] is None:
        raise UsageError(
            f"Nobody listens for {settings['heard_as']!r}",
            cause="--heard-as needs a listener",
            way_out="add --listener MODEL; woodshed train ears --family mel-listener makes one",
        )
    if settings["listener"] is not None and settings["heard_as"] is None:
        raise UsageError(
            f"Nothing is said that {settings['listener']} shall hear",
            cause="--listener needs a class to be heard as",
            way_out="add --heard-as CLASS, or leave out --listener",
        )
    if settings["aspect"] != KNOBS["aspect"].default and settings["like"] is None:
        raise UsageError(
            f"No sound was named to come near to in {settings['aspect']}",
            cause="--aspect needs a sound",
            way_out="add --like SOUND, or leave out --aspect",
        )
    facts: dict[str, dict[str, object]] = {
        "heard_as": {"kind": "heard-as", "class": settings["heard_as"], "listener": settings["listener"]},
        "like": {"kind": settings["aspect"], "like": settings["like"]},
        "unlike": {"kind": "unlike", "like": settings["unlike"]},
        "onsets": {"kind": "onsets", **_onsets(settings["onsets"])},
        "brightness": {"kind": "brightness", "hz": settings["brightness"]},
        "decay": {"kind": "decay", "ms": settings["decay"]},
        "loss": {"kind": "function", "function": settings["loss"]},
    }
    given = [flag for flag in _FLAGS if settings[flag] is not None]
    parts = [{**facts[flag], "weight": weight} for flag, weight in _weights(settings["weights"], given=given).items()]
    return recipe_from({"guides": parts}) if parts else None


def _built(job: Job) -> BuiltGuides:
    """Guides of the recipe, then those of the flags."""
    assert job.bench is not None
    flags, path = recipe_of(job.settings), job.word("recipe")
    file = load_recipe(Path(path)) if path else None
    found: list[BuiltGuides] = []
    if file and path:
        allowed = frozenset(file.functions if job.settings["allow_code"] else ())
        found.append(GuideBuilder(job.bench, Path(path).parent, allowed).build(file))
    if flags:
        found.append(GuideBuilder(job.bench, Path(), frozenset(flags.functions)).build(flags))
    if save := job.word("save"):
        _save(Path(save), file, flags)
    return BuiltGuides(
        tuple(guide for one in found for guide in one.guides),
        tuple({sound.content_id: sound for one in found for sound in one.inputs}.values()),
        tuple(dict.fromkeys(name for one in found for name in one.listeners)),
    )


def _save(path: Path, file: GuideRecipe | None, flags: GuideRecipe | None) -> None:
    parts: list[GuideFacts] = [part for one in (file, flags) if one for part in one.guides]
    if parts:
        save_recipe(path, GuideRecipe(name=path.stem, guides=tuple(parts)))


def _requests(job: Job) -> list[Request]:
    """Sound i takes seed + i, and of several classes one after the other; with ``each`` the own ones first."""
    count, seed = job.whole("count") or 1, job.whole("seed") or 0
    assert job.model is not None  # the verb needs one
    names = classes_asked(own_first(job.model.spec.classes, own=job.own_classes), word=job.word("class"))
    return [
        Request(seed=seed + i, class_name=names[i % len(names)], duration_s=job.number("duration"))
        for i in range(count)
    ]


def _sounding(job: Job, requests: Sequence[Request], *, guides: Sequence[Guide]) -> list[Made]:
    """One sound per request; one that comes out silent is asked for again with a seed derived from its own."""
    assert isinstance(job.model, Guided)
    guide = partial(
        job.model.guide, guides=guides, lenders=job.lenders, steps=job.whole("steps"), guidance=job.number("guidance")
    )
    return until_sounding(guide, requests)


def _told(guide: Guide) -> str:
    when = guide.schedule
    time = (
        "" if (when.start, when.stop, when.curve) == (0, 1, "even") else f" {when.curve} {when.start:g}-{when.stop:g}"
    )
    return f"{guide.told()} x{guide.weight:g}{time}"


def _onsets(value: KnobValue) -> dict[str, object]:
    """Times, or a grid like 16@120/4: sixteen onsets at 120 bpm, four a beat."""
    if value is None:
        return {}
    try:
        count, at, grid = str(value).partition("@")
        if not at:
            return {"times_s": tuple(float(word) for word in count.split(","))}
        bpm, _, per_beat = grid.partition("/")
        return {"bpm": float(bpm), "count": int(count), "per_beat": int(per_beat or 1)}
    except ValueError as error:
        raise UsageError(
            f"{value!r} are no onsets",
            cause="neither times in seconds nor a grid",
            way_out="for example: --onsets 0,0.25,0.5 or --onsets 8@120 or --onsets 16@120/4",
        ) from error


def _weights(value: KnobValue, *, given: Sequence[str]) -> dict[str, float]:
    """Weight of each given flag: one number for all, or names with numbers; those of flags not given are refused."""
    weights: dict[str, float] = dict.fromkeys(given, 1.0)
    if value is None:
        return weights
    try:
        for word in str(value).split(","):
            name, equals, number = word.strip().replace("-", "_").partition("=")
            if equals and name not in _FLAGS:
                raise UnknownName("guide", name, known=_FLAGS)
            if not given or (equals and name not in given):
                raise _unweighed(name if equals else None)
            for one in [name] if equals else given:
                weights[one] = float(number if equals else name)
    except ValueError as error:
        raise UsageError(
            f"{value!r} are no weights",
            cause="a number is missing",
            way_out="for example: --weights 0.5 or --weights brightness=2,like=0.5",
        ) from error
    return weights


def _unweighed(name: str | None) -> UsageError:
    flag = f"--{name.replace('_', '-')}" if name else "any flag"
    return UsageError(
        f"There is a weight, but nothing of {flag} to weigh",
        cause="--weights are of the flags that guide; those of a recipe stand in its file",
        way_out=f"add {flag if name else 'a flag such as --brightness'}, or leave out its weight",
    )
