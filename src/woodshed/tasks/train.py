"""Train: a model that learns from chosen sounds of the library, under their grants."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from woodshed.artifacts.card import ModelCard
from woodshed.artifacts.model_file import LoadedModel
from woodshed.artifacts.standing import require_standing
from woodshed.artifacts.workbench import Workbench
from woodshed.base.errors import TrainingFailed
from woodshed.base.events import EventSink, Note, Preview, ignore
from woodshed.base.files import file_word, printable
from woodshed.base.seeds import derive_seed
from woodshed.library import Item, Purpose, TrainingManifest, TrainingSet
from woodshed.roles import FEW_SOUNDS, DataSpec, Example, Generator, NoLenders, Rehearses, Request, Trainable
from woodshed.sound import write_sound
from woodshed.tasks._training_card import model_card
from woodshed.tasks._training_order import (
    Resolved,
    TrainingOrder,
    order_in_layers,
    require_effect,
    require_family,
    resolved,
    settings_entries,
)
from woodshed.tasks._training_run import begin, finished_card, free_run, remembered, way_on
from woodshed.training import (
    MemorisationReport,
    Run,
    TrainedModel,
    TrainingPlan,
    parse_budget,
    read_control,
    train,
)
from woodshed.training.loggers import logging_to
from woodshed.training.quick_check import FEWEST_SOUNDS, QuickCheck
from woodshed.training.taught import read_taught
from woodshed.views import contact_sheet, curve_picture

NAMED = 3  # sounds that are left out; the card names the rest
PURPOSES = {"generator": Purpose.GENERATIVE_TRAINING, "listener": Purpose.AI_TRAINING}


__all__ = ["TrainingOrder", "TrainingReport", "order_in_layers", "settings_entries", "train_model"]


@dataclass(frozen=True)
class TrainingReport:
    """What came of it: where the model lies, its card, how many sounds taught it and how many were held out.

    ``trained`` is false where a run that was to go on had been finished before.
    """

    path: Path
    card: ModelCard
    sounds: int
    held_out: int
    left_out: tuple[str, ...]
    verdict: str
    run: Path
    trained: bool = True


def train_model(
    bench: Workbench,
    order: TrainingOrder,
    *,
    resume: bool = False,
    anew: bool = False,
    on_event: EventSink = ignore,
) -> TrainingReport:
    """Train a model and put it on the shelf; a finished one of that name is replaced.

    Parameters
    ----------
    resume
        Go on with the run of this name, as it was ordered.
    anew
        Begin again even where the run of this name is not finished.

    Raises
    ------
    ConsentRefused
        If no chosen sound may be used for this purpose.
    TrainingFailed
        If there is nothing to learn from or the run cannot be resumed.
    HandshakeError
        If it cannot begin from the base that was asked for.
    UnknownName
        If family, preset or a setting do not exist.
    UsageError
        If an earlier run of this name is not finished, or was never begun, or if what was asked for would do nothing.
    """
    run = free_run(bench, order, resume=resume, anew=anew)
    if resume:
        if card := finished_card(bench, run, order.name):
            return _finished(bench, run, card)
        order = remembered(run, order, on_event)
    else:
        require_effect(order)
    replaces = bench.shelf.place(order.name).is_file() and not resume
    base = _base(bench, order)
    kind = resolved(order, base_config=base.model.config if base else None).kind
    chosen = _chosen(bench, order, PURPOSES[kind.role], base, on_event)
    train_set, held_out_set = _split(bench, chosen, order, rehearses=issubclass(kind, Rehearses), on_event=on_event)
    found = resolved(order, base_config=base.model.config if base else None, sounds=len(chosen.items))
    spec = DataSpec(chosen.sample_rate_hz, chosen.channels or 1, _classes(train_set.items, base))
    if not resume:
        begin(run, order, found)
    work = _Work(bench, run, order, found, base, spec, train_set, held_out_set)
    try:
        trained, copying = work.train(resume=resume, on_event=on_event)
    except KeyboardInterrupt:
        on_event(Note(level="warning", text=way_on(run, order.name)))
        raise
    manifest = train_set.manifest()  # again: what could not be read, or was withdrawn meanwhile, did not teach it
    card = model_card(
        order,
        trained,
        manifest,
        purpose=PURPOSES[kind.role],
        held_out=held_out_set,
        base=base,
        found=found,
        copying=copying,
        resumed=resume,
    )
    path = bench.shelf.put(order.name, trained.model, card, on_event=on_event)
    if replaces:
        on_event(Note(text=f"The earlier model {printable(order.name)} was replaced"))
    _draw_losses(run, on_event)
    held = len(held_out_set.items) if held_out_set else 0
    left_out = tuple(f"{page.path_name}: {page.rule}" for page in manifest.refused)
    return TrainingReport(path, card, len(manifest.items), held, left_out, trained.verdict, run.folder)


def _finished(bench: Workbench, run: Run, card: ModelCard) -> TrainingReport:
    """The report on a run that had nothing left to do."""
    steps, name = run.state().step, printable(card.name)
    text = f"The run {name} was finished already, after {steps} steps: nothing was trained. For more, "
    text += f"begin again with another budget: woodshed train {name} --budget 10m, and the other flags as before"
    path, held_out = bench.shelf.place(card.name), len(card.held_out)
    return TrainingReport(path, card, len(card.sources), held_out, (), f"{text}.", run.folder, trained=False)


@dataclass(frozen=True)
class _Work:
    """Everything one training needs, found and allowed."""

    bench: Workbench
    run: Run
    order: TrainingOrder
    found: Resolved
    base: LoadedModel | None
    spec: DataSpec
    train_set: TrainingSet
    held_out: TrainingSet | None

    def train(self, *, resume: bool, on_event: EventSink) -> tuple[TrainedModel, MemorisationReport | None]:
        """The trained model, and what the copying report found."""
        order, found, held_out = self.order, self.found, self.held_out
        model = found.kind(found.config, self.spec, seed=derive_seed(order.seed, "weights"))
        check = self._copy_check(model, on_event)
        plan = TrainingPlan(
            parse_budget(order.budget),
            seed=order.seed,
            augment=order.augment,
            settings=found.run,
            reserve_s=check.reserve_s if check else 0.0,
        )
        with logging_to(found.run.log_to, run=order.name, settings=found.values, onward=on_event) as told:
            trained = train(
                model,
                lambda: _examples(self.train_set, self.spec),
                plan=plan,
                run=self.run,
                held_out=(lambda: _examples(held_out, self.spec)) if held_out else None,
                count=len(self.train_set),
                data_key=_data_key(self.train_set.manifest(), self.base),
                resume=resume,
                base=self.base.model if self.base else None,
                choose=check.choose if check else None,
                on_preview=lambda model, step: _preview(model, step, run=self.run, on_event=told),
                on_event=told,
            )
        if check is None:
            return trained, None
        return replace(trained, verdict=f"{trained.verdict} {check.sentence}".strip()), check.report

    def _copy_check(self, model: Trainable, on_event: EventSink) -> QuickCheck | None:
        """The copying report that ends the training of a generator; None where it is not wanted."""
        if not self.order.copy_report or not isinstance(model, Generator):
            return None
        return QuickCheck(
            model,
            lambda: read_taught(self.bench.library, self.train_set, self.held_out),
            NoLenders(),
            name=self.order.name,
            budget=parse_budget(self.order.budget),
            seed=derive_seed(self.order.seed, "copy report"),
            early=self.found.run.patience > 0,
            based=bool(self.order.base),
            on_event=on_event,
        )


def _base(bench: Workbench, order: TrainingOrder) -> LoadedModel | None:
    """The model to begin from, if it may be used now."""
    if not order.base:
        return None
    loaded = bench.shelf.load(order.base)
    require_family(order.family, base=order.base, base_family=loaded.card.family)
    require_standing(loaded.card, bench.library)
    return loaded


def _chosen(
    bench: Workbench, order: TrainingOrder, purpose: Purpose, base: LoadedModel | None, on_event: EventSink
) -> TrainingSet:
    """The set to learn from, at the base's rate and channels; without a base, stereo if any of its sounds is."""
    rate_hz = order.rate_hz or (base.card.sample_rate_hz if base else None)
    seen = bench.library.training_set(order.query, purpose=purpose, sample_rate_hz=rate_hz)
    channels = 2 if any(item.channels == 2 for item in seen.items) else 1
    chosen = bench.library.training_set(
        order.query,
        purpose=purpose,
        sample_rate_hz=rate_hz,
        channels=base.card.channels if base else channels,
        on_event=on_event,
    )
    if not chosen.items:
        raise TrainingFailed(
            f"No sound of {order.query!r} can be learned from",
            cause=chosen.refused[0].rule if chosen.refused else "the query matches nothing",
            way_out="woodshed library ls shows the sounds, woodshed consent explain SOUND the rule",
        )
    if purpose is Purpose.GENERATIVE_TRAINING:
        _tell_few(chosen, on_event)
    _tell_left_out(chosen, order.name, on_event)
    return chosen


def _tell_left_out(chosen: TrainingSet, name: str, on_event: EventSink) -> None:
    """Name the first sounds that were chosen and will not teach, each with its reason."""
    if left_out := chosen.manifest().refused:
        count, few = len(left_out), left_out[:NAMED]
        named = "; ".join(f"{page.path_name} ({page.rule})" for page in few)
        more = f"; the model's card will name all: woodshed models card {printable(name)}" if count > len(few) else ""
        text = f"{count} chosen {'sound is' if count == 1 else 'sounds are'} left out: {named}{more}"
        on_event(Note(level="warning", text=text))


def _tell_few(chosen: TrainingSet, on_event: EventSink) -> None:
    """Say what so few sounds, or sounds without a class, can teach a generator."""
    count = len(chosen.items)
    if count < FEWEST_SOUNDS:
        taught = "one sound, and will make that" if count == 1 else f"{count} sounds, and will make those"
        text = f"The model learns from {taught} over and over, a little changed. Add more of the kind you want"
        on_event(Note(level="warning", text=text))
    nameless = [item for item in chosen.items if item.class_name is None]
    if nameless and len(nameless) < count:
        text = f"{len(nameless)} of {count} sounds have no class, for example {printable(nameless[0].name)}: no one can"
        text += " ask for their kind with --class. Name it: woodshed library relabel SOUND --class NAME"
        on_event(Note(level="warning", text=text))


def _split(
    bench: Workbench, chosen: TrainingSet, order: TrainingOrder, *, rehearses: bool, on_event: EventSink
) -> tuple[TrainingSet, TrainingSet | None]:
    """Training and held-out sounds, no group on both sides; too few sounds give no held-out part.

    Few on a base that is rehearsed neither, unless it was asked for: which of them the model hears matters more than
    when it stops.
    """
    if order.held_out <= 0 or len(chosen.items) < 10:
        return chosen, None
    if order.base and rehearses and len(chosen.items) < FEW_SOUNDS and not order.asks_to_hold_out:
        text = f"All {len(chosen.items)} sounds are learned from: on a base, few are held out only with --held-out"
        on_event(Note(text=text))
        return chosen, None
    split = bench.library.split(list(chosen.items), held_out=order.held_out, seed=derive_seed(order.seed, "split"))
    if split.note:
        on_event(Note(level="warning", text=split.note))
    if not split.held_out:
        return chosen, None
    if len(split.train) < len(chosen.items) / 2:
        text = (
            f"Nothing is held out: whole kits for a share of {order.held_out:g} would leave only {len(split.train)} of "
            f"{len(chosen.items)} sounds to learn from. Ask for less, for example --held-out 0.2"
        )
        on_event(Note(level="warning", text=text))
        return chosen, None
    train_set = chosen.subset([item.content_id for item in split.train])
    return train_set, chosen.subset([item.content_id for item in split.held_out])


def _classes(items: Iterable[Item], base: LoadedModel | None) -> tuple[str, ...]:
    """The base's classes in their order, then new ones in the order of the alphabet."""
    known = base.card.classes if base else ()
    return (*known, *sorted({item.class_name for item in items if item.class_name} - set(known)))


def _examples(sounds: TrainingSet, spec: DataSpec) -> Iterator[Example]:
    numbers = {name: number for number, name in enumerate(spec.classes)}
    for one in sounds:
        item = one.item
        number = numbers.get(item.class_name or "", -1)
        yield Example(one.sound, number, item.content_id, bpm=item.bpm, bars=_bars(item))


def _bars(item: Item) -> int | None:
    """Bars of a loop as its manifest counts them."""
    word = item.tags.get("bars", "")
    return int(word) if word.isdecimal() and int(word) > 0 else None


def _data_key(manifest: TrainingManifest, base: LoadedModel | None) -> str:
    """What a resumed run must find as it was: the sounds, the class of each, and the base."""
    classes = "\n".join(sorted(f"{item.content_id} {item.class_name or ''}" for item in manifest.items))
    if base:
        classes += f"\n{base.digest}"
    return f"{manifest.merkle_root}-{hashlib.blake2b(classes.encode(), digest_size=8).hexdigest()}"


def _preview(model: Trainable, step: int, *, run: Run, on_event: EventSink) -> None:
    """A few sounds and their pictures, so that one can hear how it goes."""
    if not isinstance(model, Generator):
        return
    wished = [name.strip() for name in read_control(run.folder).preview_classes.split(",")]
    classes = tuple(name for name in wished if name in model.spec.classes) or model.spec.classes[:6] or (None,)
    requests = [Request(seed=derive_seed(model.seed, "preview", i), class_name=name) for i, name in enumerate(classes)]
    made = model.generate(requests, lenders=NoLenders())
    labelled = []
    for request, one in zip(requests, made, strict=True):
        label = request.class_name or "any"
        sound = one.sound.scaled(0.9 / max(one.sound.peak, 1e-6))
        write_sound(run.previews / f"step{step:06d}_{file_word(label)}.wav", sound)
        labelled.append((f"{label} at step {step}", sound))
    picture = run.previews / f"step{step:06d}.png"
    contact_sheet(labelled, picture)
    on_event(Preview(label=f"sounds at step {step}", path=str(picture)))


def _draw_losses(run: Run, on_event: EventSink) -> None:
    curves = {name: run.metrics(name) for name in ("loss", "loss_held_out")}
    shown = {name: ([s for s, _ in points], [v for _, v in points]) for name, points in curves.items() if points}
    if shown:
        picture = run.folder / "loss.png"
        curve_picture(shown, picture, title="Loss", x_label="step", y_label="loss")
        on_event(Preview(label="loss", path=str(picture)))
