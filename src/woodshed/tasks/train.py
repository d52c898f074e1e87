"""Train: a model that learns from chosen sounds of the library, under their grants."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from woodshed.artifacts.card import ModelCard, SourceSound, TrainingFacts
from woodshed.artifacts.lending import LibraryLenders
from woodshed.artifacts.receipt import now_text
from woodshed.artifacts.workbench import Workbench
from woodshed.base.errors import TrainingFailed, UnknownName, UsageError
from woodshed.base.events import EventSink, Note, Preview, ignore
from woodshed.base.files import file_word, write_text_atomically
from woodshed.base.seeds import derive_seed
from woodshed.base.version import __version__
from woodshed.library import Item, Purpose, TrainingManifest, TrainingSet
from woodshed.roles import DataSpec, Example, Generator, NoLenders, Request, Trainable, family_class
from woodshed.sound import write_sound
from woodshed.training import Run, RunState, TrainedModel, TrainingPlan, parse_budget, train
from woodshed.training.quick_check import QuickCheck, without_report
from woodshed.training.taught import read_taught
from woodshed.views import contact_sheet, curve_picture

PURPOSES = {"generator": Purpose.GENERATIVE_TRAINING, "listener": Purpose.AI_TRAINING}
HELD_OUT = 0.15


@dataclass(frozen=True)
class TrainingOrder:
    """What to train. A resumed run takes query, family, preset, rate, seed and budget from its own folder."""

    name: str
    query: str = "all"
    family: str = "band-flow"
    preset: str = "laptop"
    budget: str = "3m"
    rate_hz: int | None = None
    seed: int = 0
    held_out: float = HELD_OUT
    augment: bool = True
    copy_report: bool = True


@dataclass(frozen=True)
class TrainingReport:
    """What came of it: where the model lies, its card, how many sounds taught it and how many were held out."""

    path: Path
    card: ModelCard
    sounds: int
    held_out: int
    left_out: tuple[str, ...]
    verdict: str
    run: Path


def train_model(
    bench: Workbench, order: TrainingOrder, *, resume: bool = False, on_event: EventSink = ignore
) -> TrainingReport:
    """Train a model and put it on the shelf.

    Raises
    ------
    ConsentRefused
        If no chosen sound may be used for this purpose.
    TrainingFailed
        If there is nothing to learn from or the run cannot be resumed.
    UnknownName
        If family or preset do not exist.
    """
    run = Run(bench.runs / bench.shelf.path(order.name).stem)
    run.require_free()
    order = _remembered(run, order) if resume else order
    kind = _kind(order)
    chosen = _chosen(bench, order, PURPOSES[kind.role], on_event)
    train_set, held_out_set = _split(bench, chosen, order, on_event)
    spec = DataSpec(chosen.sample_rate_hz, chosen.channels or 1, _classes(train_set.items))
    model = kind(kind.PRESETS[order.preset], spec, seed=derive_seed(order.seed, "weights"))
    manifest = train_set.manifest()
    if not resume:
        _fresh(run, order)
    budget = parse_budget(order.budget)
    check = _copy_check(bench, order, kind, train_set, held_out_set, on_event)
    trained = train(
        model,
        lambda: _examples(train_set, spec),
        plan=TrainingPlan(without_report(budget) if check else budget, seed=order.seed, augment=order.augment),
        run=run,
        held_out=(lambda: _examples(held_out_set, spec)) if held_out_set else None,
        count=len(train_set),
        data_key=_data_key(manifest),
        resume=resume,
        on_preview=lambda model, step: _preview(
            model, step, run=run, train_set=train_set, bench=bench, on_event=on_event
        ),
        choose=check.choose if check else None,
        on_event=on_event,
    )
    trained = replace(trained, verdict=f"{trained.verdict} {check.sentence if check else ''}".strip())
    manifest = train_set.manifest()  # again: what could not be read, or was withdrawn meanwhile, did not teach it
    card = _card(order, trained, manifest, held_out_set, resumed=resume)
    if check and check.report:
        card = card.model_copy(update={"memorisation": check.report.model_dump(mode="json")})
    path = bench.shelf.put(order.name, trained.model, card)
    _draw_losses(run, on_event)
    held = len(held_out_set.items) if held_out_set else 0
    left_out = tuple(f"{page.path_name}: {page.rule}" for page in manifest.refused)
    return TrainingReport(path, card, len(manifest.items), held, left_out, trained.verdict, run.folder)


def _kind(order: TrainingOrder) -> type[Trainable]:
    kind = family_class(order.family)
    if order.preset not in kind.PRESETS:
        raise UnknownName(f"preset of {order.family}", order.preset, known=kind.PRESETS)
    parse_budget(order.budget)
    return kind


def _chosen(bench: Workbench, order: TrainingOrder, purpose: Purpose, on_event: EventSink) -> TrainingSet:
    """The set to learn from: stereo if any of its sounds is, else mono."""
    seen = bench.library.training_set(order.query, purpose=purpose, sample_rate_hz=order.rate_hz)
    channels = 2 if any(item.channels == 2 for item in seen.items) else 1
    chosen = bench.library.training_set(
        order.query, purpose=purpose, sample_rate_hz=order.rate_hz, channels=channels, on_event=on_event
    )
    if not chosen.items:
        raise TrainingFailed(
            f"No sound of {order.query!r} can be learned from",
            cause=chosen.refused[0].rule if chosen.refused else "the query matches nothing",
            way_out="woodshed library ls shows the sounds, woodshed consent explain SOUND the rule",
        )
    left_out = len(chosen.refused) + len(chosen.left_out)
    if left_out:
        on_event(Note(level="warning", text=f"{left_out} chosen sound(s) are left out; the model's card says why"))
    return chosen


def _split(
    bench: Workbench, chosen: TrainingSet, order: TrainingOrder, on_event: EventSink
) -> tuple[TrainingSet, TrainingSet | None]:
    """Training and held-out sounds, no group on both sides; too few sounds give no held-out part."""
    if order.held_out <= 0 or len(chosen.items) < 10:
        return chosen, None
    split = bench.library.split(list(chosen.items), held_out=order.held_out, seed=derive_seed(order.seed, "split"))
    if split.note:
        on_event(Note(level="warning", text=split.note))
    if not split.held_out or len(split.train) < len(chosen.items) / 2:
        return chosen, None
    train_set = chosen.subset([item.content_id for item in split.train])
    return train_set, chosen.subset([item.content_id for item in split.held_out])


def _copy_check(
    bench: Workbench,
    order: TrainingOrder,
    kind: type[Trainable],
    train_set: TrainingSet,
    held_out: TrainingSet | None,
    on_event: EventSink,
) -> QuickCheck | None:
    """The copying report that ends the training of a generator; None where it is not wanted."""
    if not order.copy_report or not issubclass(kind, Generator):
        return None
    return QuickCheck(
        lambda: read_taught(bench.library, train_set, held_out),
        NoLenders(),
        name=order.name,
        budget=parse_budget(order.budget),
        seed=derive_seed(order.seed, "copy report"),
        on_event=on_event,
    )


def _classes(items: Iterable[Item]) -> tuple[str, ...]:
    return tuple(sorted({item.class_name for item in items if item.class_name}))


def _examples(sounds: TrainingSet, spec: DataSpec) -> Iterator[Example]:
    numbers = {name: number for number, name in enumerate(spec.classes)}
    for one in sounds:
        yield Example(one.sound, numbers.get(one.item.class_name or "", -1), one.item.content_id)


def _data_key(manifest: TrainingManifest) -> str:
    """What a resumed run must find as it was: the sounds, and the class of each."""
    classes = "\n".join(sorted(f"{item.content_id} {item.class_name or ''}" for item in manifest.items))
    return f"{manifest.merkle_root}-{hashlib.blake2b(classes.encode(), digest_size=8).hexdigest()}"


def _fresh(run: Run, order: TrainingOrder) -> None:
    for name in ("events.jsonl", "checkpoint.safetensors", "cancel"):
        (run.folder / name).unlink(missing_ok=True)
    run.save(RunState(settings=dict(vars(order))))
    write_text_atomically(run.folder / "order.json", json.dumps(vars(order), indent=1))


def _remembered(run: Run, order: TrainingOrder) -> TrainingOrder:
    try:
        return TrainingOrder(**json.loads((run.folder / "order.json").read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(
            f"There is no earlier run of {order.name!r} to go on with",
            cause="it was never begun here, or its folder was deleted or damaged",
            way_out=f"begin it: woodshed train {order.name} --from QUERY",
        ) from error


def _preview(
    model: Trainable, step: int, *, run: Run, train_set: TrainingSet, bench: Workbench, on_event: EventSink
) -> None:
    """A few sounds and their pictures, so that one can hear how it goes."""
    if not isinstance(model, Generator):
        return
    ids = [item.content_id for item in train_set.items]
    rate_hz, channels = train_set.sample_rate_hz, train_set.channels
    lenders = LibraryLenders.over(bench.library, ids, sample_rate_hz=rate_hz, channels=channels)
    classes = model.spec.classes[:6] or (None,)
    requests = [Request(seed=derive_seed(model.seed, "preview", i), class_name=name) for i, name in enumerate(classes)]
    made = model.generate(requests, lenders=lenders)
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


def _card(
    order: TrainingOrder,
    trained: TrainedModel,
    manifest: TrainingManifest,
    held_out: TrainingSet | None,
    *,
    resumed: bool,
) -> ModelCard:
    model = trained.model
    return ModelCard(
        name=order.name,
        family=model.family,
        role=model.role,
        config=model.config.model_dump(mode="json"),
        sample_rate_hz=model.spec.sample_rate_hz,
        channels=model.spec.channels,
        classes=model.spec.classes,
        seed=model.seed,
        made_at=now_text(),
        woodshed_version=__version__,
        purpose=PURPOSES[model.role],
        merkle_root=manifest.merkle_root,
        ledger_head=manifest.ledger_head,
        sources=tuple(
            SourceSound(
                content_id=item.content_id,
                name=item.path_name,
                class_name=item.class_name,
                group=item.group,
                owner=item.owner,
                licence=item.licence,
                credit=item.credit,
                conversions=item.conversions,
            )
            for item in manifest.items
        ),
        held_out=tuple(item.content_id for item in held_out.items) if held_out else (),
        training=TrainingFacts(
            preset=order.preset,
            seed=order.seed,
            budget=order.budget,
            steps=trained.steps,
            planned_steps=trained.planned_steps,
            seconds=round(trained.seconds, 3),
            cpu_seconds=round(trained.cpu_seconds, 3),
            stopped_early=trained.stopped_early,
            loss_first=_finite(trained.loss_first),
            loss_last=_finite(trained.loss_last),
            loss_held_out=_finite(trained.loss_held_out),
            verdict=trained.verdict,
            query=order.query,
            device=trained.device,
            resumed=resumed,
        ),
        references=model.REFERENCES,
    )


def _finite(value: float | None) -> float | None:
    return None if value is None or value != value else round(value, 6)
