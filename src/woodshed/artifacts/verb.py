"""A verb: what a musician does with a model and some sounds, from the handshake to the files and their receipts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from woodshed.artifacts.copy_guarding import guard_of
from woodshed.artifacts.delivery import Delivered, Order, Product, check_template, deliver, input_sound
from woodshed.artifacts.model_file import LoadedModel
from woodshed.artifacts.receipt import InputSound
from woodshed.artifacts.standing import require_standing
from woodshed.artifacts.workbench import Workbench
from woodshed.base.errors import HandshakeError, UsageError
from woodshed.base.events import EventSink, Note, ignore
from woodshed.base.knobs import KnobTable, KnobValue
from woodshed.library import Purpose
from woodshed.metrics import CopyGuard
from woodshed.roles import LenderPool, Trainable
from woodshed.sound import CEILING_DB, Sound

_TOGETHER = 16
_MOST_BELOW_LU = 0.5  # a level asked for, that counts as reached


@dataclass(frozen=True)
class GivenSound:
    """A sound handed to a verb: the audio, the name to show, and its content id in the library where it has one."""

    sound: Sound
    name: str
    content_id: str | None = None


@dataclass(frozen=True)
class Job:
    """What one call of a verb works with; the sounds are checked, allowed, and at the model's rate if that was asked.

    ``inputs`` are the given sounds as receipts name them, in the same order as ``sounds``. ``model`` is None only for
    a verb that works without one; ``bench`` is for verbs that read more than they were given: other models, other
    sounds by name. ``guard`` knows copies of the training sounds, where the knob ``copies`` stands on ``refuse`` and
    the library knows these sounds. ``own_classes`` are those of the sounds that taught the model itself, its base's
    aside.
    """

    model: Trainable | None
    sounds: tuple[GivenSound, ...]
    inputs: tuple[InputSound, ...]
    lenders: LenderPool
    settings: dict[str, KnobValue]
    on_event: EventSink = ignore
    bench: Workbench | None = None
    guard: CopyGuard | None = None
    own_classes: frozenset[str] = frozenset()

    def number(self, name: str) -> float | None:
        """A knob's position as a number; None where it stands nowhere."""
        value = self.settings[name]
        return None if value is None else float(value)

    def whole(self, name: str) -> int | None:
        """A knob's position as a whole number; None where it stands nowhere."""
        value = self.settings[name]
        return None if value is None else int(value)

    def word(self, name: str) -> str | None:
        """A knob's position as a word; None where it stands nowhere."""
        value = self.settings[name]
        return None if value is None else str(value)


@dataclass(frozen=True)
class Verb:
    """One task of a musician, as data.

    Attributes
    ----------
    knobs
        Its knob table; ``knobs.task`` is its name.
    needs
        Capabilities the model must have, all of them; a verb that needs none works without a model.
    can
        What a model must be able to do, in words: "vary sounds".
    make
        Makes the products of a job one after another, in an order that depends on nothing but the job.
    template
        Of file names.
    least, most
        How many sounds it takes; ``most`` None for any number.
    most_channels
        How many channels a given sound may have; None for any number.
    finish
        Whether outputs are trimmed, aligned and levelled; a knob ``finish``, where there is one, decides instead. One
        that usually does not finish does so where a level is asked for.
    close
        What it does at the very end with all it delivered and the folder, such as one picture of everything.
    helps
        Capabilities a model must have to take part in a verb that also works without one.
    references
        Papers behind what the verb itself does.
    """

    knobs: KnobTable
    needs: tuple[type, ...]
    can: str
    make: Callable[[Job], Iterator[Product]]
    template: str
    least: int = 1
    most: int | None = 1
    most_channels: int | None = None
    finish: bool = False
    close: Callable[[Sequence[Delivered], Path], None] | None = None
    helps: tuple[type, ...] = ()
    references: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called on the command line."""
        return self.knobs.task


def perform(
    verb: Verb,
    bench: Workbench,
    loaded: LoadedModel | None,
    *,
    sounds: Sequence[GivenSound] = (),
    lenders: LenderPool,
    folder: Path,
    settings: dict[str, KnobValue],
    template: str = "",
    on_event: EventSink = ignore,
) -> list[Delivered]:
    """Do what a verb says and write what it makes, each output with its receipt.

    Without a model the given sounds themselves end up in the output, so their owners are asked about resynthesis; with
    one, about a model that works on them.

    Raises
    ------
    ConsentRefused
        If a training grant of the model was withdrawn, or a given sound may not be worked on.
    HandshakeError
        If the model cannot do this or has no part in it, if one is needed and none was given, or if the number of
        sounds is another.
    RateMismatch
        If a sound has another rate than the model and the knob ``resample`` is off.
    UsageError
        If a sound has more channels than the verb works on, the template cannot be filled, or a level is asked for
        of sounds that are not to be finished.
    """
    model = _partner(verb, loaded, bench)
    order = _order(verb, settings, folder=folder, template=template)
    check_template(order.template)
    if len(sounds) < verb.least or (verb.most is not None and len(sounds) > verb.most):
        raise HandshakeError(
            f"{verb.name} was given {len(sounds)} sounds",
            cause=f"it takes {_range_text(verb)}",
            way_out=f"woodshed {verb.name} --help shows an example",
        )
    for given in sounds:
        given.sound.checked(name=given.name)
        _check_channels(verb, given)
    purpose = Purpose.RESYNTHESISE if loaded is None else Purpose.AI_INFERENCE
    inputs = tuple(input_sound(g.sound, g.name, bench, content_id=g.content_id, purpose=purpose) for g in sounds)
    if settings.get("resample") and sounds:
        rate_hz = loaded.card.sample_rate_hz if loaded else sounds[0].sound.sample_rate_hz
        sounds = [replace(g, sound=g.sound.resampled(rate_hz)) for g in sounds]
    guard = guard_of(loaded.card, bench.library) if loaded and settings.get("copies") == "refuse" else None
    own = loaded.card.own_classes if loaded else frozenset()
    job = Job(model, tuple(sounds), inputs, lenders, settings, on_event, bench=bench, guard=guard, own_classes=own)
    delivered: list[Delivered] = []
    batch: list[Product] = []
    for product in verb.make(job):
        batch.append(product)
        if len(batch) == _TOGETHER:  # each batch reaches the disk before the next is made
            delivered += deliver(batch, order, loaded=loaded, bench=bench)
            batch = []
    delivered += deliver(batch, order, loaded=loaded, bench=bench)
    if verb.close and delivered:
        verb.close(delivered, folder)
    if text := _missed_level(delivered, asked_lufs=order.level_lufs):
        on_event(Note(level="warning", text=text))
    return delivered


def handshake(loaded: LoadedModel, bench: Workbench, *, needs: Sequence[type], can: str) -> Trainable:
    """The model, if it may be used now and can do what is needed.

    Raises
    ------
    ConsentRefused
        If a training grant of the model was withdrawn.
    HandshakeError
        If it lacks a capability.
    """
    require_standing(loaded.card, bench.library)
    if not all(isinstance(loaded.model, need) for need in needs):
        raise HandshakeError(
            f"{loaded.card.name} cannot {can}",
            cause=f"the family {loaded.card.family} ({loaded.card.role}) was not made for it",
            way_out="woodshed models ls shows the models and their families",
        )
    return loaded.model


def _partner(verb: Verb, loaded: LoadedModel | None, bench: Workbench) -> Trainable | None:
    """The model that takes part, if any does."""
    if loaded is None:
        if verb.needs:
            raise HandshakeError(
                f"{verb.name} needs a model",
                cause=f"only a model can {verb.can}",
                way_out="woodshed models ls shows your models, woodshed train makes one",
            )
        return None
    if not verb.needs and not verb.helps:
        raise HandshakeError(
            f"{verb.name} works without a model", cause="a model has no part in it", way_out="leave the model out"
        )
    return handshake(loaded, bench, needs=(*verb.needs, *verb.helps), can=verb.can)


def _check_channels(verb: Verb, given: GivenSound) -> None:
    if verb.most_channels is not None and given.sound.channels > verb.most_channels:
        raise UsageError(
            f"{given.name} has {given.sound.channels} channels",
            cause=f"a surround or multi-microphone file; {verb.name} works on one or two",
            way_out="mix it down to stereo, or work on its channels one by one",
        )


def _order(verb: Verb, settings: dict[str, KnobValue], *, folder: Path, template: str) -> Order:
    in_lufs = any(knob.name == "level" and knob.unit == "lufs" for knob in verb.knobs.knobs)  # of a blend it is whose
    level = settings.get("level") if in_lufs else None
    finish = bool(settings.get("finish", verb.finish))
    if level is not None and verb.finish and not finish:
        raise UsageError(
            f"A level of {level:g} LUFS was asked for, and that nothing is finished",
            cause="finishing is what brings a sound to its level",
            way_out="leave out --no-finish, or leave out --level",
        )
    return Order(
        verb.name,
        folder,
        template or verb.template,
        finish or level is not None,
        None if level is None else float(level),
        verb.references,
    )


def _missed_level(delivered: Sequence[Delivered], *, asked_lufs: float | None) -> str:
    """What to say of sounds whose peaks kept them below a level that was asked for."""
    told = [one.receipt.finishing.get("loudness_lufs") for one in delivered]
    heard = [float(value) for value in told if value is not None]
    low = [value for value in heard if asked_lufs is not None and value < asked_lufs - _MOST_BELOW_LU]
    if not low:
        return ""
    reached = f"it has {min(low):.1f}" if len(low) == 1 else f"they have {min(low):.1f} to {max(low):.1f}"
    return (
        f"level {asked_lufs:g} LUFS is not reached by {len(low)} of {len(heard)} sound{'s' if len(heard) > 1 else ''}: "
        f"{reached} LUFS at a true peak of {CEILING_DB:g} dBTP, and nothing is limited or clipped"
    )


def _range_text(verb: Verb) -> str:
    if verb.most == verb.least:
        return f"{verb.least}"
    return f"{verb.least} or more" if verb.most is None else f"{verb.least} to {verb.most}"
