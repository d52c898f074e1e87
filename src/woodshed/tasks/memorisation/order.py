"""Memorisation as a task: a model of the shelf, the sounds that taught it, a folder with report, page and pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from woodshed.artifacts.card import ModelCard
from woodshed.artifacts.model_file import LoadedModel
from woodshed.artifacts.standing import require_generator
from woodshed.artifacts.usual_knobs import BORROW, STEPS
from woodshed.artifacts.workbench import Workbench
from woodshed.base.errors import HandshakeError
from woodshed.base.events import EventSink, ignore
from woodshed.base.files import write_text_atomically
from woodshed.base.knobs import Knob, KnobTable, KnobValue
from woodshed.roles import LenderPool
from woodshed.sound import Sound, finish_sound, write_sound
from woodshed.tasks.memorisation.page import memorisation_page
from woodshed.training import MemorisationReport
from woodshed.training.memorisation import Effort, Found, memorisation
from woodshed.training.memorisation_report import CopyPair
from woodshed.training.taught import Taught, read_taught

REPORT_FILE = "report.json"
PAGE_FILE = "index.html"
SOUNDS = "sounds"
PAIRS = 16
_ENOUGH = 0.9  # of the sounds that taught a model must be there, for a clean report to be one of all

KNOBS = KnobTable(
    task="memorisation",
    knobs=(
        Knob(name="count", kind="int", low=8, high=4096, default=512, help="how many sounds are made and judged"),
        Knob(name="seed", kind="int", low=0, high=2**62, default=0, help="seed of the whole report"),
        Knob(name="quick", kind="bool", default=False, help="48 sounds, attacks only: seconds, with wide intervals"),
        STEPS,
        Knob(
            name="guidance",
            kind="float",
            low=0,
            high=10,
            default=None,
            help="how strictly the class is kept (by new sounds, not by takes)",
        ),
        BORROW,
    ),
)


def memorisation_of(
    bench: Workbench,
    loaded: LoadedModel,
    *,
    lenders: LenderPool,
    folder: Path,
    settings: dict[str, KnobValue],
    on_event: EventSink = ignore,
) -> MemorisationReport:
    """Look for the sounds that taught a model among the sounds it makes.

    The folder gets ``report.json``, ``index.html`` and the worst pairs to play. These hold training sounds of the
    library: the folder is for whoever may hear them.

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
    model = require_generator(loaded, bench.library, cause="only what makes sounds can give back what it was taught")
    count = int(settings["count"] or 512)
    found = memorisation(
        model,
        _taught(bench, card),
        lenders=lenders,
        name=card.name,
        effort=Effort.quick_one(count) if settings["quick"] else Effort(count),
        seed=int(settings["seed"] or 0),
        steps=None if settings["steps"] is None else int(settings["steps"]),
        guidance=None if settings["guidance"] is None else float(settings["guidance"]),
        on_event=on_event,
    )
    report = _of_all(found.report, card, there=set(found.taught.training.names))
    report = report.model_copy(update={"pairs": _written_pairs(found, folder)})
    write_text_atomically(folder / REPORT_FILE, report.model_dump_json(indent=1))
    memorisation_page(report, folder=folder).write(folder / PAGE_FILE)
    return report


def _of_all(report: MemorisationReport, card: ModelCard, *, there: set[str]) -> MemorisationReport:
    """A clean report of a model most of whose teachers are elsewhere tells nothing of these."""
    own = {source.content_id for source in card.sources}
    known = len(own & there)
    if report.state != "clean" or known >= _ENOUGH * len(own):
        return report
    verdict = f"Cannot tell: only {known} of the {len(own)} sounds that taught it are here; no copy of these was found."
    advice = "judge it in the workspace where it was trained"
    return report.model_copy(update={"state": "cannot tell", "verdict": verdict, "advice": advice})


def _taught(bench: Workbench, card: ModelCard) -> Taught:
    allowed = bench.library.training_set(
        "all", purpose=card.purpose, sample_rate_hz=card.sample_rate_hz, channels=card.channels
    )
    taught = {source.content_id for source in card.teachers}
    training = allowed.subset(sorted(taught))
    if not len(training):
        raise HandshakeError(
            f"None of the {len(taught)} sounds that taught {card.name} is in this library",
            cause="the model was trained in another workspace",
            way_out="judge it in the workspace where it was trained",
        )
    return read_taught(bench.library, training, allowed.subset(sorted(set(card.held_out) - taught)))


def _worst(found: Found) -> list[int]:
    return np.argsort(-found.check.nearest.likeness, kind="stable")[:PAIRS].tolist()


def _written_pairs(found: Found, folder: Path) -> tuple[CopyPair, ...]:
    """Write the worst pairs into ``folder / "sounds"``; the records name them relative to the folder."""
    pairs, nearest, taught = [], found.check.nearest, found.taught
    for number, place in enumerate(_worst(found), start=1):
        real = int(nearest.index[place])
        content_id = taught.training.names[real]
        made_file, real_file = f"{SOUNDS}/{number:02d}_made.wav", f"{SOUNDS}/{number:02d}_real.wav"
        write_sound(folder / made_file, _playable(found.made.sounds[place]))
        write_sound(folder / real_file, _playable(taught.training.sounds[real]))
        pairs.append(
            CopyPair(
                made_file=made_file,
                real_file=real_file,
                real_name=(taught.titles or {}).get(content_id, content_id),
                owner=(taught.owners or {}).get(content_id, ""),
                class_name=found.made.class_names[place],
                likeness=float(nearest.likeness[place]),
                cents=int(nearest.cents[place]),
                is_copy=bool(nearest.likeness[place] > found.check.threshold),
            )
        )
    return tuple(pairs)


def _playable(sound: Sound) -> Sound:
    """Finished like an output; what cannot be finished, such as silence, is held to full scale and kept."""
    plain = Sound(np.nan_to_num(sound.data, posinf=1.0, neginf=-1.0), sound.sample_rate_hz)
    return finish_sound(plain).sound if plain.peak > 1e-4 else plain
