"""The first minute: from nothing, or from a folder of own sounds, to new sounds and one page about them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from woodshed.artifacts.delivery import Delivered
from woodshed.artifacts.model_file import LoadedModel
from woodshed.artifacts.verb import GivenSound, Verb, perform
from woodshed.artifacts.workbench import Workbench
from woodshed.base.errors import ConsentRefused, TrainingFailed, UsageError
from woodshed.base.events import EventSink, Metric, Note, ignore
from woodshed.base.files import printable
from woodshed.base.knobs import KnobValue
from woodshed.base.units import seconds_to_text
from woodshed.kit import make_kit
from woodshed.library import Item
from woodshed.roles import NoLenders
from woodshed.tasks.blend import VERB as BLEND
from woodshed.tasks.evaluate import KNOBS as EVALUATE_KNOBS
from woodshed.tasks.evaluate import EvaluationReport, evaluate_model
from woodshed.tasks.generate import VERB as GENERATE
from woodshed.tasks.train import TrainingOrder, TrainingReport, train_model
from woodshed.tasks.vary import VERB as VARY
from woodshed.workflows.demo_page import DemoFindings, write_demo_page

MODEL = "demo"
KIT_PER_CLASS = 40
KIT_LOOPS = 8
MADE, VARIED, BLENDED = 16, 4, 5
LONGEST_ONESHOT_S = 8.0


@dataclass(frozen=True)
class DemoOrder:
    """What the demo works on. Without ``sounds`` it makes a starter kit; own sounds need the word ``mine``."""

    folder: Path
    sounds: Path | None = None
    mine: bool = False
    minutes: float = 3.0
    seed: int = 1
    preset: str = "laptop"

    def require_sounds(self) -> None:
        """Refuse an order that cannot be carried out, before anything is written.

        Raises
        ------
        ConsentRefused
            If a folder is given without saying whose sounds they are.
        UsageError
            If the folder is not there.
        """
        if self.sounds is None:
            return
        if not self.sounds.is_dir():
            raise UsageError(
                f"There is no folder {printable(self.sounds)}",
                cause="a typing slip, or the disk is not there",
                way_out="make demo SOUNDS=folder MINE=1, with a folder of sounds",
            )
        if not self.mine:
            raise ConsentRefused(
                f"Nobody said whose sounds {printable(self.sounds)} are",
                cause="Woodshed trains only on sounds whose owner allows it",
                way_out="if they are yours: make demo SOUNDS=folder MINE=1 (or woodshed demo --sounds folder --mine); "
                "else go step by step: woodshed library add folder --owner NAME --licence SPDX, then woodshed train "
                "NAME",
            )


@dataclass(frozen=True)
class DemoReport:
    """What the demo left behind."""

    page: Path
    made: tuple[Path, ...]
    varied: tuple[Path, ...]
    blended: tuple[Path, ...]
    verdict: str
    seconds: dict[str, float]


class _Clock:
    """Seconds of each stage, told as they pass."""

    def __init__(self, on_event: EventSink) -> None:
        self.on_event = on_event
        self.stages: dict[str, float] = {}
        self.last = time.monotonic()

    def lap(self, stage: str) -> None:
        now = time.monotonic()
        self.stages[stage] = round(now - self.last, 2)
        self.last = now
        self.on_event(Metric(name=f"seconds_{stage}", value=self.stages[stage]))


def run_demo(bench: Workbench, order: DemoOrder, *, on_event: EventSink = ignore) -> DemoReport:
    """Take sounds in, train, generate, vary, blend, evaluate, and write the page; everything under one folder.

    Raises
    ------
    ConsentRefused
        If a folder is given without saying whose sounds they are.
    TrainingFailed
        If the folder holds nothing to learn from.
    """
    order.require_sounds()
    clock = _Clock(on_event)
    _take_in(bench, order, on_event)
    clock.lap("library")
    trained = train_model(bench, _training_order(bench, order), anew=True, on_event=on_event)
    clock.lap("training")
    loaded = bench.shelf.load(MODEL)
    made, varied, blended = _make(bench, loaded, order, on_event)
    clock.lap("sounds")
    report = evaluate_model(
        bench,
        loaded,
        lenders=NoLenders(),
        folder=order.folder / "evaluation",
        settings=EVALUATE_KNOBS.settings(quick=True, seed=order.seed),
        on_event=on_event,
    )
    clock.lap("evaluation")
    page = _page(bench, order, trained, report, (made, varied, blended), loaded)
    clock.lap("page")
    on_event(Note(text=f"All in {seconds_to_text(sum(clock.stages.values()))}."))
    return DemoReport(
        page=page,
        made=tuple(one.path for one in made),
        varied=tuple(one.path for one in varied),
        blended=tuple(one.path for one in blended),
        verdict=f"{report.verdict} What to do: {report.advice}.",
        seconds=clock.stages,
    )


def _take_in(bench: Workbench, order: DemoOrder, on_event: EventSink) -> None:
    if order.sounds is None:
        kit = order.folder / "kit"
        make_kit(kit, seed=order.seed, count_per_class=KIT_PER_CLASS, loops=KIT_LOOPS, on_event=on_event)
        bench.library.add(kit, owner="Woodshed starter kit", licence="CC0-1.0", on_event=on_event)
        return
    report = bench.library.add(order.sounds, mine=True, on_event=on_event)
    skipped = "; ".join(f"{count} skipped: {reason}" for reason, count in report.reasons().items())
    on_event(Note(text=f"{len(report.added)} sounds added, {report.unchanged} unchanged. {skipped}".strip()))
    if not bench.library.items():
        raise TrainingFailed(
            f"{printable(order.sounds)} holds no sounds",
            cause=skipped or "the folder is empty, or its sounds lie elsewhere",
            way_out="choose a folder with WAV, AIFF, FLAC, OGG, Opus or MP3 files; folders inside it are searched too",
        )


def _training_order(bench: Workbench, order: DemoOrder) -> TrainingOrder:
    """One-shots if there are enough, else everything that was just added."""
    shots = [item for item in bench.library.items("kind:oneshot") if item.duration_s <= LONGEST_ONESHOT_S]
    query = "kind:oneshot" if len(shots) >= 10 else "all"
    return TrainingOrder(
        name=MODEL, query=query, budget=f"{order.minutes * 60:g}s", seed=order.seed, preset=order.preset
    )


def _make(
    bench: Workbench, loaded: LoadedModel, order: DemoOrder, on_event: EventSink
) -> tuple[list[Delivered], list[Delivered], list[Delivered]]:
    first, second = (_given(bench, item, loaded) for item in _two_sources(bench, loaded))
    each = {"class": "each" if loaded.card.classes else None}

    def made(verb: Verb, folder: str, *sounds: GivenSound, **knobs: KnobValue) -> list[Delivered]:
        return perform(
            verb,
            bench,
            loaded,
            sounds=sounds,
            lenders=NoLenders(),  # as the commands do unless asked to borrow
            folder=order.folder / folder,
            settings=verb.knobs.settings(seed=order.seed, **knobs),
            on_event=on_event,
        )

    return (
        made(GENERATE, "sounds", count=MADE, **each),
        made(VARY, "variations", first, count=VARIED, amount=0.4),
        made(BLEND, "blend", first, second, steps_between=BLENDED),
    )


def _two_sources(bench: Workbench, loaded: LoadedModel) -> tuple[Item, Item]:
    """Two sounds of different classes to vary and blend: held-out ones if there are, a snare and a kick if they can."""
    items = {item.content_id: item for item in bench.library.items("")}
    candidates = [items[i] for i in loaded.card.held_out if i in items]
    candidates += [items[s.content_id] for s in loaded.card.sources if s.content_id in items]
    candidates = [item for item in candidates if item.channels <= loaded.card.channels] or candidates
    if len(candidates) < 2:
        raise TrainingFailed(
            "One sound is not enough for a demo",
            cause="the folder holds a single usable sound",
            way_out="add at least ten sounds",
        )
    first = next((item for item in candidates if item.class_name == "snare"), candidates[0])
    others = [item for item in candidates if item is not first]
    second = next((item for item in others if item.class_name == "kick"), None)
    return first, second or next((item for item in others if item.class_name != first.class_name), others[0])


def _given(bench: Workbench, item: Item, loaded: LoadedModel) -> GivenSound:
    """A library sound at the model's rate and channels, under the id it has in the library."""
    sound = bench.library.sound(item).resampled(loaded.card.sample_rate_hz)
    sound = sound if sound.channels == loaded.card.channels else sound.with_channels(loaded.card.channels)
    return GivenSound(sound, Path(item.path).name, item.content_id)


def _page(
    bench: Workbench,
    order: DemoOrder,
    trained: TrainingReport,
    report: EvaluationReport,
    delivered: tuple[list[Delivered], list[Delivered], list[Delivered]],
    loaded: LoadedModel,
) -> Path:
    items = {item.content_id: item for item in bench.library.items("")}
    known = [items[i] for i in (*loaded.card.held_out, *(s.content_id for s in loaded.card.sources)) if i in items]
    real = {name: next((item for item in known if item.class_name == name), None) for name in loaded.card.classes}
    findings = DemoFindings(
        folder=order.folder,
        workspace=bench.shelf.folder.parent,
        trained=trained,
        report=report,
        made=delivered[0],
        varied=delivered[1],
        blended=delivered[2],
        source=Path(_two_sources(bench, loaded)[0].path),
        real={name: Path(item.path) for name, item in real.items() if item is not None},
        own_sounds=order.sounds is not None,
    )
    return write_demo_page(findings)
