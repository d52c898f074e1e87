"""Evaluate as a task: a model of the shelf, the sounds of the library, a folder with report, page and sounds."""

from __future__ import annotations

from pathlib import Path

from woodshed.artifacts.card import ModelCard
from woodshed.artifacts.model_file import LoadedModel
from woodshed.artifacts.standing import require_generator
from woodshed.artifacts.workbench import Workbench
from woodshed.base.errors import HandshakeError
from woodshed.base.events import EventSink, ignore
from woodshed.base.files import write_text_atomically
from woodshed.base.knobs import Knob, KnobTable, KnobValue
from woodshed.library import Purpose
from woodshed.metrics import SoundSet
from woodshed.roles import LenderPool
from woodshed.tasks.evaluate.page import evaluation_page
from woodshed.tasks.evaluate.report import EvaluationReport
from woodshed.tasks.evaluate.run import evaluate

REPORT_FILE = "report.json"
PAGE_FILE = "index.html"

KNOBS = KnobTable(
    task="evaluate",
    knobs=(
        Knob(name="count", kind="int", low=8, high=4096, default=512, help="how many sounds are made and measured"),
        Knob(name="seed", kind="int", low=0, high=2**62, default=0, help="seed of the whole evaluation"),
        Knob(name="quick", kind="bool", default=False, help="at most 96 sounds: a minute, with wide intervals"),
        Knob(name="steps", kind="int", low=1, high=200, default=None, help="solver steps; left out: the family's own"),
        Knob(
            name="guidance",
            kind="float",
            low=0,
            high=10,
            default=None,
            help="how strictly the class is kept (by new sounds, not by takes)",
        ),
    ),
)


def evaluate_model(
    bench: Workbench,
    loaded: LoadedModel,
    *,
    lenders: LenderPool,
    folder: Path,
    settings: dict[str, KnobValue],
    on_event: EventSink = ignore,
) -> EvaluationReport:
    """Evaluate a model against the sounds it learned from and those held out from it.

    The folder gets ``report.json``, ``index.html`` and the sounds that it plays. These hold training sounds of
    the library: the folder is for whoever may hear them.

    Parameters
    ----------
    bench, loaded
        The workspace's tools and the model.
    lenders
        As for ``generate``.
    settings
        Positions of ``KNOBS``.

    Raises
    ------
    ConsentRefused
        If a training grant of the model was withdrawn.
    HandshakeError
        If the model is no generator, or its sounds are not in this library.
    """
    card = loaded.card
    model = require_generator(loaded, bench.library, cause="only what makes sounds can be measured by its sounds")
    training = _sounds(bench, card, [source.content_id for source in card.sources])
    held_out = _sounds(bench, card, card.held_out)
    if not len(training):
        raise HandshakeError(
            f"None of the {len(card.sources)} sounds that taught {card.name} is in this library",
            cause="the model was trained in another workspace",
            way_out="evaluate it in the workspace where it was trained",
        )
    report = evaluate(
        model,
        training,
        held_out,
        lenders=lenders,
        name=card.name,
        count=int(settings["count"] or 512),
        quick=bool(settings["quick"]),
        seed=int(settings["seed"] or 0),
        steps=None if settings["steps"] is None else int(settings["steps"]),
        guidance=None if settings["guidance"] is None else float(settings["guidance"]),
        may_teach=_may_teach(bench, [*training.names, *held_out.names]),
        folder=folder,
        on_event=on_event,
    )
    write_text_atomically(folder / REPORT_FILE, report.model_dump_json(indent=1))
    evaluation_page(report, folder=folder).write(folder / PAGE_FILE)
    return report


def _sounds(bench: Workbench, card: ModelCard, content_ids: list[str] | tuple[str, ...]) -> SoundSet:
    """Sounds of the library as the model was taught them, named by content id; what is gone or refused is left out."""
    if not content_ids:
        return SoundSet(())
    chosen = bench.library.training_set(
        "all", purpose=card.purpose, sample_rate_hz=card.sample_rate_hz, channels=card.channels
    ).subset(content_ids)
    found = list(chosen)
    return SoundSet(
        tuple(one.sound for one in found),
        tuple(one.item.class_name or "" for one in found),
        tuple(one.item.group for one in found),
        tuple(one.item.content_id for one in found),
    )


def _may_teach(bench: Workbench, content_ids: list[str]) -> frozenset[str]:
    """Those sounds that may train a listener, which lives only as long as the evaluation."""
    decisions = bench.library.decisions(content_ids, Purpose.AI_TRAINING)
    return frozenset(content_id for content_id, decision in decisions.items() if decision.allowed)
